"""`manage.py up`, as a person runs it: a process, a port, a data folder."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from config import embedded
from config.embedded.locks import wait_until
from tests.running import START_S, STOP_S, Run, free_port, up


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder that is filled by the first start and used by the later ones."""
    folder = Path(tempfile.mkdtemp(prefix="stockroom-up-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    embedded.stop(folder)
    shutil.rmtree(folder)


@pytest.fixture
def port() -> int:
    return free_port()


def get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def eventually(done: Callable[[], bool]) -> bool:
    return wait_until(done, timeout_s=STOP_S)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def test_everything_is_served_when_it_starts_in_an_empty_folder(data: Path, port: int) -> None:
    with up(data, port) as run:
        assert re.search(r"Administrator: +\S+@\S+\nPassword: +\S{10,}", run.said)
        assert "Loaded the sample" in run.said
        for path in ("/readyz", "/admin/login/", "/api/v1/docs"):
            assert get(port, path) == http.client.OK
        assert " INFO stockroom.request [" in run.said
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(STOP_S) == 0
        assert run.said.endswith("Stopped.\n")
    assert embedded.status(data).running is False
    assert is_free(port)
    assert (data / "secret_key").stat().st_mode & 0o777 == 0o600


def test_nothing_is_made_twice_when_it_starts_again(data: Path, port: int) -> None:
    with up(data, port) as run:
        assert "Administrator" not in run.said
        assert "Loaded the sample" not in run.said


def test_it_refuses_when_the_port_is_taken(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
        run = Run(data, "up", "--port", number)
        assert run.process.wait(START_S) == 1
    assert f"CommandError: Port {number} on 127.0.0.1 cannot be used" in run.said
    assert "Traceback" not in run.said
    assert embedded.status(data).running is False


def test_it_ends_with_an_error_when_the_web_server_is_killed(data: Path, port: int) -> None:
    with up(data, port) as run:
        os.kill(_only_child(run.process.pid), signal.SIGKILL)
        assert run.process.wait(STOP_S) == 1
        assert "The web server ended by itself, by signal SIGKILL." in run.said
    assert is_free(port)
    assert embedded.status(data).running is False


def test_it_starts_a_private_server_again_when_that_is_killed_and_not_when_it_is_stopped(
    data: Path, port: int
) -> None:
    with up(data, port) as run:
        pid = int((embedded.Layout.of(data).cluster / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: "postgres has ended by itself" in run.said)
        assert eventually(lambda: get(port, "/readyz") == http.client.OK)
        embedded.stop(data)
        assert not wait_until(lambda: embedded.status(data).postgres, timeout_s=3)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_the_port_is_free_again_when_it_is_killed(data: Path, port: int) -> None:
    with up(data, port) as run:
        run.process.kill()
        assert eventually(lambda: is_free(port))
        assert eventually(lambda: not embedded.status(data).running)


def test_it_serves_from_real_servers_when_they_are_named(data: Path, port: int) -> None:
    embedded.start(data, keep=True)
    real = {
        "DATABASE_URL": embedded.database_url(data),
        "REDIS_URL": embedded.redis_url(data),
        "SECRET_KEY": "only-for-this-test-" + "x" * 50,
    }
    with up(data, port, **real) as run:
        assert get(port, "/readyz") == http.client.OK
        assert "HTTPS is on" in run.said
        assert "WARNING" not in run.said
    assert embedded.stop(data).running is True


def test_it_warns_when_text_search_sees_no_hangul(data: Path, port: int) -> None:
    embedded.start(data, keep=True)
    url = embedded.database_url(data)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE blind TEMPLATE template0 LOCALE_PROVIDER libc "
            "LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    real = {
        "DATABASE_URL": f"{url.rpartition('/')[0]}/blind",
        "SECRET_KEY": "only-here-" + "x" * 50,
    }
    with up(data, port, **real) as run:
        assert "WARNING: text search sees no Hangul" in run.said
        assert "LC_CTYPE 'C.UTF-8'" in run.said
    embedded.stop(data)


def _only_child(pid: int) -> int:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    children = [
        int(child)
        for child, parent, words in (line.split(None, 2) for line in listed.stdout.splitlines())
        if int(parent) == pid and "granian" in words
    ]
    assert len(children) == 1
    return children[0]
