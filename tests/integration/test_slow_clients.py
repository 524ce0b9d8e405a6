"""Clients that send slowly or hang up in the middle keep nobody waiting, and write nothing."""

import socket
from contextlib import ExitStack
from uuid import uuid4

import httpx

from config.embedded.locks import wait_until
from tests.live import Server

SLOW_CLIENTS = 50
FAR_TOO_MANY = 500  # one process receives 64 MB at once
LARGE_BYTES = 1_000_000
PATIENCE_S = 3.0
BODY = b'{"sku": "%s", "name": "Half sent"}'


def half_sent(
    server: Server, admin: httpx.Client, body: bytes, announced: int | None = None
) -> socket.socket:
    """A connection on which half of a POST has been sent, of what is announced."""
    host, port = server.url.removeprefix("http://").split(":")
    head = (
        f"POST /api/v1/items HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {admin.headers['Authorization']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {announced or len(body)}\r\n\r\n"
    )
    client = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
    client.sendall(head.encode() + body[: len(body) // 2])
    return client


def test_others_are_answered_when_many_send_slowly(server: Server, admin: httpx.Client) -> None:
    with ExitStack() as slow:
        for _ in range(SLOW_CLIENTS):
            slow.enter_context(half_sent(server, admin, BODY % uuid4().hex.encode()))
        for _ in range(5):
            assert admin.get("/items", timeout=PATIENCE_S).status_code == 200
        made = admin.post("/items", json={"sku": uuid4().hex, "name": "Quick"}, timeout=PATIENCE_S)
        assert made.status_code == 201


def test_who_only_asks_is_answered_when_far_too_many_send_slowly(
    server: Server, admin: httpx.Client
) -> None:
    with ExitStack() as slow:
        for _ in range(FAR_TOO_MANY):
            slow.enter_context(half_sent(server, admin, BODY, announced=LARGE_BYTES))
        for _ in range(5):
            assert admin.get("/items", timeout=PATIENCE_S).status_code == 200
            assert httpx.get(f"{server.url}/healthz", timeout=PATIENCE_S).status_code == 200
        large = {"sku": uuid4().hex, "name": "N", "description": "x" * LARGE_BYTES}
        refused = admin.post("/items", json=large, timeout=PATIENCE_S)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
        assert int(refused.headers["Retry-After"]) > 0
    assert wait_until(
        lambda: admin.post("/items", json={"sku": uuid4().hex, "name": "N"}).status_code == 201,
        timeout_s=10,
    )


def test_nobody_waits_when_strangers_announce_large_files(
    server: Server, admin: httpx.Client
) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    head = (
        "POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nCookie: csrftoken=" + "x" * 32 + "\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 2000000\r\n\r\n--b\r\n"
    )
    with ExitStack() as slow:
        for _ in range(SLOW_CLIENTS):
            client = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
            slow.enter_context(client)
            client.sendall(head.encode())
        assert admin.get("/items", timeout=PATIENCE_S).status_code == 200
        assert client.recv(1000).split(b" ")[1] in {b"400", b"403"}


def test_it_is_written_when_a_body_comes_in_chunks(server: Server, admin: httpx.Client) -> None:
    body = BODY % uuid4().hex.encode()
    parts = iter([body[:10], body[10:]])
    made = admin.post("/items", content=parts, headers={"Content-Type": "application/json"})
    assert made.status_code == 201


def test_413_when_a_body_in_chunks_grows_too_large(admin: httpx.Client) -> None:
    parts = (b"x" * 100_000 for _ in range(20))
    sent = admin.post("/items", content=parts, headers={"Content-Type": "application/json"})
    assert sent.status_code == 413


def test_it_is_answered_when_the_rest_comes_after_all(server: Server, admin: httpx.Client) -> None:
    sku = uuid4().hex
    body = BODY % sku.encode()
    with half_sent(server, admin, body) as slow:
        assert admin.get("/items").status_code == 200
        slow.sendall(body[len(body) // 2 :])
        assert slow.recv(1000).startswith(b"HTTP/1.1 201")
    assert admin.get("/items", params={"sku": sku}).json()["meta"]["total"] == 1


def test_nothing_is_written_when_clients_hang_up_in_the_middle(
    server: Server, admin: httpx.Client
) -> None:
    marks = [uuid4().hex for _ in range(SLOW_CLIENTS)]
    for mark in marks:
        half_sent(server, admin, BODY % mark.encode()).close()
    assert admin.get("/items", timeout=PATIENCE_S).status_code == 200
    found = [admin.get("/items", params={"sku": mark}).json()["meta"]["total"] for mark in marks]
    assert not any(found)


def test_413_at_once_when_a_large_body_is_only_announced(
    server: Server, admin: httpx.Client
) -> None:
    with half_sent(server, admin, b"x" * (2 * 1024 * 1024)) as slow:
        assert slow.recv(1000).startswith(b"HTTP/1.1 413")


def test_400_when_a_proxy_forwards_an_address_that_cannot_be_read(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    head = (
        b"GET /api/v1/items HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: \xe9, 192.0.2.1\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as client:
        client.sendall(head + b"\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 400")


def test_400_and_nothing_written_when_the_state_to_match_cannot_be_read(
    server: Server, admin: httpx.Client
) -> None:
    item = admin.post("/items", json={"sku": uuid4().hex, "name": "Before"}).json()["data"]
    host, port = server.url.removeprefix("http://").split(":")
    body = b'{"name": "After"}'
    head = (
        f"PATCH /api/v1/items/{item['id']} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {admin.headers['Authorization']}\r\nContent-Length: {len(body)}\r\n"
        'Content-Type: application/json\r\nIf-Match: "é"\r\n\r\n'
    )
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as client:
        client.sendall(head.encode("latin-1") + body)
        assert client.recv(1000).startswith(b"HTTP/1.1 400")
    assert admin.get(f"/items/{item['id']}").json()["data"]["name"] == "Before"


def test_written_when_a_body_is_as_large_as_the_database_takes(admin: httpx.Client) -> None:
    attributes = {f"k{n}": "é" * 1000 for n in range(30)}
    sent = {"sku": uuid4().hex, "name": "L", "description": "😀" * 10_000, "attributes": attributes}
    for _ in range(5):
        made = admin.post("/items", json={**sent, "sku": uuid4().hex})
        assert (made.status_code, made.json()["data"]["attributes"]) == (201, attributes)
