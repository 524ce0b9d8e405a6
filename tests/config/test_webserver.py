"""The web server as a child: where it listens, and what is said when it cannot."""

import socket
from pathlib import Path

import pytest

from config.management import webserver
from config.management.webserver import Address, WebServer, WebServerError, check_free


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
    ],
)
def test_the_url_can_be_opened_when_it_listens_on(host: str, url: str) -> None:
    assert Address(host, 8000).url == url


def test_a_port_is_refused_when_someone_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Address("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(WebServerError, match="Address already in use"):
            check_free(address)
    check_free(address)


@pytest.fixture
def broken(tmp_path: Path) -> WebServer:
    """A server in a folder where there is nothing to serve."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = Address("127.0.0.1", probe.getsockname()[1])
        return WebServer(address, 1, folder=tmp_path, scratch=tmp_path)


def test_it_is_told_when_the_server_ends_before_it_is_ready(broken: WebServer) -> None:
    with broken, pytest.raises(WebServerError, match="ended by itself, with exit code 1"):
        broken.wait_ready("localhost")


def test_it_is_told_when_the_server_does_not_get_ready_in_time(
    broken: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webserver, "READY_TIMEOUT_S", 0.0)
    with broken, pytest.raises(WebServerError, match="is not ready after 0 s"):
        broken.wait_ready("localhost")
    with pytest.raises(WebServerError, match="ended by itself, by signal SIGKILL"):
        broken.check()
