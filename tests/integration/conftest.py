"""The running server that these tests share, and its clients."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.live import ADMIN_EMAIL, Server, live_database, live_server


@pytest.fixture(scope="session")
def server(servers: None) -> Iterator[Server]:
    """Two workers on an empty register."""
    with live_database("live") as url, live_server(url, "--no-sample") as server:
        yield server


@pytest.fixture(scope="session")
def admin_token(server: Server) -> str:
    """A token of the administrator."""
    return server.manage("create_token", ADMIN_EMAIL).stdout.strip()


@pytest.fixture
def admin(server: Server, admin_token: str) -> Iterator[httpx.Client]:
    """The API as an administrator."""
    with server.client(admin_token) as client:
        yield client


@pytest.fixture
def many(admin: httpx.Client) -> Iterator[Callable[[int], list[httpx.Client]]]:
    """Several connections of the administrator, for calls at the same moment."""
    with ExitStack() as opened:
        yield lambda count: [
            opened.enter_context(
                httpx.Client(base_url=admin.base_url, headers=admin.headers, timeout=30)
            )
            for _ in range(count)
        ]
