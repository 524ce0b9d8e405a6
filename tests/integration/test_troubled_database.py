"""What a caller sees when the database is busy; with real locks of another session."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.live import Server

WAITING = 20


@pytest.fixture
def item(admin: httpx.Client) -> int:
    """An item of its own."""
    made = admin.post("/items", json={"sku": f"SKU-{uuid4().hex}", "name": "Held"}).json()
    return int(made["data"]["id"])


def test_503_and_come_again_when_a_row_is_locked_for_long(
    admin: httpx.Client, item: int, by_hand: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    by_hand.execute("SELECT FROM items_item WHERE id = %s FOR UPDATE", [item])
    answer = admin.patch(f"/items/{item}", json={"name": "Mine"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert admin.get(f"/items/{item}").json()["data"]["name"] == "Held"


def test_everybody_hears_in_time_when_many_wait_for_one_row(
    server: Server,
    admin: httpx.Client,
    many: Callable[[int], list[httpx.Client]],
    item: int,
    by_hand: "psycopg.Connection[tuple[object, ...]]",
) -> None:
    """However many wait, all hear soon; and the process says that it lives."""
    by_hand.execute("SELECT FROM items_item WHERE id = %s FOR UPDATE", [item])

    def patch(client: httpx.Client) -> int:
        return client.patch(f"/items/{item}", json={"name": "Mine"}).status_code

    with ThreadPoolExecutor(WAITING) as pool:
        answers = [pool.submit(patch, client) for client in many(WAITING)]
        assert httpx.get(f"{server.url}/healthz", timeout=1).status_code == 200
        assert {answer.result() for answer in answers} == {503}
    assert admin.get(f"/items/{item}").json()["data"]["name"] == "Held"


def test_not_ready_within_the_time_out_when_the_migrations_cannot_be_read(
    server: Server, by_hand: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    by_hand.execute("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")
    answer = httpx.get(f"{server.url}/readyz", timeout=10)
    assert answer.status_code == 503
    assert [d["field"] for d in answer.json()["error"]["details"]] == ["migrations"]


def test_no_lock_is_held_when_a_body_comes_slowly(
    server: Server,
    admin: httpx.Client,
    item: int,
    by_hand: "psycopg.Connection[tuple[object, ...]]",
) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    head = (
        f"PATCH /api/v1/items/{item} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {admin.headers['Authorization']}\r\n"
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"na'
    )
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(head.encode())
        assert admin.get(f"/items/{item}").status_code == 200  # the slow one is under way by now
        by_hand.execute("SELECT FROM items_item WHERE id = %s FOR UPDATE NOWAIT", [item])
