"""An import taken back, as far as nothing has touched what it did since."""

from decimal import Decimal

import pytest

from config import history
from items.exchange import services
from items.exchange.errors import WrongState
from items.models import Item, Loan, Location, Movement
from items.stock import proof
from items.stock.services import check_in, issue_stock
from tests.factories import ItemFactory
from tests.items.exchange.files import applied, outcomes, planned
from users.models import User

pytestmark = pytest.mark.django_db

STOCKED = "sku,name,quantity,location,holder\nA-1,Lamp,3,Hall,\nA-2,Drill,1,Hall,zoe@example.org\n"


def test_what_an_import_made_is_retired_and_its_movements_are_reversed() -> None:
    found = services.take_back(applied(STOCKED))
    assert (found.retired, found.reversed, found.kept) == (2, 3, 0)
    for item in Item.objects.all():
        assert (item.status, item.on_hand, item.on_loan) == ("retired", 0, 0)
    assert Loan.objects.get().closed_at is not None
    assert proof.prove(10).differences == 0


def test_fields_are_as_they_were_before_when_an_import_is_undone() -> None:
    item = ItemFactory.create(
        sku="A-1", name="Lamp", unit_price="4.50", tags=["a"], attributes={"x": "1"}, barcode=None
    )
    before = Item.objects.filter(pk=item.pk).values().get()
    record = applied(
        "sku,name,unit_price,tags,barcode,category,Colour\nA-1,Torch,5,b;c,123,Light,red\n"
    )
    services.take_back(record)
    after = Item.objects.filter(pk=item.pk).values().get()
    derived = ("version", "updated_at")
    assert {k: v for k, v in after.items() if k not in derived} == {
        k: v for k, v in before.items() if k not in derived
    }


def test_what_has_been_edited_since_stays_and_is_told() -> None:
    record = applied("sku,name\nA-1,Lamp\nA-2,Desk\n")
    Item.objects.filter(sku="A-1").update(name="Our lamp")
    found = services.take_back(record)
    assert (found.retired, found.kept) == (1, 1)
    assert found.told == [{"line": 2, "sku": "A-1", "why": "It has been edited since."}]
    assert Item.objects.get(sku="A-1").status == "active"


def test_what_has_moved_since_stays_whole() -> None:
    record = applied(STOCKED)
    issue_stock(
        actor=None,
        item=Item.objects.get(sku="A-1"),
        source=Location.objects.get(name="Hall"),
        quantity=Decimal(1),
    )
    found = services.take_back(record)
    assert [told["sku"] for told in found.told] == ["A-1"]
    assert Item.objects.get(sku="A-1").on_hand == 2


def test_what_was_taken_back_since_stays() -> None:
    record = applied(STOCKED)
    check_in(actor=None, loan=Loan.objects.get())
    assert [told["sku"] for told in services.take_back(record).told] == ["A-2"]


def test_a_count_is_reversed_when_its_import_is_undone() -> None:
    applied(STOCKED)
    record = applied("sku,quantity,location\nA-1,7,Hall\n", count=True)
    services.take_back(record)
    assert Item.objects.get(sku="A-1").on_hand == 3
    assert proof.prove(10).differences == 0


def test_people_and_places_stay_when_an_import_is_undone() -> None:
    services.take_back(applied(STOCKED))
    assert User.objects.filter(email="zoe@example.org").exists()
    assert Location.objects.filter(name="Hall").exists()


def test_an_import_is_undone_once() -> None:
    record = applied(STOCKED)
    services.take_back(record)
    with pytest.raises(WrongState):
        services.take_back(record)


def test_a_plan_that_was_not_applied_is_not_undone() -> None:
    with pytest.raises(WrongState):
        services.take_back(planned(STOCKED))


def test_an_import_is_not_undone_when_its_rows_have_been_pruned() -> None:
    record = applied(STOCKED)
    services.forget_rows(record)
    with pytest.raises(WrongState, match="pruned"):
        services.take_back(record)


def test_what_was_undone_is_as_new_when_it_is_imported_again() -> None:
    services.take_back(applied(STOCKED))
    applied(STOCKED)
    lamp = Item.objects.get(sku="A-1")
    assert (lamp.status, int(lamp.on_hand)) == ("active", 3)
    assert outcomes(planned(STOCKED)) == {2: "unchanged", 3: "unchanged"}


def test_what_somebody_retired_stays_retired_when_it_is_imported_again() -> None:
    applied(STOCKED)
    Item.objects.update(status="retired")
    assert outcomes(planned(STOCKED)) == {2: "unchanged", 3: "unchanged"}


def test_the_history_names_the_undoing(manager: User) -> None:
    record = applied("sku,name\nA-1,Lamp\n")
    services.take_back(record, actor=manager)
    [*_, event] = history.events_of(Item, Item.objects.get().pk).order_by("pk")
    cause = event.pgh_context
    assert (cause["via"], cause["actor"]["id"]) == (f"undoing import {record.pk}", manager.pk)


def test_a_movement_with_the_same_reference_by_hand_is_not_reversed() -> None:
    record = applied("sku,name,quantity,location\nA-1,Lamp,3,Hall\n")
    other = ItemFactory.create()
    hall = Location.objects.get(name="Hall")
    Movement.objects.create(
        kind="receive",
        item=other,
        source=Location.objects.get(name="Outside"),
        destination=hall,
        quantity=2,
        reference=record.cause,
    )
    services.take_back(record)
    other.refresh_from_db()
    assert other.on_hand == 2
