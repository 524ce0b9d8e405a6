"""The database is gone, full or slow: said at once, nothing half written, well again by itself."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.live import ADMIN_EMAIL, Server, live_database, live_server, wait_until_ready

PATIENCE_S = 5.0
Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module")
def own(servers: None) -> Iterator[Server]:
    """A server on a database that a test may take away, where statements may take a second."""
    limits = {"STATEMENT_TIMEOUT_S": "1", "LOCK_TIMEOUT_S": "0"}
    with (
        live_database(f"gone_{os.getpid()}") as url,
        live_server(url, "--no-sample", environment=limits) as server,
    ):
        yield server


@pytest.fixture(scope="module")
def token(own: Server) -> str:
    return own.manage("create_token", ADMIN_EMAIL).stdout.strip()


@pytest.fixture
def client(own: Server, token: str) -> Iterator[httpx.Client]:
    with own.client(token) as client:
        yield client


@pytest.fixture
def by_hand(own: Server) -> Iterator[Connection]:
    """A session of somebody at a psql prompt, in a transaction that is rolled back at the end."""
    with psycopg.connect(own.environment["DATABASE_URL"]) as connection:
        yield connection
        connection.rollback()


@contextmanager
def gone(server: Server) -> Iterator[None]:
    """A database that nobody can connect to, and in which nobody is any more."""
    url = server.environment["DATABASE_URL"]
    name = urlsplit(url).path.strip("/")
    with psycopg.connect(url, dbname="postgres", autocommit=True) as keeper:
        keeper.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        keeper.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            keeper.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_503_in_time_and_well_again_by_itself_when_the_database_was_gone(
    own: Server, client: httpx.Client
) -> None:
    sku = uuid4().hex
    with gone(own):
        for method, path, body in (
            ("GET", "/items", None),
            ("POST", "/items", {"sku": sku, "name": "Lost"}),
            ("POST", "/auth/token", {"email": "a@example.org", "password": "x"}),
        ):
            begun = time.monotonic()
            answer = client.request(method, path, json=body)
            assert time.monotonic() - begun < PATIENCE_S
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        assert httpx.get(f"{own.url}/healthz").status_code == 200
        assert httpx.get(f"{own.url}/readyz", timeout=10).status_code == 503
    wait_until_ready(own)
    assert client.get("/items", params={"sku": sku}).json()["meta"]["total"] == 0
    assert client.post("/items", json={"sku": sku, "name": "Kept"}).status_code == 201


def test_a_page_that_says_come_again_when_the_admin_finds_no_database(own: Server) -> None:
    with httpx.Client(base_url=own.url) as browser:
        browser.cookies.set("sessionid", "x" * 32)
        with gone(own):
            page = browser.get("/admin/items/item/")
        assert page.status_code == 503
        assert int(page.headers["Retry-After"]) > 0
        assert "The database cannot be reached at the moment." in page.text
        assert browser.get("/admin/login/").status_code == 200


def test_503_and_nothing_written_when_a_statement_takes_too_long(
    client: httpx.Client, by_hand: Connection
) -> None:
    item = client.post("/items", json={"sku": uuid4().hex, "name": "Held"}).json()["data"]["id"]
    by_hand.execute("SELECT FROM items_item WHERE id = %s FOR UPDATE", [item])
    answer = client.patch(f"/items/{item}", json={"name": "Mine"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    by_hand.rollback()
    assert client.get(f"/items/{item}").json()["data"]["name"] == "Held"


def test_503_and_nothing_written_when_the_disk_is_full(own: Server, client: httpx.Client) -> None:
    """PostgreSQL says so with the same code, whatever it was that found no room."""
    with psycopg.connect(own.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(
            """
            CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
            CREATE TRIGGER full_disk AFTER INSERT ON items_item EXECUTE FUNCTION full_disk()
            """
        )
        sku = uuid4().hex
        answer = client.post("/items", json={"sku": sku, "name": "Large"})
        connection.execute("DROP FUNCTION full_disk CASCADE")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert "run out of disk" in answer.json()["error"]["message"]
    assert client.get("/items", params={"sku": sku}).json()["meta"]["total"] == 0
