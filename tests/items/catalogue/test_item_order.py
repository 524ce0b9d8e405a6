"""The order of a list of items, its pages and its cursors."""

from typing import Any

import pytest

from items.models import Item
from tests.client import Api
from tests.factories import CategoryFactory, ItemFactory
from tests.items.helpers import by_cursor, by_pages, ids_of, query, sql, without_triggers

ROWS = 57
KEYS = ["id", "sku", "name", "status", "unit_price", "created_at", "updated_at"]
ORDERINGS = [sign + key for key in KEYS for sign in ("", "-")]
MIXED = [
    *("status,-unit_price", "-name,sku", "unit_price,name", "unit_price,-id"),
    *("-status,name,-created_at", "-updated_at,status"),
]
NAMES = ["banana", "Apple", "의자", "apple", "가위", "Zebra", "éclair", "_x", "Éclair", "10", "9"]


@pytest.fixture
def many(db: None) -> list[Item]:
    """57 items with many ties in every key but the id."""
    Item.objects.bulk_create(
        Item(
            sku=f"{'aBc'[n % 3]}-{n:02}",
            name=NAMES[n % len(NAMES)],
            status=["active", "draft", "retired"][n % 3],
            unit_price=[None, 0, "9.99", "10", "1000000000.01"][n % 5],
            currency="USD",
        )
        for n in range(ROWS)
    )
    with without_triggers():
        sql(
            "UPDATE items_item SET created_at = '2026-01-01Z'::timestamptz + (id % 7) * interval"
            " '0.000001 s', updated_at = '2026-01-01Z'::timestamptz + (id % 5) * interval '1 h'"
        )
    return list(Item.objects.all())


def key_of(item: Item, ordering: str) -> tuple[Any, ...]:
    """What an item is ordered by, ascending; no price comes before any."""
    values = {
        "sku": item.sku.lower(),
        "name": item.name.lower(),
        "unit_price": -1 if item.unit_price is None else item.unit_price,
    }
    return (values.get(ordering, getattr(item, ordering)), item.pk)


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_in_order_and_ties_end_in_the_id_when_ordered(
    ordering: str, api: Api, many: list[Item]
) -> None:
    key = ordering.removeprefix("-")
    expected = sorted(many, key=lambda item: key_of(item, key), reverse=ordering.startswith("-"))
    reply = api.get(f"/items{query(ordering=ordering, page_size=200)}")
    assert ids_of(reply.data) == [item.pk for item in expected]


@pytest.mark.parametrize("ordering", [*ORDERINGS, *MIXED])
def test_each_row_once_and_as_by_pages_when_a_cursor_is_walked(
    ordering: str, api: Api, many: list[Item]
) -> None:
    walked = ids_of(by_cursor(api, "/items", ordering=ordering, page_size=10, fields="id"))
    assert len(set(walked)) == len(walked) == ROWS
    assert walked == ids_of(by_pages(api, "/items", ordering=ordering, page_size=10, fields="id"))


def test_newest_first_when_no_order_is_asked_for(api: Api, many: list[Item]) -> None:
    assert ids_of(by_cursor(api, "/items", page_size=25)) == sorted(
        (item.pk for item in many), reverse=True
    )


def test_each_row_once_when_a_filtered_cursor_is_walked(api: Api, many: list[Item]) -> None:
    walked = by_cursor(api, "/items", status="draft", ordering="name", page_size=4)
    assert sorted(ids_of(walked)) == sorted(item.pk for item in many if item.status == "draft")


def test_nothing_is_skipped_when_rows_come_and_go_behind_the_cursor(
    api: Api, many: list[Item]
) -> None:
    first = api.get("/items?ordering=id&cursor=&page_size=10")
    Item.objects.filter(pk__in=ids_of(first.data)).delete()
    second = api.get(f"/items?ordering=id&page_size=10&cursor={first.meta['next_cursor']}")
    assert ids_of(second.data) == sorted(item.pk for item in many)[10:20]


def test_page_size_may_change_when_a_cursor_is_walked(api: Api, many: list[Item]) -> None:
    cursor = api.get("/items?cursor=&page_size=10").meta["next_cursor"]
    rest = api.get(f"/items?cursor={cursor}&page_size=200")
    assert (len(rest.data), rest.meta["next_cursor"]) == (ROWS - 10, None)


def test_no_cursor_when_the_last_page_is_just_full(api: Api) -> None:
    ItemFactory.create_batch(4)
    assert api.get("/items?cursor=&page_size=4").meta["next_cursor"] is None


@pytest.mark.parametrize(
    "parameters",
    [
        {"ordering": "-name"},
        {"ordering": "sku"},
        {"ordering": "name,sku"},
        {"ordering": "name", "status": "active"},
        {"ordering": "name", "min_price": "1"},
        {},
    ],
)
def test_400_when_a_cursor_is_used_with_another_list(
    parameters: dict[str, str], api: Api, many: list[Item]
) -> None:
    cursor = api.get("/items?ordering=name&cursor=&page_size=5").meta["next_cursor"]
    reply = api.get(f"/items{query(**parameters, cursor=cursor)}")
    assert (reply.status, list(reply.codes)) == (400, ["cursor"])


def test_400_when_a_cursor_is_used_on_another_path(api: Api, many: list[Item]) -> None:
    CategoryFactory.create()
    cursor = api.get("/items?cursor=&page_size=5").meta["next_cursor"]
    assert api.get(f"/categories?cursor={cursor}").status == 400
    assert api.get(f"/items/{many[0].pk}/history?cursor={cursor}").status == 400


@pytest.mark.parametrize(
    "harm", [lambda c: c[:-1], lambda c: "A" + c, lambda c: c + "A", str.upper]
)
def test_400_when_a_cursor_is_mangled(harm: Any, api: Api, many: list[Item]) -> None:
    cursor = api.get("/items?cursor=&page_size=5").meta["next_cursor"]
    reply = api.get(f"/items{query(cursor=harm(cursor))}")
    assert (reply.status, list(reply.codes)) == (400, ["cursor"])


def test_empty_when_a_cursor_is_started_on_nothing(api: Api) -> None:
    reply = api.get("/items?cursor=")
    assert (reply.data, reply.meta["next_cursor"]) == ([], None)


def test_empty_list_and_right_total_when_the_page_is_past_the_end(
    api: Api, many: list[Item]
) -> None:
    reply = api.get("/items?page=2147483647")
    assert (reply.status, reply.data) == (200, [])
    assert (reply.meta["total"], reply.meta["next"]) == (ROWS, None)


def test_links_lead_both_ways_when_in_the_middle(api: Api, many: list[Item]) -> None:
    meta = api.get("/items?page=2&page_size=10&status=draft&tag=a&tag=%EC%9D%98").meta
    assert meta["next"] is None
    middle = api.get("/items?page_size=10&page=2&ordering=name").meta
    base = "http://testserver/api/v1/items?page_size=10&ordering=name&page="
    assert (middle["previous"], middle["next"]) == (f"{base}1", f"{base}3")


def test_links_keep_repeated_and_foreign_filters_when_followed(api: Api) -> None:
    made = ItemFactory.create_batch(3, tags=["의자", "a&b"])
    ItemFactory.create()
    rows = by_pages(api, "/items", tag=["의자", "a&b"], page_size=1)
    assert ids_of(rows) == [item.pk for item in reversed(made)]


@pytest.mark.parametrize(("size", "rows"), [(None, 50), (1, 1), (200, ROWS)])
def test_as_many_rows_as_asked_for_when_a_page_is_read(
    size: int | None, rows: int, api: Api, many: list[Item]
) -> None:
    path = "/items" if size is None else f"/items?page_size={size}"
    assert len(api.get(path).data) == rows
