"""Locations over REST: the tree, their kinds, and what keeps one from being deleted."""

from typing import Any

import pytest

from items.models import Location
from tests.client import Api
from tests.items.helpers import by_cursor, by_pages, ids_of
from tests.items.stock.shelves import outside, place, shelf

DERIVED = {"id", "created_at", "updated_at"}


def test_in_storage_and_at_the_top_when_only_a_name_is_sent(api: Api) -> None:
    reply = api.post("/locations", {"name": "Store room"})
    assert reply.status == 201
    assert reply["Location"] == f"http://testserver/api/v1/locations/{reply.data['id']}"
    assert {k: v for k, v in reply.data.items() if k not in DERIVED} == {
        "name": "Store room",
        "parent_id": None,
        "parent": None,
        "kind": "storage",
        "user": None,
    }


def test_below_its_parent_when_one_is_named(api: Api) -> None:
    room = place("Room")
    data = api.post("/locations", {"name": "Shelf", "parent_id": room.pk}).data
    assert (data["parent_id"], data["parent"]) == (room.pk, {"id": room.pk, "name": "Room"})


def test_outside_when_that_is_said(api: Api) -> None:
    assert api.post("/locations", {"name": "Supplier", "kind": "outside"}).data["kind"] == "outside"


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({}, {"name": "required"}),
        ({"name": " "}, {"name": "blank"}),
        ({"name": "x", "kind": "person"}, {"kind": "person"}),
        ({"name": "x", "kind": "shelf"}, {"kind": "invalid_choice"}),
        ({"name": "x", "kind": None}, {"kind": "null"}),
        ({"name": "x", "user_id": 1}, {"user_id": "unknown_field"}),
        ({"name": "x", "parent_id": 999_999}, {"parent_id": "does_not_exist"}),
    ],
)
def test_422_when_a_location_is_bad(body: Any, codes: dict[str, str], api: Api) -> None:
    reply = api.post("/locations", body)
    assert (reply.status, reply.codes) == (422, codes)


def test_409_when_a_sibling_has_the_name(api: Api) -> None:
    place("Shelf")
    reply = api.post("/locations", {"name": "SHELF"})
    assert (reply.status, reply.codes) == (409, {"name": "unique"})


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_422_when_the_kind_would_change(method: str, api: Api) -> None:
    made = place("Shelf")
    reply = api.call(method, f"/locations/{made.pk}", {"name": "Shelf", "kind": "outside"})
    assert (reply.status, reply.codes) == (422, {"kind": "fixed"})


def test_kind_stays_when_a_put_leaves_it_out(api: Api) -> None:
    reply = api.put(f"/locations/{outside('ACME').pk}", {"name": "ACME Ltd"})
    assert (reply.status, reply.data["kind"]) == (200, "outside")


def test_nothing_moves_when_a_persons_location_is_put_back(api: Api) -> None:
    loan = shelf().lend()
    path = f"/locations/{loan.holder.location.pk}"
    read = api.get(path).data
    assert read["user"] == {"id": loan.holder.pk, "name": loan.holder.name}
    assert read["kind"] == "person"
    assert {**api.put(path, read).data, "updated_at": read["updated_at"]} == read


def test_422_when_a_location_is_moved_below_itself(api: Api) -> None:
    room = place("Room")
    inner = place("Shelf", parent=room)
    reply = api.patch(f"/locations/{room.pk}", {"parent_id": inner.pk})
    assert (reply.status, reply.codes) == (422, {"parent_id": "circle"})


def test_422_when_it_would_lie_in_one_of_another_kind(api: Api) -> None:
    room, supplier, person = place("Room"), outside("ACME"), shelf().lend().holder.location
    inner = {"name": "Inner", "parent_id": supplier.pk}
    for reply in (
        api.post("/locations", inner),
        api.post("/locations", {"name": "Inner", "parent_id": person.pk}),
        api.post("/locations", {**inner, "kind": "outside", "parent_id": room.pk}),
        api.patch(f"/locations/{room.pk}", {"parent_id": supplier.pk}),
        api.patch(f"/locations/{person.pk}", {"parent_id": room.pk}),
    ):
        assert (reply.status, reply.codes) == (422, {"parent_id": "own_kind"})
    assert api.post("/locations", {**inner, "kind": "outside"}).status == 201


def test_412_when_it_has_been_changed_since(api: Api) -> None:
    path = f"/locations/{place('Shelf').pk}"
    seen = api.get(path)["ETag"]
    assert api.patch(path, {"name": "Rack"}, **{"If-Match": seen}).status == 200
    assert api.patch(path, {"name": "Bin"}, **{"If-Match": seen}).status == 412


# ── Deletion ──────────────────────────────────────────────────────────────────────────────────
def test_gone_when_nothing_was_ever_there(manager_api: Api) -> None:
    made = place()
    assert manager_api.delete(f"/locations/{made.pk}").status == 200
    assert not Location.objects.with_ids([made.pk]).exists()


def test_409_with_what_to_do_instead_when_something_was_booked_there(manager_api: Api) -> None:
    full = shelf("2.5")
    reply = manager_api.delete(f"/locations/{full.place.pk}")
    assert (reply.status, reply.error["code"]) == (409, "conflict")
    assert f"movements received 2.5 of {full.item}" in reply.error["message"]
    assert "What has been booked stays, so keep it" in reply.error["message"]


def test_409_when_locations_are_below_it(manager_api: Api) -> None:
    room = place("Room")
    place("Shelf", parent=room)
    reply = manager_api.delete(f"/locations/{room.pk}")
    assert reply.status == 409
    assert "locations Shelf. Change those first" in reply.error["message"]


# ── Lists ─────────────────────────────────────────────────────────────────────────────────────
def test_children_only_when_a_parent_is_asked_for(api: Api) -> None:
    room = place("Room")
    inner = place("Shelf", parent=room)
    place("Box", parent=inner)
    assert ids_of(api.get(f"/locations?parent={room.pk}").data) == [inner.pk]


@pytest.mark.parametrize("kind", ["storage", "person", "outside"])
def test_of_one_kind_when_that_is_asked_for(kind: str, api: Api) -> None:
    shelf().lend()
    assert {row["kind"] for row in api.get(f"/locations?kind={kind}").data} == {kind}


@pytest.mark.parametrize("ordering", ["name", "-name"])
def test_each_once_and_in_order_when_locations_are_walked(ordering: str, api: Api) -> None:
    for name in ["b", "A", "c", "나", "가"]:
        place(name)
    walked = [row["name"] for row in by_cursor(api, "/locations", ordering=ordering, page_size=2)]
    assert walked == sorted("bAc나가", key=str.lower, reverse=ordering == "-name")
    pages = by_pages(api, "/locations", ordering=ordering, page_size=2)
    assert walked == [row["name"] for row in pages]


@pytest.mark.parametrize("asked", ["kind=shelf", "parent=x", "user=1", "search=x"])
def test_400_when_a_list_is_asked_for_what_there_is_not(asked: str, api: Api) -> None:
    reply = api.get(f"/locations?{asked}")
    assert (reply.status, list(reply.codes)) == (400, [asked.split("=", maxsplit=1)[0]])
