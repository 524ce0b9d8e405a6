"""What we export comes back: without a change where it came from, whole where nothing is."""

import io
from decimal import Decimal
from typing import Any

import pytest

from config.exports.tables import Table
from config.exports.writing import FORMATS
from items.catalogue.exports import ITEMS
from items.models import Category, Item, Location, Movement, StockLevel
from items.stock.exports import LEVELS, LOANS, MOVEMENTS
from items.stock.services import check_out, receive_stock
from tests.factories import CategoryFactory, ItemFactory, LocationFactory, UserFactory
from tests.items.exchange.files import applied, planned
from users.exports import USERS
from users.models import User

pytestmark = pytest.mark.django_db

ODD_TEXTS = [
    "=1+1",
    "-",
    "-5",
    "+x",
    "@home",
    "'=x",
    "''",
    "'quoted'",
    "semi;colon, comma",
    'quote " within',
    "two\nlines",
    "의자 é 😀",
    "1e5",
    "6.3E-5",
    "00012",
    "true",
    "null",
    "[a]",
    "{}",
    "#N/A",
    "a/b",
]
FORMAT_NAMES = ["csv", "jsonl", "xlsx"]


def exported(table: Table, rows: Any, name: str) -> bytes:
    into = io.BytesIO()
    FORMATS[name].write(rows, table, into, lambda _: None)
    return into.getvalue()


@pytest.fixture
def register() -> None:
    """Items of every kind, with odd texts in all places."""
    above = CategoryFactory.create(name="In/Out")
    below = CategoryFactory.create(name="a / b", parent=above)
    owner = UserFactory.create()
    for number, text in enumerate(ODD_TEXTS):
        ItemFactory.create(
            sku=f"{text[:20]} {number}".strip(),
            name=text,
            description=text,
            category=below,
            owner=owner,
            tags=[text[:50], "a;b"],
            attributes={"text": text, text: 1, "deep": {"n": 1.50}},
            barcode=f"{text} {number}",
            unit_price=Decimal("12.30"),
            reorder_point=Decimal("2.5"),
        )
    ItemFactory.create(sku="bare", name=" padded ", description="", category=None, owner=None)
    ItemFactory.create(sku="yen", currency="JPY", unit_price=1200, status="retired")


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_items_are_unchanged_when_their_export_is_imported(name: str) -> None:
    record = planned(exported(ITEMS, Item.objects.all(), name), f"items.{name}")
    assert (record.problem, record.totals["refused"]) == ("", 0)
    assert (record.totals["unchanged"], record.changes) == (Item.objects.count(), 0)


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_items_are_the_same_when_their_export_is_imported_into_an_empty_register(name: str) -> None:
    made = ("id", "category_id", "version", "created_at", "updated_at")
    before = [_without(row, made) for row in Item.objects.order_by("sku").values()]
    content = exported(ITEMS, Item.objects.all(), name)
    Item.objects.all().delete()
    for category in Category.objects.order_by("-pk"):
        category.delete()
    applied(content, f"items.{name}")
    after = [_without(row, made) for row in Item.objects.order_by("sku").values()]
    for row in (*before, *after):
        row["name"] = row["name"].strip()
    assert after == before
    assert {*Category.objects.paths().values()} == {"In/Out", "In/Out / a / b"}


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_levels_are_unchanged_when_their_export_is_imported(name: str) -> None:
    _stock_up()
    record = planned(exported(LEVELS, StockLevel.objects.in_store(), name), f"levels.{name}")
    assert (record.format, record.totals["unchanged"]) == ("native.levels", 2)
    assert (record.changes, record.totals["differing"]) == (0, 0)


def test_levels_open_the_stock_when_the_items_have_had_none() -> None:
    ItemFactory.create(sku="A-1")
    applied("sku,location,quantity\nA-1,Hall / a//b,2.5\nA-1,Cellar,1\n")
    assert Item.objects.get().on_hand == Decimal("3.5")
    assert Location.objects.filter(name="a/b").exists()


def test_a_level_is_refused_when_there_is_no_such_item() -> None:
    record = planned("sku,location,quantity\nA-9,Hall,1\n")
    assert record.totals["refused"] == 1


def test_a_level_is_refused_when_a_row_before_it_is_about_the_same() -> None:
    ItemFactory.create(sku="A-1")
    record = planned("sku,location,quantity\nA-1,Hall,1\nA-1,hall,1\n")
    assert (record.totals["create"], record.totals["refused"]) == (1, 1)


def test_a_level_is_counted_when_that_is_said() -> None:
    _stock_up()
    applied("sku,location,quantity\nA-1,Hall,1\n", count=True)
    assert Movement.objects.filter(kind="count").count() == 1


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_users_are_unchanged_when_their_export_is_imported(name: str) -> None:
    UserFactory.create(name="=1+1", age=None)
    UserFactory.create(name="Zoë", age=33, is_active=False)
    record = planned(exported(USERS, User.objects.all(), name), f"users.{name}")
    assert (record.format, record.totals["unchanged"], record.changes) == ("native.users", 2, 0)


@pytest.mark.parametrize("table", [MOVEMENTS, LOANS], ids=["movements", "loans"])
def test_the_ledger_is_not_imported_and_says_why(table: Table) -> None:
    _stock_up()
    rows = {"movements": Movement.objects.all(), "loans": _loans()}[table.name]
    record = planned(exported(table, rows, "csv"), f"{table.name}.csv")
    assert record.status == "failed"
    assert "ledger" in record.problem


def _loans() -> Any:
    return Item._meta.get_field("loans").related_model._default_manager.all()


def _stock_up() -> None:
    item = ItemFactory.create(sku="A-1")
    hall = LocationFactory.create(name="Hall")
    cellar = LocationFactory.create(name="Cel/lar", parent=hall)
    for place in (hall, cellar):
        receive_stock(actor=None, item=item, destination=place, quantity=Decimal("2.5"))
    check_out(
        actor=None, item=item, holder=UserFactory.create(), source=hall, quantity=Decimal("0.5")
    )


def _without(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
