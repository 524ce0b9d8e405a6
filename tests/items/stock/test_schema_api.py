"""The OpenAPI document is true to what the ledger's API answers, and takes."""

from collections.abc import Callable
from typing import Any

import pytest

from items.models import Movement
from tests.client import Api, Reply
from tests.config.api.test_schema import assert_described, operation, problems
from tests.factories import UserFactory
from tests.items.stock.shelves import Shelf, outside, place, shelf

Schema = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Schema:
    """The document as anybody reads it."""
    body: Schema = Api().get("/schema").body
    return body


@pytest.fixture
def full(db: None) -> Shelf:
    """Something with a life behind it."""
    full = shelf("10")
    full.lend("2.5")
    place("Below", parent=full.place)
    return full


GETS = [
    ("/locations", ""),
    ("/locations", "?cursor=&page_size=1"),
    ("/locations", "?fields=id,kind"),
    ("/locations", "?x=1"),
    ("/locations/{id}", ""),
    ("/items/{id}/stock", ""),
    ("/items/{id}/stock", "?as_of=2999-01-01T00:00:00Z"),
    ("/items/{id}/stock", "?as_of=x"),
    ("/items/{id}/movements", ""),
    ("/items/{id}/movements", "?cursor="),
    ("/movements", ""),
    ("/movements", "?ids=999999"),
    ("/movements/{id}", ""),
    ("/loans", ""),
    ("/loans", "?open=true&ordering=-due_at&page_size=1"),
    ("/loans/{id}", ""),
    ("/users/{id}/holdings", ""),
    ("/users/{id}/holdings", "?cursor="),
    ("/users/me/holdings", ""),
    ("/items", "?low_stock=false"),
]


def ids(full: Shelf) -> dict[str, Any]:
    """The id that a path of each kind gets."""
    loan = full.item.loans.get()
    return {
        "/locations": full.place.pk,
        "/items": full.item.pk,
        "/movements": Movement.objects.of_loan(loan.pk).get().pk,
        "/loans": loan.pk,
        "/users": loan.holder.pk,
    }


@pytest.mark.parametrize(("path", "asked"), GETS)
def test_described_when_read(
    path: str, asked: str, document: Schema, api: Api, full: Shelf
) -> None:
    pk = ids(full)["/" + path.split("/")[1]]
    reply = api.get(f"{path}{asked}".replace("{id}", str(pk)))
    assert reply.status == (400 if asked.endswith("x") or "x=" in asked else 200)
    assert_described(document, path, "GET", reply)


Call = Callable[[Api, Shelf], Reply]


def booked(kind: str, source: str = "", destination: str = "", quantity: Any = "1") -> Call:
    """A movement from and to places that are "there", "other" or "outside"."""

    def call(api: Api, full: Shelf) -> Reply:
        places = {"there": full.place, "other": place(), "outside": outside()}
        body = {"source_id": places.get(source), "destination_id": places.get(destination)}
        named = {name: found.pk for name, found in body.items() if found is not None}
        return full.book(api, kind, **named, quantity=quantity)

    return call


MOVEMENTS: dict[str, tuple[int, Call]] = {
    "receive": (201, booked("receive", "outside", "there")),
    "issue": (201, booked("issue", "there", "outside", 2)),
    "transfer": (201, booked("transfer", "there", "other", 0.5)),
    "count": (201, booked("count", "", "there", 0)),
    "write_off": (201, booked("write_off", "there")),
    "too much": (409, booked("issue", "there", "", "99")),
    "as it was": (409, booked("count", "", "there", "7.5")),
    "nowhere": (422, booked("receive")),
    "wrong": (422, booked("transfer", "there", "outside")),
    "unknown": (422, booked("lose", "there")),
}


@pytest.mark.parametrize("kind", MOVEMENTS)
def test_described_when_a_movement_is_booked(
    kind: str, document: Schema, manager_api: Api, full: Shelf
) -> None:
    status, call = MOVEMENTS[kind]
    reply = call(manager_api, full)
    assert reply.status == status
    assert_described(document, "/items/{id}/movements", "POST", reply)


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/loans/{id}/return", ({"quantity": "1"}, 200)),
        ("/loans/{id}/return", ({"quantity": "9"}, 409)),
        ("/loans/{id}/write-off", ({"reason": "Lost"}, 200)),
        ("/movements/{id}/reverse", ({"reason": "Typo"}, 201)),
        ("/movements/{id}/reverse", ({"quantity": "1"}, 422)),
        ("/movements/{id}/reverse", (b"", 400)),
    ],
)
def test_described_when_something_is_done_to_it(
    path: str, call: tuple[Any, int], document: Schema, manager_api: Api, full: Shelf
) -> None:
    body, status = call
    pk = ids(full)["/" + path.split("/")[1]]
    reply = manager_api.post(path.replace("{id}", str(pk)), body)
    assert reply.status == status
    assert_described(document, path, "POST", reply)


def test_described_when_something_is_lent(document: Schema, api: Api, full: Shelf) -> None:
    body = {"item_id": full.item.pk, "source_id": full.place.pk, "quantity": "1", "due_at": None}
    for holder in (UserFactory.create(), UserFactory.create(is_active=False)):
        reply = api.post("/loans", {**body, "holder_id": holder.pk})
        assert reply.status == (201 if holder.is_active else 409)
        assert_described(document, "/loans", "POST", reply)


def test_described_when_a_location_is_written(
    document: Schema, manager_api: Api, full: Shelf
) -> None:
    made = manager_api.post("/locations", {"name": "N", "kind": "outside"})
    assert_described(document, "/locations", "POST", made)
    path = f"/locations/{made.data['id']}"
    for method, body in (("PUT", made.data), ("PATCH", {"kind": "storage"}), ("DELETE", None)):
        reply = manager_api.call(method, path, body)
        assert_described(document, "/locations/{id}", method, reply)
    refused = manager_api.delete(f"/locations/{full.place.pk}")
    assert refused.status == 409
    assert_described(document, "/locations/{id}", "DELETE", refused)


# ── Bodies ────────────────────────────────────────────────────────────────────────────────────
def described(document: Schema, path: str, body: Any) -> bool:
    """True when the document allows the body."""
    content = operation(document, path, "POST")["requestBody"]["content"]
    return problems(document, content["application/json"]["schema"], body) == []


BODIES: list[tuple[Schema, bool]] = [
    ({"kind": "receive", "destination_id": 1, "quantity": "1"}, True),
    ({"kind": "receive", "destination_id": 1, "quantity": 1, "source_id": None}, True),
    ({"kind": "receive", "destination_id": 1, "quantity": 1, "reference": ""}, True),
    ({"kind": "issue", "source_id": 1, "quantity": 0.5, "reason": "x"}, True),
    ({"kind": "transfer", "source_id": 1, "destination_id": 2, "quantity": "1"}, True),
    ({"kind": "count", "destination_id": 1, "quantity": 0}, True),
    ({"kind": "write_off", "source_id": 1, "quantity": "1"}, True),
    ({"kind": "receive", "quantity": "1"}, False),
    ({"kind": "issue", "destination_id": 1, "quantity": "1"}, False),
    ({"kind": "transfer", "source_id": 1, "quantity": "1"}, False),
    ({"kind": "check_out", "source_id": 1, "quantity": "1"}, False),
    ({"kind": "count", "destination_id": "1", "quantity": "1"}, False),
    ({"source_id": 1, "destination_id": 2, "quantity": "1"}, False),
    ({"kind": "issue", "source_id": 1}, False),
    ({"kind": "issue", "source_id": 1, "quantity": "x"}, False),
]


@pytest.mark.parametrize(("body", "allowed"), BODIES)
def test_each_kind_has_its_own_needs_when_bodies_are_described(
    body: Schema, allowed: bool, document: Schema
) -> None:
    assert described(document, "/items/{id}/movements", body) is allowed


def test_a_list_of_levels_when_stock_is_described(document: Schema) -> None:
    answer = operation(document, "/items/{id}/stock", "GET")["responses"]["200"]
    name = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    data = document["components"]["schemas"][name]["properties"]["data"]
    assert data == {"type": "array", "items": {"$ref": "#/components/schemas/Level"}}


def test_every_code_of_the_ledger_is_there_when_errors_are_described(document: Schema) -> None:
    codes = set(document["components"]["schemas"]["ErrorCode"]["enum"])
    assert codes >= {
        *("insufficient_stock", "single_thing", "more_than_lent", "already_reversed"),
        *("not_reversible", "nothing_to_book", "not_active"),
        *("conflict", "validation_error", "permission_denied", "precondition_failed"),
    }
    assert "error" not in codes
