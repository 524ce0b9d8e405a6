"""A large export from the running server: whole, and no burden while somebody reads it slowly."""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from config.serving.sending import KEPT_S
from tests.live import Server, live_database, live_server

ITEMS = 25_000  # some 14 MB of JSON lines: more than a socket holds
SLOW = 8  # clients that do not read
MAKERS = 4  # threads that make files: two in each process
PATIENCE_S = 30.0
JSONL = "/items/export?format=jsonl"


@pytest.fixture(scope="module")
def stocked(servers: None) -> Iterator[Server]:
    """A server on a large register."""
    with live_database("exports") as url, live_server(url, "--no-sample") as server:
        server.manage("seed_demo", "--items", str(ITEMS), "--users", "5", "--movements", "10")
        yield server


@pytest.fixture(scope="module")
def token(stocked: Server) -> str:
    """A token of the administrator."""
    return stocked.manage("create_token", "admin@example.org").stdout.strip()


def asking(host: str, token: str, form: str) -> bytes:
    """The request for everything."""
    head = f"GET /api/v1/items/export?format={form} HTTP/1.1\r\nHost: {host}\r\n"
    return f"{head}Authorization: Bearer {token}\r\n\r\n".encode()


def held_up(server: Server, token: str) -> socket.socket:
    """A client that asks for everything, and reads nothing but the beginning."""
    host, port = server.url.removeprefix("http://").split(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    client.settimeout(PATIENCE_S)
    client.connect((host, int(port)))
    client.sendall(asking(host, token, "jsonl"))
    assert client.recv(1000).startswith(b"HTTP/1.1 200")
    return client


def processes(server: Server) -> list[psutil.Process]:
    return list(psutil.Process(server.process.pid).children(recursive=True))


def memory(server: Server) -> int:
    return sum(each.memory_info().rss for each in processes(server) if _serves(each))


def files(server: Server) -> int:
    """How many files without a name the server's processes have open."""
    return sum(
        "(deleted)" in str(link.readlink())
        for each in processes(server)
        if _serves(each)
        for link in Path(f"/proc/{each.pid}/fd").iterdir()
        if link.is_symlink()
    )


def _serves(process: psutil.Process) -> bool:
    return "granian" in process.cmdline()


def until(true: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.2)


def test_every_row_when_a_large_file_is_downloaded(stocked: Server, token: str) -> None:
    with stocked.client(token) as client:
        lines = client.get(JSONL, timeout=120)
    assert int(lines.headers["Content-Length"]) == len(lines.content)
    found = [json.loads(line)["sku"] for line in lines.content.splitlines()]
    assert (len(found), found) == (ITEMS, sorted(found))


def test_no_memory_and_no_thread_when_clients_do_not_read(stocked: Server, token: str) -> None:
    with stocked.client(token) as client, ExitStack() as opened:
        with ThreadPoolExecutor(2 * MAKERS) as several:  # what its first takes, each maker keeps
            made = several.map(lambda _: client.get(JSONL, timeout=120), range(4 * MAKERS))
            (size,) = {len(each.content) for each in made}
        before = memory(stocked)
        for _ in range(SLOW):
            opened.enter_context(closing(held_up(stocked, token)))
        assert memory(stocked) - before < SLOW * size / 4  # a thread's own varies by some MB
        begun = time.monotonic()
        assert client.get("/items").status_code == 200
        assert client.get("/items/export?status=draft", timeout=120).status_code == 200
        assert time.monotonic() - begun < PATIENCE_S


def test_no_file_stays_open_when_clients_go_away(stocked: Server, token: str) -> None:
    time.sleep(KEPT_S)  # what others have asked for is closed by then
    before = files(stocked)  # its own stderr may be one
    slow = [held_up(stocked, token) for _ in range(2)]
    assert files(stocked) >= before + len(slow)
    for each in slow:
        each.close()
    until(lambda: files(stocked) <= before)


def test_whole_when_a_client_reads_slowly(stocked: Server, token: str) -> None:
    with (
        stocked.client(token) as client,
        client.stream("GET", JSONL) as answer,
    ):
        wanted, size = int(answer.headers["Content-Length"]), 0
        for part in answer.iter_raw(256 * 1024):
            size += len(part)
            time.sleep(0.01)
    assert size == wanted


def test_others_are_answered_at_once_when_files_are_made(stocked: Server, token: str) -> None:
    """Two at once are made; nobody who reads a page waits for them."""
    with stocked.client(token) as reader:
        reader.get("/items")
        host, port = stocked.url.removeprefix("http://").split(":")
        asked = [socket.create_connection((host, int(port))) for _ in range(3)]
        for each in asked:
            each.sendall(asking(host, token, "xlsx"))
        for _ in range(20):
            begun = time.monotonic()
            assert reader.get("/items").status_code == 200
            assert time.monotonic() - begun < 2.0
        for each in asked:
            each.close()
