"""Limits at a running server: of many requests at once exactly so many pass, over all workers."""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.live import ADMIN_EMAIL, ADMIN_PASSWORD, Server, live_database, live_server

AT_ONCE, TIMES = 8, 40
NEAR = {
    "THROTTLE_ANONYMOUS": "25/day",
    "THROTTLE_SIGNED_IN": "30/day",
    "THROTTLE_LOGIN": "5/day",
}


@pytest.fixture(scope="module")
def limited(servers: None) -> Iterator[Server]:
    """Two workers whose limits are near, on an empty register."""
    with (
        live_database(f"limited_{os.getpid()}") as url,
        live_server(url, "--no-sample", environment=NEAR) as server,
    ):
        yield server


def many_at_once(server: Server, method: str, path: str, **options: object) -> Counter[int]:
    """How often each status was answered."""

    def ask(_: int) -> int:
        url = f"{server.url}/api/v1{path}"
        return httpx.request(method, url, timeout=30, **options).status_code  # type: ignore[arg-type]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(ask, range(TIMES)))


def test_exactly_the_limits_pass_when_many_ask_at_once(limited: Server) -> None:
    token = limited.manage("create_token", ADMIN_EMAIL).stdout.strip()
    signed_in = {"Authorization": f"Bearer {token}"}
    assert many_at_once(limited, "GET", "/items", headers=signed_in) == {200: 30, 429: TIMES - 30}
    body = {"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD}
    assert many_at_once(limited, "POST", "/auth/token", json=body) == {201: 5, 429: TIMES - 5}
    assert set(many_at_once(limited, "GET", "/nothing")) == {429}
