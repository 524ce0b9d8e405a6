"""The filters of a list of items, alone and together."""

from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from config.api import listed
from tests.client import Api
from tests.factories import ItemFactory, UserFactory
from tests.items.conftest import Branch
from tests.items.helpers import ids_of, query, sql, without_triggers

NOBODY = 999_999_999


def found(api: Api, **filters: Any) -> list[int]:
    """The ids that a filter finds, the newest first."""
    return ids_of(api.get(f"/items{query(**filters)}").data)


def test_descendants_are_in_when_a_category_is_asked_for(api: Api, branch: Branch) -> None:
    items = [ItemFactory.create(category=category) for category in branch[:3]]
    ItemFactory.create(category=branch.other)
    ItemFactory.create()
    assert found(api, category=branch.top.pk) == [item.pk for item in reversed(items)]
    assert found(api, category=branch.middle.pk) == [items[2].pk, items[1].pk]
    assert found(api, category=branch.bottom.pk) == [items[2].pk]


@pytest.mark.parametrize("status", ["draft", "active", "retired"])
def test_those_in_it_when_a_status_is_asked_for(status: str, api: Api) -> None:
    items = {s: ItemFactory.create(status=s) for s in ("draft", "active", "retired")}
    assert found(api, status=status) == [items[status].pk]


@pytest.mark.parametrize(
    ("tags", "names"),
    [(["red"], "ba"), (["red", "big"], "b"), (["big", "red"], "b"), (["red", "none"], "")],
)
def test_all_tags_are_carried_when_several_are_asked_for(
    tags: list[str], names: str, api: Api
) -> None:
    ItemFactory.create(name="a", tags=["red"])
    ItemFactory.create(name="b", tags=["big", "red"])
    ItemFactory.create(name="c", tags=[])
    assert [row["name"] for row in api.get(f"/items{query(tag=tags)}").data] == list(names)


def test_theirs_when_an_owner_is_asked_for(api: Api) -> None:
    owner = UserFactory.create()
    item = ItemFactory.create(owner=owner)
    ItemFactory.create()
    assert found(api, owner=owner.pk) == [item.pk]


@pytest.mark.parametrize(
    ("limits", "prices"),
    [
        ({"min_price": "10"}, ["30", "10"]),
        ({"max_price": "10"}, ["10", "5.50"]),
        ({"min_price": "5.5", "max_price": "10.00"}, ["10", "5.50"]),
        ({"min_price": "10.0001"}, ["30"]),
        ({"min_price": "31"}, []),
        ({"min_price": "20", "max_price": "10"}, []),
    ],
)
def test_within_them_when_prices_are_limited(
    limits: dict[str, str], prices: list[str], api: Api
) -> None:
    for price in (None, "5.50", "10", "30"):
        ItemFactory.create(unit_price=price)
    data = api.get(f"/items{query(**limits)}").data
    assert [Decimal(row["unit_price"]) for row in data] == [Decimal(price) for price in prices]


@pytest.mark.parametrize("sku", ["AbC-1", "abc-1", "ABC-1"])
def test_the_one_when_its_sku_is_asked_for_in_any_case(sku: str, api: Api) -> None:
    item = ItemFactory.create(sku="AbC-1")
    ItemFactory.create(sku="ABC-10")
    assert found(api, sku=sku) == [item.pk]


@pytest.mark.parametrize("sku", ["ΑΒΣ", "İ-1", "É-1", "의자-1", "Ǆ", "ẞ"])
def test_the_one_when_its_own_sku_is_asked_for_in_any_script(sku: str, api: Api) -> None:
    item = ItemFactory.create(sku=sku)
    assert found(api, sku=sku) == [item.pk]


def test_later_ones_when_asked_for_since(api: Api) -> None:
    ItemFactory.create()
    second = ItemFactory.create()
    third = ItemFactory.create()
    moment = "2030-01-02T03:04:05.678901Z"
    with without_triggers():
        sql("UPDATE items_item SET updated_at = %s WHERE id = %s", moment, second.pk)
        sql("UPDATE items_item SET updated_at = '2031-01-01Z' WHERE id = %s", third.pk)
    assert found(api, updated_since=moment) == [third.pk, second.pk]
    assert found(api, updated_since="2030-01-02T12:04:05.678901+09:00") == [third.pk, second.pk]
    assert found(api, updated_since="2030-01-02T03:04:05.678902Z") == [third.pk]


def test_missing_ones_named_when_many_are_asked_for_by_id(api: Api) -> None:
    first, second, _ = ItemFactory.create_batch(3)
    reply = api.get(f"/items?ids={second.pk},{NOBODY},{first.pk},{second.pk}")
    assert sorted(ids_of(reply.data)) == [first.pk, second.pk]
    assert reply.meta["missing"] == [NOBODY]


def test_all_answered_when_two_hundred_are_asked_for_by_id(api: Api) -> None:
    ids = [item.pk for item in ItemFactory.create_batch(60)]
    asked = ids + list(range(NOBODY, NOBODY + 140))
    reply = api.get(f"/items?ids={','.join(map(str, asked))}")
    assert (len(reply.data), len(reply.meta["missing"])) == (60, 140)


@pytest.mark.parametrize(
    "filters",
    [
        {"category": NOBODY},
        {"owner": NOBODY},
        {"tag": "none"},
        {"sku": "none"},
        {"ids": NOBODY},
        {"category": 2**63 - 1},
        {"ids": 2**63 - 1},
    ],
)
def test_empty_list_when_a_filter_names_what_is_not_there(
    filters: dict[str, Any], api: Api
) -> None:
    ItemFactory.create()
    reply = api.get(f"/items{query(**filters)}")
    assert (reply.status, reply.data, reply.meta["total"]) == (200, [], 0)


def test_every_filter_holds_when_all_are_asked_for(api: Api, branch: Branch) -> None:
    owner = UserFactory.create()
    wanted: dict[str, Any] = {
        "sku": "CH-1",
        "name": "Oak chair",
        "category": branch.bottom,
        "owner": owner,
        "status": "draft",
        "tags": ["red", "big"],
        "unit_price": "10",
    }
    item = ItemFactory.create(**wanted)
    filters: dict[str, Any] = {
        "search": "oak",
        "sku": "ch-1",
        "category": branch.top.pk,
        "owner": owner.pk,
        "status": "draft",
        "tag": ["red", "big"],
        "min_price": "10",
        "max_price": "10",
        "updated_since": "2020-01-01T00:00:00Z",
        "ids": item.pk,
    }
    assert found(api, **filters) == [item.pk]
    misses: dict[str, Any] = {
        "category": branch.other.pk,
        "owner": NOBODY,
        "status": "active",
        "tag": ["red", "small"],
        "min_price": "11",
        "max_price": "9",
        "updated_since": "2999-01-01T00:00:00Z",
        "ids": NOBODY,
        "sku": "CH-2",
    }
    assert [k for k, v in misses.items() if found(api, **{**filters, k: v})] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nope", "1"),
        ("category", "x"),
        ("category", "0"),
        ("category", "-1"),
        ("category", "1.0"),
        ("category", "+1"),
        ("category", "١"),
        ("category", ""),
        ("category", "9223372036854775808"),
        ("category", "9" * 5000),
        ("owner", "me"),
        ("owner", "9" * 20),
        ("status", "lost"),
        ("status", "Active"),
        ("status", ""),
        ("tag", ""),
        ("tag", "\0"),
        ("tag", "x" * 51),
        ("min_price", "cheap"),
        ("min_price", "NaN"),
        ("min_price", "Infinity"),
        ("min_price", "1_0"),
        ("min_price", " 1"),
        ("min_price", ""),
        ("max_price", "1.00001"),
        ("max_price", "9" * 30),
        ("updated_since", "yesterday"),
        ("updated_since", "2026-02-30T00:00:00Z"),
        ("updated_since", "0001-01-01T00:00:00+14:00"),
        ("updated_since", ""),
        ("ids", ""),
        ("ids", "1,"),
        ("ids", "1;2"),
        ("ids", "a"),
        ("ids", "0"),
        ("ids", "9223372036854775808"),
        ("ids", ",".join(map(str, range(1, 202)))),
        ("sku", ""),
        ("sku", "\0"),
        ("sku", "x" * 65),
        ("search", ""),
        ("search", "  "),
        ("search", "\0"),
        ("search", "x" * 201),
        ("ordering", ""),
        ("ordering", "price"),
        ("ordering", "--name"),
        ("ordering", "name,-name"),
        ("ordering", "name,"),
        ("ordering", "search_text"),
        ("ordering", "owner__password"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "x"),
        ("page", "1.5"),
        ("page", ""),
        ("page", "9" * 30),
        ("page_size", "0"),
        ("page_size", "201"),
        ("page_size", ""),
        ("cursor", "abc"),
        ("cursor", "a:b:c"),
        ("cursor", "\0"),
        ("cursor", "é:é:é"),
        ("format", "json"),
        ("category__name", "x"),
        ("with_sku", "x"),
    ],
)
def test_400_and_named_when_a_parameter_is_bad(name: str, value: str, api: Api) -> None:
    reply = api.get(f"/items{query(**{name: value})}")
    assert (reply.status, reply.error["code"]) == (400, "malformed")
    assert {field.split(".")[0] for field in reply.codes} == {name}


@pytest.mark.parametrize(
    "name",
    [
        "category",
        "cursor",
        "fields",
        "ids",
        "max_price",
        "min_price",
        "ordering",
        "owner",
        "page",
        "page_size",
        "search",
        "sku",
        "status",
        "updated_since",
        "nope",
    ],
)
def test_400_and_named_when_a_parameter_is_repeated(name: str, api: Api) -> None:
    good = {"status": "active", "ordering": "name", "fields": "sku", "updated_since": "2026-01-01"}
    value = quote(good.get(name, "1"))
    reply = api.get(f"/items?{name}={value}&{name}={value}")
    assert (reply.status, list(reply.codes)) == (400, [name])


def test_every_bad_parameter_named_when_several_are_bad(api: Api) -> None:
    reply = api.get("/items?page=0&nope=1&status=lost&min_price=x")
    assert set(reply.codes) == {"page", "nope", "status", "min_price"}


def test_the_choices_are_named_when_another_is_asked_for(api: Api) -> None:
    [problem] = api.get("/items?status=lost").error["details"]
    assert problem["message"] == '"lost" is not one of them; there are: draft, active, retired.'


@pytest.mark.parametrize("cursor", ["", "x"])
def test_400_when_a_page_and_a_cursor_are_asked_for(cursor: str, api: Api) -> None:
    reply = api.get(f"/items?page=1&cursor={cursor}")
    assert (reply.status, reply.error["code"]) == (400, "malformed")


def test_invalid_utf8_harms_nothing_when_searched_for(api: Api) -> None:
    assert api.get("/items?search=%ff%fe").status == 200


# ── Totals ────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def low_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts that stop after three."""
    monkeypatch.setattr(listed, "COUNTED_EXACTLY", 3)


@pytest.mark.parametrize(("rows", "total", "exact"), [(2, 2, True), (3, 3, True), (4, 3, False)])
def test_total_is_a_lower_bound_when_a_filter_matches_more_than_the_cap(
    rows: int, total: int, exact: bool, api: Api, low_cap: None
) -> None:
    ItemFactory.create_batch(rows)
    meta = api.get("/items?status=active&page_size=1").meta
    assert (meta["total"], meta.get("total_exact", True)) == (total, exact)


def test_total_is_exact_when_nothing_is_filtered(api: Api, low_cap: None) -> None:
    ItemFactory.create_batch(5)
    meta = api.get("/items").meta
    assert (meta["total"], "total_exact" in meta) == (5, False)


def test_every_row_is_reached_by_pages_when_the_total_is_a_lower_bound(
    api: Api, low_cap: None
) -> None:
    made = [item.pk for item in ItemFactory.create_batch(7)]
    pages = [api.get(f"/items?status=active&page_size=2&page={n}") for n in (1, 2, 3, 4)]
    assert [pk for page in pages for pk in ids_of(page.data)] == made[::-1]
    assert [page.meta["next"] is not None for page in pages] == [True, True, True, False]


def test_empty_list_when_the_page_is_past_the_end_of_a_lower_bound(api: Api, low_cap: None) -> None:
    ItemFactory.create_batch(7)
    reply = api.get("/items?status=active&page_size=2&page=9")
    assert (reply.status, reply.data, reply.meta["next"]) == (200, [], None)
