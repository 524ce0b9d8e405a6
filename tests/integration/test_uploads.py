"""Files that come in: large ones in flat memory; none that is too large, cut off or too slow."""

import hashlib
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Event, Thread
from typing import Any

import httpx
import psutil
import pytest

from config.serving.receiving import BODY_TIMEOUT_S, UploadLimits
from config.sizes import MB
from tests.live import ADMIN_EMAIL, Server, live_database, live_server

MOST_MB, FILE_MB = 120, 100
MEMORY_BYTES = 16 * MB  # that a worker may grow by, whatever comes
AT_ONCE = UploadLimits((), 0).at_once
BOUNDARY = "boundary-of-a-test"
HEAD = (
    f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=file; filename=a.csv\r\n"
    "Content-Type: text/csv\r\n\r\n"
).encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()
LINE = b"SKU-1;Chair;12.50;EUR\n" * 3000
JSON = {"Content-Type": "application/json"}
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture(scope="module")
def uploads(servers: None, django_db_blocker: Any) -> Iterator[Server]:
    """One worker process, with a place for files."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.integration.uploads.settings",
        "IMPORT_MAX_MB": str(MOST_MB),
    }
    options = ("--no-sample", "--no-worker", "--workers", "1")
    with (
        django_db_blocker.unblock(),
        live_database("uploads") as url,
        live_server(url, *options, environment=environment) as server,
    ):
        yield server


@pytest.fixture(scope="module")
def token(uploads: Server) -> str:
    return uploads.manage("create_token", ADMIN_EMAIL).stdout.strip()


@pytest.fixture
def client(uploads: Server, token: str) -> Iterator[httpx.Client]:
    with uploads.client(token) as client:
        client.headers["Content-Type"] = TYPE
        yield client


def content(size: int) -> Iterator[bytes]:
    """A form with a file of at least so many bytes."""
    yield HEAD
    for _ in range(-(-size // len(LINE))):
        yield LINE
    yield END


def announced(size: int) -> dict[str, str]:
    return {"Content-Length": str(sum(map(len, content(size))))}


def begun(uploads: Server, token: str, length: int = MB * 50) -> socket.socket:
    """A connection on which the beginning of a file has been sent."""
    host, port = uploads.url.removeprefix("http://").split(":")
    head = (
        f"POST /api/v1/imports HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {TYPE}\r\nContent-Length: {length}\r\n\r\n"
    )
    sender = socket.create_connection((host, int(port)), timeout=BODY_TIMEOUT_S * 2)
    sender.sendall(head.encode() + HEAD + LINE)
    return sender


def receiver(uploads: Server) -> psutil.Process:
    """The process that receives."""
    [web_server] = psutil.Process(uploads.process.pid).children()
    [worker] = web_server.children()
    return worker


def memory(uploads: Server, done: Event) -> Iterator[int]:
    """How much memory the process takes that receives, again and again."""
    while not done.is_set():
        yield receiver(uploads).memory_info().rss
        time.sleep(0.02)


def test_a_large_file_arrives_whole_and_in_flat_memory(
    uploads: Server, client: httpx.Client
) -> None:
    client.post("/imports", content=content(3 * MB), headers=announced(3 * MB))  # warm
    done, seen = Event(), list[int]()
    watcher = Thread(target=lambda: seen.extend(memory(uploads, done)))
    watcher.start()
    size = FILE_MB * MB
    sent = client.post("/imports", content=content(size), headers=announced(size))
    done.set()
    watcher.join()
    digest = hashlib.sha256(b"".join([*content(size)][1:-1])).hexdigest()
    assert sent.json()["data"]["sha256"] == digest
    assert max(seen) - seen[0] < MEMORY_BYTES


def test_a_file_arrives_when_its_size_is_not_announced(client: httpx.Client) -> None:
    sent = client.post("/imports", content=content(3 * MB))
    assert (sent.status_code, sent.json()["data"]["size"] >= 3 * MB) == (200, True)


def test_a_small_file_arrives(client: httpx.Client) -> None:
    sent = client.post("/imports", content=content(1), headers=announced(1))
    assert (sent.status_code, sent.json()["data"]["size"]) == (200, len(LINE))


def test_413_at_once_when_a_larger_file_is_announced(uploads: Server, token: str) -> None:
    with begun(uploads, token, length=(MOST_MB + 1) * MB) as sender:
        answer = sender.recv(1000)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b'"code":"payload_too_large"' in answer
    assert b"larger than 120 MB" in answer


def test_413_when_a_larger_file_is_sent_without_waiting(client: httpx.Client) -> None:
    size = (MOST_MB + 1) * MB
    sent = client.post("/imports", content=content(size), headers=announced(size))
    assert sent.status_code == 413


def test_413_when_a_file_grows_too_large(client: httpx.Client) -> None:
    sent = client.post("/imports", content=content((MOST_MB + 1) * MB))
    assert sent.json()["error"]["code"] == "payload_too_large"


def test_401_at_once_when_nobody_sends_a_file(uploads: Server) -> None:
    host, port = uploads.url.removeprefix("http://").split(":")
    head = (
        "POST /api/v1/imports HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: {TYPE}\r\nContent-Length: {50 * MB}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=5) as sender:
        sender.sendall(head.encode() + HEAD)
        answer = sender.recv(1000)
    assert answer.startswith(b"HTTP/1.1 401")
    assert b'"code":"not_authenticated"' in answer


@pytest.mark.parametrize(("cookie", "arrives"), [("sessionid=x", "3"), ("other=x", "0")])
def test_a_file_comes_to_the_admin_only_when_somebody_is_signed_in_there(
    uploads: Server, cookie: str, arrives: str
) -> None:
    sent = httpx.post(
        f"{uploads.url}/admin/items/import/",
        content=content(3 * MB),
        headers={"Content-Type": TYPE, "Cookie": cookie, **announced(3 * MB)},
    )
    assert sent.text == arrives


def test_413_when_a_large_body_goes_elsewhere(client: httpx.Client) -> None:
    sent = client.post("/items", json={"name": "x" * 2 * MB}, headers=JSON)
    assert sent.status_code == 413


def test_400_when_a_file_ends_before_its_end(uploads: Server, token: str) -> None:
    with begun(uploads, token) as sender:
        sender.shutdown(socket.SHUT_WR)
        answer = sender.recv(1000)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"The body was cut off" in answer


@pytest.mark.parametrize("size", [1, 3 * MB])
def test_400_when_the_last_boundary_is_missing(client: httpx.Client, size: int) -> None:
    body = b"".join([*content(size)][:-1])
    sent = client.post("/imports", content=body)
    assert sent.status_code == 400
    assert "its last boundary is missing" in sent.json()["error"]["message"]


def test_400_when_it_is_no_form(client: httpx.Client) -> None:
    sent = client.post("/imports", content=LINE, headers={"Content-Type": "multipart/form-data"})
    assert sent.json()["error"]["message"] == (
        "The form in the body cannot be read: Invalid boundary in multipart: None."
    )


def test_503_when_too_many_files_come_at_once_and_200_when_they_are_through(
    uploads: Server, client: httpx.Client, token: str
) -> None:
    with ExitStack() as senders:
        for _ in range(AT_ONCE):
            senders.enter_context(begun(uploads, token))
        time.sleep(0.5)
        refused = client.post("/imports", content=content(2 * MB), headers=announced(2 * MB))
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        assert client.get("/items", timeout=3).status_code == 200
    time.sleep(0.5)
    sent = client.post("/imports", content=content(2 * MB), headers=announced(2 * MB))
    assert sent.status_code == 200


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process")
def test_503_when_there_is_no_room_for_a_file(uploads: Server, client: httpx.Client) -> None:
    process = receiver(uploads)
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (4 * MB, before[1]))
    try:
        refused = client.post("/imports", content=content(9 * MB), headers=announced(9 * MB))
    finally:
        process.rlimit(psutil.RLIMIT_FSIZE, before)
    assert refused.status_code == 503
    assert "no room for the file" in refused.json()["error"]["message"]


def test_408_when_a_file_comes_too_slowly(uploads: Server, token: str) -> None:
    began = time.monotonic()
    with begun(uploads, token) as sender:
        answer = sender.recv(1000)
    assert answer.startswith(b"HTTP/1.1 408")
    assert BODY_TIMEOUT_S - 1 < time.monotonic() - began < BODY_TIMEOUT_S + 5
