"""A plan carried out: whole or not at all, once, and in the import's name."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection

from config import history
from items.exchange import services
from items.exchange.errors import Changed, HasRefusedRows, WrongState
from items.exchange.models import ExternalKey
from items.models import Category, Import, Item, Loan, Location, Movement
from items.stock import proof
from items.stock.services import count_stock, receive_stock, transfer_stock
from tests.factories import ItemFactory, LocationFactory
from tests.items.exchange.files import applied, outcomes, planned, received
from users.models import User

pytestmark = pytest.mark.django_db

STOCKED = "sku,name,quantity,location\n"


def test_an_item_is_as_the_file_says_when_it_is_made() -> None:
    applied(
        "sku,name,description,category,status,unit,unit_price,currency,tags,attributes,barcode,"
        "reorder_point\n"
        'A-1,Lamp,"Two\nlines",Light / Desk,draft,m,5.5,EUR,"b; a","{""W"": 40}",123,2.5\n'
    )
    item = Item.objects.get()
    assert (item.sku, item.name, item.description, item.status) == (
        *("A-1", "Lamp", "Two\nlines", "draft"),
    )
    assert (item.unit, item.unit_price, item.currency) == ("m", Decimal("5.5"), "EUR")
    assert (item.tags, item.attributes, item.barcode) == (["b", "a"], {"W": 40}, "123")
    assert item.reorder_point == Decimal("2.5")
    assert item.category is not None
    assert [node.name for node in Category.objects.above(item.category.pk)] == ["Light", "Desk"]


def test_an_item_begins_as_a_new_one_does_where_the_file_says_nothing() -> None:
    applied("sku,name\nA-1,Lamp\n")
    made, usual = Item.objects.get(), Item(sku="x", name="y")
    for name in ("description", "status", "unit", "currency", "tags", "attributes", "barcode"):
        assert getattr(made, name) == getattr(usual, name)


def test_a_quantity_is_received_when_the_item_is_new() -> None:
    record = applied(STOCKED + "A-1,Lamp,2.5,Hall / Shelf\n")
    movement = Movement.objects.get()
    assert (movement.kind, movement.quantity, movement.destination.name) == (
        *("receive", Decimal("2.5"), "Shelf"),
    )
    assert (movement.source.name, movement.reference) == ("Outside", f"import {record.pk}")
    assert Item.objects.get().on_hand == Decimal("2.5")


def test_nothing_is_received_when_the_quantity_is_zero() -> None:
    applied(STOCKED + "A-1,Lamp,0,Hall\n")
    assert not Movement.objects.exists()


def test_what_has_no_place_is_put_where_is_said() -> None:
    applied("sku,name,quantity\nA-1,Lamp,2\n", location="Store / In tray")
    assert Movement.objects.get().destination.name == "In tray"


def test_a_holder_has_it_by_a_loan() -> None:
    applied(
        "sku,name,quantity,location,holder,due_at\nA-1,Lamp,1,Hall,zoe@example.org,2026-12-01\n"
    )
    loan = Loan.objects.get()
    assert (loan.holder.email, loan.holder.is_active) == ("zoe@example.org", True)
    assert loan.due_at is not None
    assert f"{loan.due_at:%Y-%m-%d}" == "2026-12-01"
    assert [int(n) for n in Item.objects.values_list("on_hand", "on_loan").get()] == [0, 1]


def test_a_holder_who_is_made_cannot_log_in() -> None:
    applied("sku,name,quantity,location,holder\nA-1,Lamp,1,Hall,zoe@example.org\n")
    person = User.objects.get(email="zoe@example.org")
    assert not person.has_usable_password()
    assert not person.is_staff


def test_the_ledger_proves_right_after_an_import() -> None:
    applied(
        "sku,name,quantity,location,holder\n"
        "A-1,Lamp,1,Hall,zoe@example.org\nA-2,Desk,7,Hall,\nA-3,Cable,2.5,,\n"
    )
    assert proof.prove(10).differences == 0


@pytest.mark.parametrize("more", ["", ",quantity,location"])
def test_nothing_changes_when_it_is_run_again(more: str) -> None:
    file = f"sku,name,tags{more}\nA-1,Lamp,a;b{',3,Hall' if more else ''}\n"
    applied(file)
    record = planned(file)
    assert (record.changes, outcomes(record)) == (0, {2: "unchanged"})


def test_a_difference_in_quantity_is_shown_and_not_booked() -> None:
    applied(STOCKED + "A-1,Lamp,3,Hall\n")
    record = applied(STOCKED + "A-1,Lamp,5,Hall\n")
    assert record.totals["differing"] == 1
    assert Item.objects.get().on_hand == 3


@pytest.mark.parametrize("counted", ["5", "1", "0"])
def test_a_difference_in_quantity_is_booked_when_it_is_counted(counted: str) -> None:
    applied(STOCKED + "A-1,Lamp,3,Hall\n")
    applied(STOCKED + f"A-1,Lamp,{counted},Hall\n", count=True)
    assert Item.objects.get().on_hand == int(counted)
    assert Movement.objects.filter(kind="count").count() == 1


def test_nothing_is_counted_when_all_of_it_has_been_moved() -> None:
    applied(STOCKED + "A-1,Lamp,3,Hall\n")
    hall, cellar = Location.objects.get(name="Hall"), LocationFactory.create()
    item = Item.objects.get()
    transfer_stock(actor=None, item=item, source=hall, destination=cellar, quantity=Decimal(3))
    record = applied(STOCKED + "A-1,Lamp,3,Hall\n", count=True)
    assert (record.totals["differing"], record.totals["counted"]) == (1, 0)


def test_nothing_is_applied_when_a_row_is_refused() -> None:
    record = planned("sku,name\nA-1,Lamp\nA-2,\n")
    with pytest.raises(HasRefusedRows):
        services.apply(record)
    assert not Item.objects.exists()


def test_the_good_rows_are_applied_when_the_refused_ones_are_skipped() -> None:
    services.apply(planned("sku,name\nA-1,Lamp\nA-2,\n"), skip_bad=True)
    assert Item.objects.get().sku == "A-1"


def test_what_only_a_refused_row_names_is_not_made() -> None:
    services.apply(
        planned("sku,name,category,quantity,location\nA-1,Lamp,Light,1,Hall\nA-2,,Dark,1,Cellar\n"),
        skip_bad=True,
    )
    assert [*Category.objects.values_list("name", flat=True)] == ["Light"]
    assert not Location.objects.filter(name="Cellar").exists()


def test_a_plan_is_not_applied_when_an_item_has_been_changed_since() -> None:
    item = ItemFactory.create(sku="A-1", name="Lamp")
    record = planned("sku,name\nA-1,Torch\nA-2,Desk\n")
    Item.objects.filter(pk=item.pk).update(description="Somebody was here")
    with pytest.raises(Changed, match="1 item has been changed"):
        services.apply(record)
    item.refresh_from_db()
    assert item.name == "Lamp"
    assert not Item.objects.filter(sku="A-2").exists()


def test_a_plan_is_not_applied_when_its_sku_has_been_taken_since() -> None:
    record = planned("sku,name\nA-1,Lamp\n")
    ItemFactory.create(sku="a-1")
    with pytest.raises(Changed, match="SKU"):
        services.apply(record)


def test_a_plan_is_not_applied_when_the_stock_has_moved_since() -> None:
    applied(STOCKED + "A-1,Lamp,3,Hall\n")
    record = planned(STOCKED + "A-1,Lamp,5,Hall\n", count=True)
    hall = Location.objects.get(name="Hall")
    count_stock(actor=None, item=Item.objects.get(), location=hall, counted=Decimal(4))
    with pytest.raises(Changed, match="stock"):
        services.apply(record)


def test_a_plan_is_not_applied_when_the_first_stock_has_come_since() -> None:
    item = ItemFactory.create(sku="A-1")
    record = planned("sku,quantity,location\nA-1,5,Hall\n")
    receive_stock(actor=None, item=item, destination=LocationFactory.create(), quantity=Decimal(1))
    with pytest.raises(Changed, match="stock"):
        services.apply(record)


def test_a_plan_is_not_applied_when_a_person_has_been_changed_since() -> None:
    User.objects.create_user("zoe@example.org", name="Zoe")
    record = planned("email,name\nzoe@example.org,Zoë\n")
    User.objects.update(name="Zoe Z")
    with pytest.raises(Changed, match="person"):
        services.apply(record)


def test_a_plan_is_not_applied_twice() -> None:
    record = applied("sku,name\nA-1,Lamp\n")
    with pytest.raises(WrongState):
        services.apply(record)


def test_the_history_names_the_import_when_an_item_is_made() -> None:
    record = applied("sku,name\nA-1,Lamp\n")
    event = history.events_of(Item, Item.objects.get().pk).get()
    assert event.pgh_context["via"] == f"import {record.pk}"


def test_the_history_names_who_applied_it(manager: User) -> None:
    services.apply(planned("sku,name\nA-1,Lamp\n"), actor=manager)
    event = history.events_of(Item, Item.objects.get().pk).get()
    assert event.pgh_context["actor"]["id"] == manager.pk


def test_a_key_is_kept_when_the_source_has_one() -> None:
    applied("Asset Tag,Item Name,Category\n77,Lamp,Light\n")
    key = ExternalKey.objects.get()
    assert (key.source, key.key, key.item.sku) == ("snipeit", "77", "77")


def test_an_item_is_found_by_its_key_when_its_sku_was_changed_by_hand() -> None:
    applied("HB.import_ref,HB.name,HB.location\nr1,Lamp,Hall\n")
    Item.objects.update(sku="OURS-1")
    record = planned("HB.import_ref,HB.name,HB.location\nr1,Lamp,Hall\n")
    assert outcomes(record) == {2: "unchanged"}


def test_the_rows_of_a_plan_are_missed_when_a_crash_has_lost_them() -> None:
    record = planned("sku,name\nA-1,Lamp\n")
    with connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{record.schema}".plan_item')
    with pytest.raises(Changed, match="lost"):
        services.apply(record)


def test_a_file_is_gone_when_its_plan_is_discarded() -> None:
    record = planned("sku,name\nA-1,Lamp\n")
    path = services.path_of(record)
    services.discard(record)
    assert not path.exists()
    assert not Import.objects.exists()


def test_an_import_that_was_applied_is_not_discarded() -> None:
    record = applied("sku,name\nA-1,Lamp\n")
    with pytest.raises(WrongState):
        services.discard(record)


def test_a_plan_can_be_made_again_with_other_options() -> None:
    record = services.plan(received("Foo,Bar\nA-1,Lamp\n"))
    record.options = {**record.options, "map": {"Foo": "sku", "Bar": "name"}}
    record.save()
    services.plan(record)
    assert (record.status, record.problem, record.totals["create"]) == ("planned", "", 1)


def test_a_key_is_of_one_thing_only() -> None:
    with pytest.raises(IntegrityError, match="external_key_of_one_thing"):
        ExternalKey.objects.create(source="x", key="1")
