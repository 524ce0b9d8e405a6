"""Bodies that cost more than they should, or mean less than they say."""

import socket
from typing import Any

import httpx
import pytest

from tests.client import Api
from tests.factories import ItemFactory, UserFactory
from tests.live import Server

HUGE = "99999999999999999999"


@pytest.mark.parametrize("number", [f"1e{HUGE}", f"-1e{HUGE}", f"1e-{HUGE}", "9" * 5000])
def test_400_without_words_of_the_inside_when_a_number_is_beyond_all_bounds(
    number: str, api: Api
) -> None:
    reply = api.post("/items", f'{{"sku": "N", "name": "N", "unit_price": {number}}}'.encode())
    assert (reply.status, reply.error["code"]) == (400, "malformed")
    assert "limit" not in reply.error["message"]


def test_400_when_there_are_more_parameters_than_anybody_reads(api: Api) -> None:
    reply = api.get("/items?" + "&".join(f"k{n}=1" for n in range(10_001)))
    assert (reply.status, reply.error["code"]) == (400, "malformed")


def test_422_in_few_words_when_there_are_very_many_tags(api: Api) -> None:
    reply = api.post("/items", {"sku": "T", "name": "T", "tags": [1] * 100_000})
    assert (reply.status, reply.codes) == (422, {"tags": "max_length"})


@pytest.mark.parametrize(
    "attributes",
    [
        {"a": "x" * 70_000},
        {"a": [0] * 40_000},
        {"a": 1e20},
        {"a": [1e300]},
    ],
    ids=["long", "many", "beyond a bigint", "far beyond"],
)
def test_422_when_attributes_would_burden_every_reader(
    attributes: dict[str, Any], api: Api
) -> None:
    reply = api.post("/items", {"sku": "A", "name": "A", "attributes": attributes})
    assert (reply.status, list(reply.codes)) == (422, ["attributes"])


def test_422_when_an_email_grows_too_long_in_lower_case(manager_api: Api) -> None:
    email = "a@" + ".".join(["İ" * 60] * 4)
    reply = manager_api.post("/users", {"email": email, "name": "Long"})
    assert (reply.status, list(reply.codes)) == (422, ["email"])


def test_no_email_is_told_to_whom_may_not_read_users(api: Api) -> None:
    owner = UserFactory.create(email="secret@example.org")
    item = ItemFactory.create(owner=owner)
    assert b"secret@" not in api.get(f"/items/{item.pk}").response.content


def test_nothing_is_written_when_a_body_is_cut_off(server: Server, admin: httpx.Client) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    body = b'{"sku": "CUT-OFF", "name": "cut off"}'
    head = (
        f"POST /api/v1/items HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {admin.headers['Authorization']}\r\n"
        "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as client:
        client.sendall(head.encode() + body)
        client.shutdown(socket.SHUT_WR)
        client.recv(1)
    assert admin.get("/items", params={"sku": "CUT-OFF"}).json()["data"] == []
