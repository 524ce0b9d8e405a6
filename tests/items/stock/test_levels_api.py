"""What is where, over REST: now, at a moment before, and as a filter on items."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from items.models import Movement
from items.stock import querysets
from tests.client import Api
from tests.factories import ItemFactory, UserFactory
from tests.items.helpers import ids_of
from tests.items.stock.shelves import Shelf, outside, place, shelf
from users.models import User


def moments(full: Shelf) -> list[str]:
    """When each movement of the item was booked, as a parameter; the first is the first."""
    rows = Movement.objects.of_item(full.item.pk).order_by("pk")
    return [quote(row.created_at.isoformat()) for row in rows]


@pytest.mark.django_db(transaction=True)
def test_as_it_stood_when_a_moment_is_named(viewer_api_alone: Api) -> None:
    full = shelf("10")
    loan = full.lend("2")
    full.put("0.5")
    received, lent, again = moments(full)
    place_name, holder = full.place.name, loan.holder.name

    def at(moment: str) -> dict[str, str]:
        return full.levels(viewer_api_alone, f"?as_of={moment}")

    assert at("2020-01-01T00:00:00Z") == {}
    assert at(received) == {place_name: "10", "Outside": "-10"}
    assert at(lent) == {place_name: "8", holder: "2", "Outside": "-10"}
    assert at(again) == {place_name: "8.5", holder: "2", "Outside": "-10.5"}
    later = quote((timezone.now() + timedelta(days=1)).isoformat())
    assert at(later) == at(again) == full.levels(viewer_api_alone)


@pytest.fixture
def viewer_api_alone(transactional_db: None, api_of: Callable[[User], Api]) -> Api:
    """The client of somebody who may do everything, where transactions end as they do in life."""
    return api_of(UserFactory.create(is_superuser=True))


def test_each_level_with_its_place_and_its_person_when_stock_is_read(viewer_api: Api) -> None:
    full = shelf("10")
    loan = full.lend("2.5")
    there, lent, world = sorted(
        viewer_api.get(f"{full.path}/stock").data, key=lambda row: row["kind"], reverse=True
    )
    assert there == {
        "location": {"id": full.place.pk, "name": full.place.name},
        "kind": "storage",
        "user": None,
        "quantity": "7.5",
    }
    assert (lent["kind"], lent["quantity"]) == ("person", "2.5")
    assert lent["user"] == {"id": loan.holder.pk, "name": loan.holder.name}
    assert (world["kind"], world["quantity"]) == ("outside", "-10")


def test_by_the_names_of_their_locations_when_levels_are_read(api: Api) -> None:
    full = shelf(None)
    for name in ("b", "A", "c"):
        Shelf(place(name), full.item).put("1")
    assert list(full.levels(api)) == ["A", "b", "c", "Outside"]
    assert list(full.levels(api, "?as_of=2999-01-01T00:00:00Z")) == ["A", "b", "c", "Outside"]


def test_without_the_empty_ones_when_all_of_it_has_gone(api: Api) -> None:
    full, customer = shelf("10"), outside("ACME")
    full.book(api, "issue", source_id=full.place.pk, destination_id=customer.pk, quantity="10")
    assert full.levels(api) == {"ACME": "10", "Outside": "-10"}


def test_none_when_nothing_was_ever_booked(viewer_api: Api) -> None:
    assert shelf(None).levels(viewer_api) == {}


@pytest.mark.parametrize("asked", ["as_of=yesterday", "page=1", "location=1"])
def test_400_naming_it_when_levels_are_asked_for_by_what_there_is_not(asked: str, api: Api) -> None:
    reply = api.get(f"{shelf().path}/stock?{asked}")
    assert (reply.status, list(reply.codes)) == (400, [asked.partition("=")[0]])


# ── Items by their stock ──────────────────────────────────────────────────────────────────────
def test_derived_and_not_written_when_an_item_is_put(api: Api) -> None:
    full = shelf("2.5")
    read = api.get(full.path).data
    assert (read["on_hand"], read["on_loan"]) == ("2.5", "0")
    written = api.put(full.path, {**read, "on_hand": "7", "on_loan": "7"}).data
    assert (written["on_hand"], written["on_loan"]) == ("2.5", "0")


def test_another_tag_and_the_same_version_when_something_is_booked(api: Api) -> None:
    full = shelf()
    before = api.get(full.path)
    full.put("1")
    now = api.get(full.path, **{"If-None-Match": before["ETag"]})
    assert (now.status, now.data["version"]) == (200, before.data["version"])
    assert api.patch(full.path, {"name": "x"}, **{"If-Match": before["ETag"]}).status == 200


@pytest.mark.parametrize("many", [0, querysets.MANY_LEVELS])
def test_those_that_are_there_or_below_when_a_location_is_asked_for(
    viewer_api: Api, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(querysets, "MANY_LEVELS", many)
    room = place("Room")
    rack = place("Rack", parent=room)
    here, below = Shelf(room, ItemFactory.create()), Shelf(rack, ItemFactory.create())
    gone, _ = shelf(), shelf()
    for each in (here, below, Shelf(rack, here.item)):
        each.put("1")

    def found(location: int) -> list[int]:
        return ids_of(viewer_api.get(f"/items?location={location}").data)

    assert found(room.pk) == [below.item.pk, here.item.pk]
    assert found(rack.pk) == [below.item.pk, here.item.pk]
    assert found(999_999) == []
    loan = gone.lend("10")
    assert found(gone.place.pk) == []
    assert found(loan.holder.location.pk) == [gone.item.pk]


def test_those_that_somebody_has_when_a_holder_is_asked_for(api: Api) -> None:
    full, bob = shelf(), UserFactory.create()
    back = full.lend("1", bob)
    full.lend("2", bob)
    full.lend("2", bob)
    shelf().lend()

    def found() -> list[int]:
        return ids_of(api.get(f"/items?holder={bob.pk}").data)

    api.post(f"/loans/{back.pk}/return", {})
    assert found() == [full.item.pk]
    for loan in api.get(f"/loans?holder={bob.pk}&open=true").data:
        api.post(f"/loans/{loan['id']}/return", {})
    assert found() == []


def test_low_or_not_when_that_is_asked_for(viewer_api: Api) -> None:
    low, enough = shelf("2.5", reorder_point="2.5"), shelf("2.501", reorder_point="2.5")
    empty, unsaid = shelf(None, reorder_point="0"), shelf(None)
    retired = shelf(None, reorder_point="1", status="retired")
    asked = [ids_of(viewer_api.get(f"/items?low_stock={each}").data) for each in ("true", "false")]
    others = [retired.item.pk, unsaid.item.pk, enough.item.pk]
    assert asked == [[empty.item.pk, low.item.pk], others]


@pytest.mark.parametrize("name", ["location", "holder"])
def test_403_when_items_are_asked_for_by_what_one_may_not_see(
    name: str, nobody_api: Api, viewer_api: Api
) -> None:
    reply = nobody_api.get(f"/items?{name}=1")
    assert (reply.status, reply.error["code"]) == (403, "permission_denied")
    assert name in reply.error["message"]
    assert viewer_api.get(f"/items?{name}=1").status == 200


# ── What has been booked keeps what it names ──────────────────────────────────────────────────
def test_409_that_says_retire_when_an_item_with_movements_is_deleted(manager_api: Api) -> None:
    full = shelf("2.5")
    reply = manager_api.delete(full.path)
    assert (reply.status, reply.error["code"]) == (409, "conflict")
    message = reply.error["message"]
    assert message.startswith(f"It is still in use by movements received 2.5 of {full.item}; stock")
    assert f"2.5 at {full.place}" in message
    assert "-2.5 at Outside" in message
    assert message.endswith("so keep it, and deactivate, retire or rename it instead.")
    assert manager_api.patch(full.path, {"status": "retired"}).status == 200


def test_409_that_says_deactivate_when_a_user_who_holds_something_is_deleted(
    manager_api: Api,
) -> None:
    loan = shelf().lend()
    reply = manager_api.delete(f"/users/{loan.holder.pk}")
    assert (reply.status, reply.error["code"]) == (409, "conflict")
    assert f"loans {loan.item} to {loan.holder}" in reply.error["message"]
    assert "deactivate" in reply.error["message"]


def test_409_when_a_user_who_booked_something_is_deleted(
    manager_api: Api, api: Api, clerk: User
) -> None:
    full = shelf()
    full.book(api, "issue", source_id=full.place.pk, quantity="1")
    reply = manager_api.delete(f"/users/{clerk.pk}")
    assert reply.status == 409
    assert f"movements issued 1 of {full.item}. What has been booked" in reply.error["message"]
