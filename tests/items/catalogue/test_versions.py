"""`version` and `updated_at`: kept by the database, whoever writes."""

from typing import Any

import pytest

from items.models import Category, Item
from tests.client import Api
from tests.factories import CategoryFactory, ItemFactory, UserFactory
from tests.items.helpers import sql, without_triggers

EDITS: dict[str, Any] = {
    "sku": "OTHER",
    "name": "Other",
    "description": "Other",
    "status": "draft",
    "unit": "kg",
    "unit_price": "7",
    "currency": "GBP",
    "tags": ["other"],
    "attributes": {"o": 1},
    "barcode": "O",
    "serial_number": "O",
    "reorder_point": "7",
}


@pytest.fixture
def item(db: None) -> Item:
    """An item of last year."""
    made = ItemFactory.create()
    with without_triggers():
        sql("UPDATE items_item SET updated_at = '2020-01-01Z'")
    made.refresh_from_db()
    return made


def moved(item: Item) -> tuple[int, bool]:
    """How far the version went, and whether `updated_at` moved."""
    now = Item.objects.get(pk=item.pk)
    return now.version - item.version, now.updated_at > item.updated_at


@pytest.mark.parametrize("field", EDITS)
def test_one_further_when_a_field_is_patched(field: str, item: Item, api: Api) -> None:
    api.patch(f"/items/{item.pk}", {field: EDITS[field]})
    assert moved(item) == (1, True)


@pytest.mark.parametrize("field", ["category", "owner"])
def test_one_further_when_a_relation_is_patched(field: str, item: Item, api: Api) -> None:
    related: Any = CategoryFactory.create() if field == "category" else UserFactory.create()
    api.patch(f"/items/{item.pk}", {f"{field}_id": related.pk})
    assert moved(item) == (1, True)


def test_one_further_when_many_fields_are_put(item: Item, api: Api) -> None:
    api.put(f"/items/{item.pk}", EDITS)
    assert moved(item) == (1, True)


def test_one_further_when_changed_in_bulk(item: Item) -> None:
    Item.objects.update(name="Bulk")
    assert moved(item) == (1, True)


def test_one_further_when_changed_by_sql(item: Item) -> None:
    sql("UPDATE items_item SET name = 'SQL'")
    assert moved(item) == (1, True)


def test_one_further_when_saved_whole(item: Item) -> None:
    item.name = "Saved"
    item.save()
    assert Item.objects.get(pk=item.pk).version == 2


def test_two_further_when_a_stale_copy_is_saved(item: Item) -> None:
    Item.objects.update(name="First")
    item.description = "from a stale copy"
    item.save()
    assert moved(item) == (2, True)


def test_unmoved_when_nothing_is_changed_by_the_api(item: Item, api: Api) -> None:
    path = f"/items/{item.pk}"
    api.patch(path, {})
    api.patch(path, {"name": item.name, "tags": item.tags})
    api.put(path, api.get(path).data)
    assert moved(item) == (0, False)


@pytest.mark.parametrize("write", ["name = name", "attributes = '{}'", "tags = '{}'"])
def test_unmoved_when_nothing_is_changed_by_sql(write: str, item: Item) -> None:
    sql(f"UPDATE items_item SET {write}")
    assert moved(item) == (0, False)


def test_unmoved_when_a_refused_edit_changes_nothing(item: Item, api: Api) -> None:
    api.patch(f"/items/{item.pk}", {"name": "", "unit": "kg"})
    assert moved(item) == (0, False)


def test_unmoved_when_its_category_is_renamed(api: Api) -> None:
    item = ItemFactory.create(category=CategoryFactory.create())
    api.patch(f"/categories/{item.category_id}", {"name": "Renamed"})
    assert moved(item) == (0, False)


@pytest.mark.parametrize("field", ["version", "updated_at", "created_at"])
def test_unmoved_when_the_api_is_sent_a_derived_field(field: str, item: Item, api: Api) -> None:
    api.patch(f"/items/{item.pk}", {field: "2001-01-01T00:00:00Z" if "at" in field else 99})
    assert moved(item) == (0, False)


@pytest.mark.parametrize("write", ["version = 99", "version = 1", "updated_at = '2031-01-01Z'"])
def test_unmoved_when_sql_writes_a_derived_field_alone(write: str, item: Item) -> None:
    Item.objects.update(name="Second version")
    item.refresh_from_db()
    sql(f"UPDATE items_item SET {write}")
    assert moved(item) == (0, False)


def test_counted_from_the_old_one_when_sql_writes_version_with_an_edit(item: Item) -> None:
    sql("UPDATE items_item SET version = 99, name = 'Edited'")
    assert moved(item) == (1, True)


def test_moment_moves_when_a_category_is_renamed(db: None) -> None:
    category = CategoryFactory.create()
    with without_triggers():
        sql("UPDATE items_category SET updated_at = '2020-01-01Z'")
    sql("UPDATE items_category SET name = name")
    before = Category.objects.get(pk=category.pk).updated_at
    assert before.year == 2020
    sql("UPDATE items_category SET name = 'Renamed'")
    assert Category.objects.get(pk=category.pk).updated_at > before
