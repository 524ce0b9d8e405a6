"""Movements over REST: each kind, what it needs, what it refuses, and its reversal."""

from typing import Any

import pytest

from items.models import Location, Movement
from tests.client import Api
from tests.factories import ItemFactory, UserFactory
from tests.items.helpers import by_cursor, by_pages, ids_of
from tests.items.stock.shelves import Shelf, outside, place, shelf
from users.models import User

LARGEST = "999999999999.999"


@pytest.fixture
def full(db: None) -> Shelf:
    """A shelf with ten of something."""
    return shelf("10")


# ── Each kind ─────────────────────────────────────────────────────────────────────────────────
def test_whole_movement_answered_when_something_is_received(api: Api, clerk: User) -> None:
    full, supplier = shelf(None), outside("ACME")
    reply = full.book(
        api,
        "receive",
        source_id=supplier.pk,
        destination_id=full.place.pk,
        quantity="2.50",
        reason="Order",
        reference="PO-7",
    )
    assert reply.status == 201
    assert reply["Location"] == f"http://testserver/api/v1/movements/{reply.data['id']}"
    assert {k: v for k, v in reply.data.items() if k not in {"id", "created_at"}} == {
        "kind": "receive",
        "item": {"id": full.item.pk, "name": full.item.name, "sku": full.item.sku},
        "source": {"id": supplier.pk, "name": "ACME"},
        "destination": {"id": full.place.pk, "name": full.place.name},
        "quantity": "2.5",
        "reason": "Order",
        "reference": "PO-7",
        "actor": {"id": clerk.pk, "name": clerk.name},
        "holder": None,
        "loan_id": None,
        "reverses_id": None,
        "reversed_by_id": None,
    }
    assert api.get(f"/movements/{reply.data['id']}").data == reply.data


def test_from_outside_when_a_receipt_names_no_source(api: Api) -> None:
    full = shelf(None)
    data = full.book(api, "receive", source_id=None, destination_id=full.place.pk, quantity=3).data
    assert (data["source"]["name"], data["quantity"]) == ("Outside", "3")
    assert full.levels(api) == {full.place.name: "3", "Outside": "-3"}


def test_less_there_when_something_is_issued(api: Api, full: Shelf) -> None:
    assert full.book(api, "issue", source_id=full.place.pk, quantity="4").status == 201
    assert api.get(full.path).data["on_hand"] == "6"


def test_elsewhere_when_something_is_transferred(api: Api, full: Shelf) -> None:
    other = place("Other")
    reply = full.book(
        api, "transfer", source_id=full.place.pk, destination_id=other.pk, quantity="0.001"
    )
    assert reply.status == 201
    assert full.levels(api) == {full.place.name: "9.999", "Other": "0.001", "Outside": "-10"}


@pytest.mark.parametrize(
    ("counted", "moved", "left"), [("12", "2", "12"), ("7.5", "2.5", "7.5"), (0, "10", "0")]
)
def test_difference_booked_when_something_is_counted(
    counted: Any, moved: str, left: str, manager_api: Api, full: Shelf
) -> None:
    reply = full.book(manager_api, "count", destination_id=full.place.pk, quantity=counted)
    assert (reply.status, reply.data["quantity"]) == (201, moved)
    assert manager_api.get(full.path).data["on_hand"] == left


def test_409_when_what_was_counted_is_there_already(manager_api: Api, full: Shelf) -> None:
    reply = full.book(manager_api, "count", destination_id=full.place.pk, quantity="10")
    assert (reply.status, reply.error["code"]) == (409, "nothing_to_book")


def test_less_there_when_something_is_written_off(manager_api: Api, full: Shelf) -> None:
    body = {"source_id": full.place.pk, "quantity": "1", "reason": "Broken"}
    assert full.book(manager_api, "write_off", **body).status == 201
    assert manager_api.get(full.path).data["on_hand"] == "9"


# ── What is refused ───────────────────────────────────────────────────────────────────────────
def test_409_with_the_facts_when_there_is_not_enough(api: Api, full: Shelf) -> None:
    reply = full.book(api, "issue", source_id=full.place.pk, quantity="10.5")
    assert (reply.status, reply.error["code"]) == (409, "insufficient_stock")
    facts = {each["field"]: each["message"] for each in reply.error["details"]}
    assert facts == {"asked": "10.5", "available": "10"}
    assert api.get(full.path).data["on_hand"] == "10"


def test_409_when_a_single_thing_would_be_there_twice(api: Api) -> None:
    full = shelf("1", serial_number="S-1")
    reply = full.book(api, "receive", destination_id=full.place.pk, quantity=1)
    assert (reply.status, reply.error["code"]) == (409, "single_thing")


def test_409_when_a_sum_would_become_too_large(api: Api) -> None:
    full = shelf(LARGEST)
    reply = full.book(api, "receive", destination_id=full.place.pk, quantity=LARGEST)
    assert (reply.status, reply.error["code"]) == (409, "conflict")
    assert "larger than can be kept" in reply.error["message"]


SOURCE, DESTINATION = "source_id", "destination_id"


@pytest.mark.parametrize(
    ("kind", "left_out"),
    [
        ("receive", DESTINATION),
        ("issue", SOURCE),
        ("transfer", SOURCE),
        ("transfer", DESTINATION),
        ("count", DESTINATION),
        ("write_off", SOURCE),
        *((kind, "quantity") for kind in ("receive", "issue", "transfer", "count", "write_off")),
    ],
)
@pytest.mark.parametrize("sent", [{}, None])
def test_422_naming_the_field_when_it_is_needed(
    sent: Any, kind: str, left_out: str, manager_api: Api, full: Shelf
) -> None:
    body = {SOURCE: full.place.pk, DESTINATION: place().pk, "quantity": "1"}
    if kind == "count":
        del body[SOURCE]
    if kind == "write_off":
        del body[DESTINATION]
    body = {**body, left_out: None} if sent is None else without(body, left_out)
    reply = full.book(manager_api, kind, **body)
    assert reply.status == 422
    assert reply.codes[left_out] == ("null" if sent is None else "required")


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    """The body without one of its fields."""
    return {k: v for k, v in body.items() if k != name}


@pytest.mark.parametrize(("kind", "field"), [("count", SOURCE), ("write_off", DESTINATION)])
def test_422_when_a_kind_has_no_use_for_a_place(
    kind: str, field: str, manager_api: Api, full: Shelf
) -> None:
    body = {SOURCE: full.place.pk, DESTINATION: full.place.pk, "quantity": "1"}
    assert full.book(manager_api, kind, **body).codes == {field: "unknown_field"}


@pytest.mark.parametrize(
    ("kind", "field", "where"),
    [
        ("receive", DESTINATION, "outside"),
        ("receive", SOURCE, "storage"),
        ("receive", DESTINATION, "person"),
        ("issue", SOURCE, "person"),
        ("issue", DESTINATION, "storage"),
        ("transfer", DESTINATION, "person"),
        ("transfer", SOURCE, "outside"),
        ("count", DESTINATION, "person"),
        ("write_off", SOURCE, "person"),
    ],
)
def test_422_naming_the_field_when_a_place_is_of_the_wrong_kind(
    kind: str, field: str, where: str, manager_api: Api, full: Shelf
) -> None:
    full.lend()
    wrong = Location.objects.of_kind(where).first() or place()
    wrong = place() if where == "storage" else wrong
    right = {
        "receive": {DESTINATION: full.place.pk},
        "issue": {SOURCE: full.place.pk},
        "transfer": {SOURCE: full.place.pk, DESTINATION: place().pk},
    }.get(kind, {})
    reply = full.book(manager_api, kind, **{**right, field: wrong.pk, "quantity": "1"})
    assert (reply.status, reply.codes) == (422, {field: "wrong_location"})


@pytest.mark.parametrize(
    ("quantity", "code"),
    [
        ("0", "min_value"),
        ("-1", "min_value"),
        ("0.0001", "max_decimal_places"),
        ("1000000000000", "max_whole_digits"),
        ("1e3", "invalid"),
        ("", "invalid"),
        ("NaN", "invalid"),
        (True, "invalid"),
        ([], "invalid"),
    ],
)
def test_422_when_a_quantity_is_none(quantity: Any, code: str, api: Api, full: Shelf) -> None:
    reply = full.book(api, "issue", source_id=full.place.pk, quantity=quantity)
    assert (reply.status, reply.codes) == (422, {"quantity": code})


def test_422_when_less_than_nothing_was_counted(manager_api: Api, full: Shelf) -> None:
    reply = full.book(manager_api, "count", destination_id=full.place.pk, quantity="-1")
    assert (reply.status, reply.codes) == (422, {"quantity": "min_value"})


def test_422_when_it_would_go_where_it_is(api: Api, full: Shelf) -> None:
    here = full.place.pk
    reply = full.book(api, "transfer", source_id=here, destination_id=here, quantity="1")
    assert (reply.status, reply.codes) == (422, {DESTINATION: "same"})


def test_every_bad_field_named_when_there_are_several(api: Api, full: Shelf) -> None:
    body = {"source_id": 999_999, "quantity": "x", "reason": 7, "reference": "a\nb", "loan_id": 1}
    reply = full.book(api, "transfer", **body)
    assert reply.codes == {
        "source_id": "does_not_exist",
        "destination_id": "required",
        "quantity": "invalid",
        "reason": "invalid",
        "reference": "control",
        "loan_id": "unknown_field",
    }


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (None, "null"),
        ("check_out", "invalid_choice"),
        ("reversal", "invalid_choice"),
        ("x", "invalid_choice"),
        ([], "invalid_choice"),
        (7, "invalid_choice"),
    ],
)
def test_422_when_the_kind_is_none_that_can_be_asked_for(
    kind: Any, code: str, api: Api, full: Shelf
) -> None:
    assert full.book(api, kind, quantity="1").codes == {"kind": code}


def test_422_when_no_kind_is_said(api: Api, full: Shelf) -> None:
    assert api.post(f"{full.path}/movements", {}).codes == {"kind": "required"}


@pytest.mark.parametrize("path", ["/items/999999/movements", "/items/999999/stock"])
def test_404_when_the_item_is_not_there(path: str, api: Api) -> None:
    assert api.get(path).status == 404


def test_404_when_a_movement_is_booked_for_no_item(api: Api) -> None:
    body = {"kind": "receive", "destination_id": place().pk, "quantity": "1"}
    assert api.post("/items/999999/movements", body).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/movements"),
        ("PATCH", "/movements/1"),
        ("DELETE", "/movements/1"),
        ("PUT", "/loans/1"),
        ("DELETE", "/loans/1"),
    ],
)
def test_405_when_what_was_booked_would_be_changed(
    method: str, path: str, manager_api: Api
) -> None:
    assert manager_api.call(method, path, {}).status == 405


def test_booked_once_when_it_is_sent_again_with_its_key(api: Api, full: Shelf) -> None:
    body = {"kind": "issue", "source_id": full.place.pk, "quantity": "1"}
    replies = [
        api.post(f"{full.path}/movements", body, **{"Idempotency-Key": "k-1"}) for _ in range(2)
    ]
    assert replies[0].data == replies[1].data
    assert replies[1]["Idempotency-Replayed"] == "true"
    assert api.get(full.path).data["on_hand"] == "9"


# ── Reversal ──────────────────────────────────────────────────────────────────────────────────
def test_turned_round_when_a_movement_is_reversed(manager_api: Api, full: Shelf) -> None:
    made = full.book(manager_api, "issue", source_id=full.place.pk, quantity="4").data
    reply = manager_api.post(f"/movements/{made['id']}/reverse", {"reason": "Typo"})
    assert reply.status == 201
    assert reply["Location"].endswith(f"/api/v1/movements/{reply.data['id']}")
    assert (reply.data["kind"], reply.data["reason"]) == ("reversal", "Typo")
    assert (reply.data["source"], reply.data["destination"]) == (
        made["destination"],
        made["source"],
    )
    assert reply.data["reverses_id"] == made["id"]
    now = manager_api.get(f"/movements/{made['id']}").data
    assert now == {**made, "reversed_by_id": reply.data["id"]}
    assert manager_api.get(full.path).data["on_hand"] == "10"


def test_409_when_it_has_been_reversed_already(manager_api: Api, full: Shelf) -> None:
    movement = Movement.objects.of_item(full.item.pk).get()
    first = manager_api.post(f"/movements/{movement.pk}/reverse", {})
    again = manager_api.post(f"/movements/{movement.pk}/reverse", {})
    assert (again.status, again.error["code"]) == (409, "already_reversed")
    other = manager_api.post(f"/movements/{first.data['id']}/reverse", {})
    assert (other.status, other.error["code"]) == (409, "not_reversible")


def test_404_when_there_is_no_movement_to_reverse(manager_api: Api) -> None:
    assert manager_api.post("/movements/999999/reverse", {}).status == 404


@pytest.mark.parametrize("body", [b"", b"[]"])
def test_400_when_a_reversal_has_no_body(body: bytes, manager_api: Api, full: Shelf) -> None:
    movement = Movement.objects.of_item(full.item.pk).get()
    assert manager_api.post(f"/movements/{movement.pk}/reverse", body).status == 400


# ── Lists ─────────────────────────────────────────────────────────────────────────────────────
def test_those_that_match_when_movements_are_filtered(manager_api: Api, clerk: User) -> None:
    room, holder = place("Room"), UserFactory.create()
    full, other = Shelf(place("Rack", parent=room), ItemFactory.create()), shelf()
    full.put("5")
    loan = full.lend("1", holder)
    full.book(manager_api, "issue", source_id=full.place.pk, quantity="1", reference="SO-1")
    rows = manager_api.get("/movements").data
    issued, lent, put, elsewhere = ids_of(rows)

    def found(asked: str) -> list[int]:
        return ids_of(manager_api.get(f"/movements?{asked}").data)

    assert found(f"item={full.item.pk}") == [issued, lent, put]
    assert found(f"item={other.item.pk}") == [elsewhere]
    assert found(f"location={room.pk}") == [issued, lent, put]
    assert found("kind=issue") == [issued]
    assert found(f"actor={rows[0]['actor']['id']}") == [issued]
    assert found(f"actor={clerk.pk}") == []
    assert found(f"holder={holder.pk}") == found(f"loan={loan.pk}") == [lent]
    assert found("reference=SO-1") == [issued]
    assert found(f"from={rows[1]['created_at']}") == [issued, lent]
    assert found(f"to={rows[2]['created_at']}") == [put, elsewhere]
    assert found("location=999999") == []


def test_of_this_item_alone_when_its_movements_are_read(api: Api, full: Shelf) -> None:
    shelf()
    rows = api.get(f"{full.path}/movements").data
    assert {row["item"]["id"] for row in rows} == {full.item.pk}


@pytest.mark.parametrize("path", ["/movements", "{item}/movements"])
def test_each_once_and_the_newest_first_when_movements_are_walked(
    path: str, api: Api, full: Shelf
) -> None:
    for _ in range(6):
        full.put("1")
    path = path.replace("{item}", full.path)
    walked = ids_of(by_cursor(api, path, page_size=3))
    assert walked == sorted(walked, reverse=True)
    assert len(set(walked)) == 7
    assert walked == ids_of(by_pages(api, path, page_size=3))


@pytest.mark.parametrize("name", ["from", "to", "kind", "item", "location", "actor", "nope"])
def test_400_naming_it_when_a_filter_is_bad(name: str, api: Api) -> None:
    reply = api.get(f"/movements?{name}=x")
    assert (reply.status, list(reply.codes)) == (400, [name])
