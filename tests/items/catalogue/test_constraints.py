"""The last wall: what the database refuses, whoever writes."""

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from config.currencies import DECIMALS
from items.models import Category, Item
from tests.factories import CategoryFactory, ItemFactory, UserFactory
from tests.items.helpers import sql

ITEM_CHECKS = [
    ("item_sku_not_blank", "sku = ''"),
    ("item_sku_not_blank", "sku = E' \\t\\n'"),
    ("item_name_not_blank", "name = ''"),
    ("item_name_not_blank", "name = '   '"),
    ("item_barcode_not_blank", "barcode = ''"),
    ("item_serial_number_not_blank", "serial_number = ''"),
    ("item_status_known", "status = 'lost'"),
    ("item_status_known", "status = 'Active'"),
    ("item_currency_known", "currency = 'XXX'"),
    ("item_currency_known", "currency = 'usd'"),
    ("item_unit_price_not_negative", "unit_price = -0.01"),
    ("item_unit_price_fits_currency", "unit_price = 12.345"),
    ("item_unit_price_fits_currency", "unit_price = 0.5, currency = 'KRW'"),
    ("item_unit_price_fits_currency", "unit_price = 1.2345, currency = 'KWD'"),
    ("item_reorder_point_not_negative", "reorder_point = -1"),
    ("item_attributes_object", "attributes = '[]'"),
    ("item_attributes_object", "attributes = 'null'"),
    ("item_attributes_object", "attributes = '\"text\"'"),
]


@pytest.mark.parametrize(("name", "write"), ITEM_CHECKS)
def test_refused_when_sql_breaks_a_rule_of_items(name: str, write: str, db: None) -> None:
    ItemFactory.create(currency="USD")
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        sql(f"UPDATE items_item SET {write}")


@pytest.mark.parametrize("name", ["''", "'  '", "E'\\n'"])
def test_refused_when_sql_blanks_a_category(name: str, db: None) -> None:
    CategoryFactory.create()
    with pytest.raises(IntegrityError, match="category_name_not_blank"), transaction.atomic():
        sql(f"UPDATE items_category SET name = {name}")


def test_refused_when_sql_inserts_a_negative_version(db: None) -> None:
    columns = "sku, name, description, status, unit, currency, tags, attributes, version"
    values = "'S', 'S', '', 'active', 'pcs', 'USD', '{}', '{}', -1"
    with pytest.raises(IntegrityError, match="items_item_version_check"), transaction.atomic():
        sql(f"INSERT INTO items_item ({columns}) VALUES ({values})")


@pytest.mark.parametrize("model", [Item, Category])
def test_every_check_has_a_test_when_the_database_lists_them(
    model: type[Item | Category], db: None
) -> None:
    tested = {name for name, _ in ITEM_CHECKS}
    tested |= {"category_name_not_blank", "items_item_version_check"}
    # What the ledger adds up; see tests/items/stock/test_database.py.
    tested |= {"item_stock_not_negative", "item_with_serial_number_is_one"}
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    assert {name for name, about in found.items() if about["check"]} <= tested


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("item_sku_unique", "sku = 'a-1'"),
        ("item_barcode_unique", "barcode = 'B'"),
        ("item_serial_number_unique", "serial_number = 'S'"),
    ],
)
def test_refused_when_sql_takes_what_another_item_has(name: str, write: str, db: None) -> None:
    ItemFactory.create(sku="A-1", barcode="B", serial_number="S")
    other = ItemFactory.create()
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        sql(f"UPDATE items_item SET {write} WHERE id = %s", other.pk)


@pytest.mark.parametrize("below", [True, False])
def test_refused_when_sql_takes_the_name_of_a_sibling(below: bool, db: None) -> None:
    parent = CategoryFactory.create().pk if below else None
    insert = "INSERT INTO items_category (name, parent_id) VALUES (%s, %s)"
    sql(insert, "Laptops", parent)
    with pytest.raises(IntegrityError, match="unique_in_parent"), transaction.atomic():
        sql(insert, "LAPTOPS", parent)


@pytest.mark.parametrize("column", ["category_id", "owner_id"])
def test_refused_when_sql_refers_to_what_is_not_there(column: str, db: None) -> None:
    ItemFactory.create()
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="foreign key"), transaction.atomic():
        sql(f"UPDATE items_item SET {column} = 999999")


@pytest.mark.parametrize("table", ["items_category", "users_user"])
def test_refused_when_sql_deletes_what_an_item_refers_to(table: str, db: None) -> None:
    ItemFactory.create(category=CategoryFactory.create(), owner=UserFactory.create())
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="foreign key"), transaction.atomic():
        sql(f'DELETE FROM "{table}"')


@pytest.mark.parametrize("column", ["sku", "name", "description", "status", "tags", "attributes"])
def test_refused_when_sql_writes_null_where_there_is_always_something(
    column: str, db: None
) -> None:
    ItemFactory.create()
    with pytest.raises(IntegrityError, match="not-null"), transaction.atomic():
        sql(f"UPDATE items_item SET {column} = NULL")


def test_refused_when_sql_writes_a_price_of_too_many_digits(db: None) -> None:
    ItemFactory.create()
    with pytest.raises(DataError, match="overflow"), transaction.atomic():
        sql("UPDATE items_item SET unit_price = 1e15")


@pytest.mark.parametrize("code", [*DECIMALS, "XXX", "usd", ""])
def test_the_database_knows_the_decimals_of(code: str, db: None) -> None:
    assert sql(f"SELECT currency_decimals('{code}')") == [(DECIMALS.get(code),)]


def test_all_derived_is_there_when_sql_inserts_an_item(db: None) -> None:
    columns = "sku, name, description, status, unit, currency, tags, attributes"
    sql(
        f"INSERT INTO items_item ({columns})"
        " VALUES ('S-1', 'Café', '', 'active', 'pcs', 'USD', '{}', '{}')"
    )
    item = Item.objects.get()
    assert (item.version, "cafe" in item.search_text.text) == (1, True)
    assert item.created_at == item.updated_at
