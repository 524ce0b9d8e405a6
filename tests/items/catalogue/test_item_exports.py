"""Items as a file: what the list has, in each format, exactly."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from items.models import Item
from tests.client import Api
from tests.exported import cells, content, objects, sheet
from tests.factories import CategoryFactory, ItemFactory, UserFactory

HEADER = (
    "sku,name,description,category,owner,status,unit,unit_price,currency,tags,attributes,barcode,"
    "serial_number,reorder_point,on_hand,on_loan,created_at,updated_at"
)


@pytest.fixture
def rich(db: None) -> Item:
    """An item with everything."""
    return ItemFactory.create(
        sku="RICH",
        name='Ä "quoted", 의자',
        description="two\nlines",
        category=CategoryFactory.create(name="AC/DC", parent=CategoryFactory.create(name="Top")),
        owner=UserFactory.create(name="Olga Owner", email="olga@example.org"),
        unit_price="12.3",
        currency="USD",
        tags=["red", "a;b"],
        attributes={"a": [1, {"b": None}]},
        barcode="B-1",
        serial_number="S-1",
        reorder_point="2.500",
    )


def test_every_column_when_exported_as_csv(rich: Item, manager_api: Api) -> None:
    file = content(manager_api.get("/items/export"))
    assert file.decode().splitlines()[0] == f"\ufeff{HEADER}"
    [row] = cells(file)
    moments = [row.pop(name) for name in ("created_at", "updated_at")]
    assert [datetime.fromisoformat(each) for each in moments] == [rich.created_at, rich.updated_at]
    assert all(each.endswith("Z") for each in moments)
    assert row == {
        "sku": "RICH",
        "name": 'Ä "quoted", 의자',
        "description": "two\nlines",
        "category": "Top / AC//DC",
        "owner": "olga@example.org",
        "status": "active",
        "unit": "pcs",
        "unit_price": "12.30",
        "currency": "USD",
        "tags": "red; a;;b",
        "attributes": '{"a": [1, {"b": null}]}',
        "barcode": "B-1",
        "serial_number": "S-1",
        "reorder_point": "2.5",
        "on_hand": "0",
        "on_loan": "0",
    }


def test_values_as_the_api_has_them_when_exported_as_json_lines(
    rich: Item, manager_api: Api
) -> None:
    [row] = objects(content(manager_api.get("/items/export?format=jsonl")))
    told = manager_api.get(f"/items/{rich.pk}").data
    assert list(row) == HEADER.split(",")
    same = row.keys() - {"category", "owner", "created_at", "updated_at"}
    assert {name: row[name] for name in same} == {name: told[name] for name in same}
    assert (row["category"], row["owner"]) == ("Top / AC//DC", "olga@example.org")


def test_numbers_and_texts_when_exported_as_a_workbook(rich: Item, manager_api: Api) -> None:
    header, row = sheet(content(manager_api.get("/items/export?format=xlsx")))
    assert header == HEADER.split(",")
    found = dict(zip(header, row, strict=True))
    assert (found["unit_price"], found["on_hand"], found["reorder_point"]) == (12.3, 0, 2.5)
    assert (found["sku"], found["tags"]) == ("RICH", "red; a;;b")


def test_nothing_where_there_is_nothing_when_an_item_is_bare(api: Api) -> None:
    ItemFactory.create(sku="BARE")
    [row] = cells(content(api.get("/items/export")))
    empty = ("category", "owner", "unit_price", "tags", "barcode", "serial_number", "description")
    assert {row[name] for name in empty} == {""}
    [row] = objects(content(api.get("/items/export?format=jsonl")))
    nulls = {name for name, value in row.items() if value is None}
    assert nulls == {*empty, "reorder_point"} - {"tags", "description"}


@pytest.mark.parametrize(("currency", "price"), [("KRW", "5"), ("KWD", "5.000"), ("EUR", "5.00")])
def test_decimals_of_the_currency_when_a_price_is_exported(
    currency: str, price: str, api: Api
) -> None:
    ItemFactory.create(currency=currency, unit_price="5")
    assert cells(content(api.get("/items/export")))[0]["unit_price"] == price


def test_price_as_text_when_a_spreadsheet_would_round_it(api: Api) -> None:
    ItemFactory.create(unit_price=Decimal("123456789012345.67"))
    assert "123456789012345.67" in sheet(content(api.get("/items/export?format=xlsx")))[1]


def test_name_of_the_owner_when_the_reader_may_not_see_users(rich: Item, api: Api) -> None:
    assert cells(content(api.get("/items/export")))[0]["owner"] == "Olga Owner"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_by_id_when_the_list_is_exported(kind: str, api: Api) -> None:
    made = [ItemFactory.create(sku=sku).sku for sku in ("C", "A", "B")]
    Item.objects.filter(sku="C").update(name="written last")  # and so last in the table
    file = content(api.get(f"/items/export?format={kind}"))
    rows: list[dict[str, Any]] = cells(file) if kind == "csv" else objects(file)
    assert [row["sku"] for row in rows] == made


@pytest.mark.parametrize(
    "asked",
    ["status=draft", "tag=x", "search=needle", "category={category}", "max_price=9", "ids={pk}"],
)
def test_what_the_list_has_when_it_is_filtered(asked: str, api: Api) -> None:
    category = CategoryFactory.create()
    found = ItemFactory.create(
        name="Needle",
        status="draft",
        tags=["x"],
        unit_price="9",
        category=CategoryFactory.create(parent=category),
    )
    ItemFactory.create(name="Hay", unit_price="10", category=CategoryFactory.create())
    query = asked.format(category=category.pk, pk=found.pk)
    assert [row["id"] for row in api.get(f"/items?{query}").data] == [found.pk]
    assert [row["sku"] for row in cells(content(api.get(f"/items/export?{query}")))] == [found.sku]


def test_header_alone_when_nothing_matches(api: Api) -> None:
    file = content(api.get("/items/export?owner=999999"))
    assert file.decode() == f"\ufeff{HEADER}\n"
    assert content(api.get("/items/export?format=jsonl&search=%CC%81")) == b""


@pytest.mark.parametrize(
    "asked", ["page=1", "page_size=5", "cursor=", "ordering=id", "fields=id", "format=pdf", "x=1"]
)
def test_400_when_a_parameter_is_not_one_of_an_export(asked: str, api: Api) -> None:
    reply = api.get(f"/items/export?{asked}")
    assert (reply.status, list(reply.codes)) == (400, [asked.partition("=")[0]])


def test_401_when_nobody_asks(anonymous: Api) -> None:
    assert anonymous.get("/items/export").status == 401


def test_403_when_a_filter_takes_a_right_that_is_lacked(nobody_api: Api) -> None:
    assert content(nobody_api.get("/items/export"))
    assert nobody_api.get("/items/export?holder=1").status == 403
