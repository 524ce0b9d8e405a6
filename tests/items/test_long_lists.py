"""Lists that are too long to be counted, sorted or passed over whole, in the admin and the API."""

import pytest
from django.test import Client

from config.admin import lists
from config.api import ids, listed
from items.models import Item
from items.stock.admin import StockedItemAdmin
from tests.client import Api
from tests.factories import CategoryFactory, ItemFactory
from tests.items.helpers import ids_of, sql, text_of

ITEMS = "/admin/items/item/"
COUNTED, ON_A_PAGE = 3, 2


@pytest.fixture(autouse=True)
def _long_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a few rows were ten thousand."""
    monkeypatch.setattr(listed, "COUNTED_EXACTLY", COUNTED)
    monkeypatch.setattr(ids, "NEAR", 0)
    monkeypatch.setattr(lists, "NEAR", 0)
    monkeypatch.setattr(StockedItemAdmin, "list_per_page", ON_A_PAGE)


@pytest.fixture
def items(db: None) -> list[Item]:
    """More than are counted, of categories and with names in no order."""
    names = ("delta", "Alpha", "echo", "bravo", "charlie")
    return [ItemFactory.create(name=name, category=CategoryFactory.create()) for name in names]


def shown(desk: Client, query: str = "") -> list[int]:
    """The ids on a page of the admin's list."""
    answer = desk.get(f"{ITEMS}?{query}", follow=True)
    assert answer.status_code == 200
    return [row.pk for row in answer.context["cl"].result_list]


def turned(desk: Client, query: str, pages: int) -> list[int]:
    """The ids on so many pages of it."""
    return [pk for page in range(1, pages + 1) for pk in shown(desk, f"{query}&p={page}")]


def by_name(items: list[Item]) -> list[int]:
    """Their ids in the order of their names."""
    return [item.pk for item in sorted(items, key=lambda item: item.name.lower())]


# ── The admin ─────────────────────────────────────────────────────────────────────────────────
def test_told_that_there_are_more_when_a_filter_leaves_many(
    items: list[Item], desk: Client
) -> None:
    answer = desk.get(f"{ITEMS}?status__exact=active")
    assert f"more than {COUNTED} items" in text_of(answer)
    assert "Select all" not in text_of(answer)
    assert turned(desk, "status__exact=active", 2) == [item.pk for item in items[:1:-1]]


@pytest.mark.parametrize(("order", "turned_round"), [("2", False), ("-2", True)])
def test_as_many_as_are_counted_in_order_when_a_filter_leaves_more(
    order: str, turned_round: bool, items: list[Item], desk: Client
) -> None:
    wanted = by_name(items)[::-1] if turned_round else by_name(items)
    assert turned(desk, f"status__exact=active&o={order}", 2) == wanted[:COUNTED]


def test_number_told_when_a_filter_leaves_few(items: list[Item], desk: Client) -> None:
    Item.objects.filter(pk__in=[item.pk for item in items[:3]]).update(status="draft")
    answer = desk.get(f"{ITEMS}?status__exact=draft")
    assert "3 items" in text_of(answer)
    assert "more than" not in text_of(answer)
    assert "Select all 3 items" in text_of(answer)


@pytest.mark.parametrize(("order", "turned_round"), [("2", False), ("-2", True)])
def test_every_row_once_and_in_order_when_a_long_list_is_turned_over(
    order: str, turned_round: bool, items: list[Item], desk: Client
) -> None:
    wanted = by_name(items)
    assert turned(desk, f"o={order}", 3) == (wanted[::-1] if turned_round else wanted)


def test_the_newest_first_when_a_long_list_is_sorted_by_what_has_no_index(
    items: list[Item], desk: Client
) -> None:
    Item.objects.filter(pk=items[0].pk).update(status="draft")
    assert shown(desk, "o=5") == [items[-1].pk, items[-2].pk]
    html = desk.get(ITEMS).content.decode()
    assert [name for name in ("sku", "name", "category") if f"sortable column-{name}" in html] == [
        "sku",
        "name",
    ]


def test_sorted_by_any_column_when_a_list_is_short(items: list[Item], desk: Client) -> None:
    few = items[:COUNTED]
    Item.objects.filter(pk__in=[item.pk for item in few]).update(status="draft")
    Item.objects.filter(pk=few[1].pk).update(unit="kg")
    categories = [item.pk for item in sorted(few, key=lambda item: -(item.category_id or 0))]
    assert turned(desk, "status__exact=draft&o=3", 2) == categories


# ── The API ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("ordering", ["id", "-id", "name", "-name", "status,-name", "unit_price"])
def test_every_row_once_and_in_order_when_far_pages_are_read(
    ordering: str, items: list[Item], api: Api
) -> None:
    whole = ids_of(api.get(f"/items?ordering={ordering}").data)
    pages = [
        api.get(f"/items?ordering={ordering}&page_size={ON_A_PAGE}&page={n}") for n in range(1, 5)
    ]
    assert [pk for page in pages for pk in ids_of(page.data)] == whole
    assert [page.meta["next"] is not None for page in pages] == [True, True, False, False]
    assert {page.meta["total"] for page in pages} == {len(items)}


@pytest.mark.parametrize("among", [1, 1000])
@pytest.mark.parametrize("ordering", ["-id", "name", "-name", "status,-name", "unit_price"])
def test_every_row_once_and_in_order_when_a_filter_leaves_more_than_are_counted(
    ordering: str, among: int, items: list[Item], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ids, "AMONG", among)
    whole = ids_of(api.get(f"/items?ordering={ordering}").data)
    asked = f"/items?status=active&ordering={ordering}&page_size={ON_A_PAGE}"
    pages = [api.get(f"{asked}&page={number}") for number in range(1, 4)]
    assert [pk for page in pages for pk in ids_of(page.data)] == whole
    assert [page.meta["total"] for page in pages] == [COUNTED, COUNTED, len(items)]
    assert ["total_exact" in page.meta for page in pages] == [True, True, False]


def test_nothing_is_prepared_when_a_filter_is_asked_for(items: list[Item], api: Api) -> None:
    """One plan would be kept for filters that leave one row, and for those that leave a million."""
    prepared = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%matches%'"
    before = sql(prepared)
    for _ in range(3):
        assert api.get("/items?status=active").status == 200
    assert sql(prepared) == before


def test_right_when_the_first_of_the_order_hold_fewer_than_a_page(
    items: list[Item], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ids, "AMONG", ON_A_PAGE + 1)
    first, *others = by_name(items)
    Item.objects.filter(pk=first).update(status="draft")
    page = api.get(f"/items?status=active&ordering=name&page_size={ON_A_PAGE}")
    assert (ids_of(page.data), page.meta["total"]) == (others[:ON_A_PAGE], COUNTED)
