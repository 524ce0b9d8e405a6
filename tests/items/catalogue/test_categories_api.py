"""Categories over REST: the tree and its rules."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from items.models import Category
from tests.client import Api
from tests.factories import CategoryFactory, ItemFactory
from tests.items.conftest import Branch
from tests.items.helpers import by_cursor, by_pages, ids_of, sql

DERIVED = {"id", "created_at", "updated_at"}


def test_at_the_top_when_only_a_name_is_sent(api: Api) -> None:
    reply = api.post("/categories", {"name": "Tools"})
    assert reply.status == 201
    assert reply["Location"] == f"http://testserver/api/v1/categories/{reply.data['id']}"
    rest = {k: v for k, v in reply.data.items() if k not in DERIVED}
    assert rest == {"name": "Tools", "parent_id": None, "parent": None}


def test_below_its_parent_when_one_is_named(api: Api, branch: Branch) -> None:
    data = api.post("/categories", {"name": "New", "parent_id": branch.top.pk}).data
    assert (data["parent_id"], data["parent"]) == (
        branch.top.pk,
        {"id": branch.top.pk, "name": "Equipment"},
    )


def test_back_at_the_top_when_a_put_leaves_the_parent_out(api: Api, branch: Branch) -> None:
    data = api.put(f"/categories/{branch.bottom.pk}", {"name": "Laptops"}).data
    assert (data["parent_id"], data["parent"]) == (None, None)


def test_parent_stays_when_the_name_alone_is_patched(api: Api, branch: Branch) -> None:
    data = api.patch(f"/categories/{branch.bottom.pk}", {"name": "Notebooks"}).data
    assert (data["name"], data["parent_id"]) == ("Notebooks", branch.middle.pk)


def test_nothing_moves_when_what_was_read_is_put_back(api: Api, branch: Branch) -> None:
    path = f"/categories/{branch.bottom.pk}"
    read = api.get(path).data
    assert {**api.put(path, read).data, "updated_at": read["updated_at"]} == read


def test_null_when_deleted(manager_api: Api) -> None:
    reply = manager_api.delete(f"/categories/{CategoryFactory.create().pk}")
    assert reply.body == {"success": True, "data": None, "meta": {}}


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({}, {"name": "required"}),
        ({"name": ""}, {"name": "blank"}),
        ({"name": " \t"}, {"name": "blank"}),
        ({"name": None}, {"name": "null"}),
        ({"name": 7}, {"name": "invalid"}),
        ({"name": ["x"]}, {"name": "invalid"}),
        ({"name": "x\0"}, {"name": "null_characters_not_allowed"}),
        ({"name": "x" * 101}, {"name": "max_length"}),
        ({"name": "x", "parent_id": 999_999}, {"parent_id": "does_not_exist"}),
        ({"name": "x", "parent_id": 2**70}, {"parent_id": "does_not_exist"}),
        ({"name": "x", "parent_id": "1"}, {"parent_id": "invalid"}),
        ({"name": "x", "parent_id": True}, {"parent_id": "invalid"}),
        ({"name": "x", "parent_id": 1.5}, {"parent_id": "invalid"}),
        ({"name": "x", "parent_id": {}}, {"parent_id": "invalid"}),
        ({"name": "", "parent_id": 0, "x": 1}, {"name": "", "parent_id": "", "x": ""}),
    ],
)
def test_422_when_a_category_is_bad(body: Any, codes: dict[str, str], api: Api) -> None:
    reply = api.post("/categories", body)
    assert (reply.status, set(reply.codes)) == (422, set(codes))
    assert all(reply.codes[field] == code for field, code in codes.items() if code)


# ── Names ─────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["Laptops", "LAPTOPS", "laptops"])
def test_409_when_a_sibling_has_the_name(name: str, api: Api, branch: Branch) -> None:
    reply = api.post("/categories", {"name": name, "parent_id": branch.middle.pk})
    assert (reply.status, reply.codes) == (409, {"name": "unique"})


def test_409_when_another_at_the_top_has_the_name(api: Api, branch: Branch) -> None:
    assert api.post("/categories", {"name": "FURNITURE"}).status == 409


def test_409_when_a_move_meets_its_namesake(api: Api, branch: Branch) -> None:
    other = CategoryFactory.create(name="LAPTOPS")
    assert api.patch(f"/categories/{other.pk}", {"parent_id": branch.middle.pk}).status == 409


@pytest.mark.parametrize("where", ["top", "bottom", None])
def test_made_when_the_name_is_elsewhere(where: str | None, api: Api, branch: Branch) -> None:
    parent = getattr(branch, where).pk if where else None
    assert api.post("/categories", {"name": "Laptops", "parent_id": parent}).status == 201


# ── Circles ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("below", ["top", "middle", "bottom"])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_422_when_a_category_is_moved_below_itself(
    method: str, below: str, api: Api, branch: Branch
) -> None:
    body = {"name": "Equipment", "parent_id": getattr(branch, below).pk}
    reply = api.call(method, f"/categories/{branch.top.pk}", body)
    assert (reply.status, reply.codes) == (422, {"parent_id": "circle"})


@pytest.mark.parametrize("below", ["top", "middle", "bottom"])
def test_refused_when_sql_moves_a_category_below_itself(below: str, branch: Branch) -> None:
    parent = getattr(branch, below).pk
    with pytest.raises(IntegrityError, match="below itself"), transaction.atomic():
        sql("UPDATE items_category SET parent_id = %s WHERE id = %s", parent, branch.top.pk)


def test_refused_when_one_sql_statement_turns_two_round(branch: Branch) -> None:
    swap = (
        "UPDATE items_category SET parent_id = CASE id WHEN %s THEN %s ELSE %s END"
        " WHERE id IN (%s, %s)"
    )
    a, b = CategoryFactory.create().pk, CategoryFactory.create().pk
    with pytest.raises(IntegrityError, match="below itself"), transaction.atomic():
        sql(swap, a, b, a, a, b)


def test_moved_when_it_is_no_circle(api: Api, branch: Branch) -> None:
    reply = api.patch(f"/categories/{branch.middle.pk}", {"parent_id": branch.other.pk})
    assert reply.data["parent"]["name"] == "Furniture"


# ── Deleting what is in use ───────────────────────────────────────────────────────────────────
def test_409_and_named_when_items_are_in_it(manager_api: Api, branch: Branch) -> None:
    ItemFactory.create(category=branch.bottom, sku="CH-7", name="Chair")
    reply = manager_api.delete(f"/categories/{branch.bottom.pk}")
    assert (reply.status, reply.error["code"]) == (409, "conflict")
    assert "CH-7" in reply.error["message"]


def test_some_named_and_more_said_when_many_items_are_in_it(
    manager_api: Api, branch: Branch
) -> None:
    ItemFactory.create_batch(9, category=branch.bottom)
    message = manager_api.delete(f"/categories/{branch.bottom.pk}").error["message"]
    assert message.count("SKU-") == 3
    assert "and more" in message


def test_409_and_named_when_categories_are_below_it(manager_api: Api, branch: Branch) -> None:
    reply = manager_api.delete(f"/categories/{branch.middle.pk}")
    assert reply.status == 409
    assert "Laptops" in reply.error["message"]


def test_still_there_when_its_deletion_was_refused(manager_api: Api, branch: Branch) -> None:
    manager_api.delete(f"/categories/{branch.middle.pk}")
    assert Category.objects.filter(pk=branch.middle.pk).exists()


# ── Lists ─────────────────────────────────────────────────────────────────────────────────────
def test_children_only_when_a_parent_is_asked_for(api: Api, branch: Branch) -> None:
    assert ids_of(api.get(f"/categories?parent={branch.top.pk}").data) == [branch.middle.pk]


def test_empty_list_when_the_parent_is_not_there(api: Api, branch: Branch) -> None:
    assert api.get("/categories?parent=999999").data == []


def test_missing_ones_named_when_asked_for_by_id(api: Api, branch: Branch) -> None:
    reply = api.get(f"/categories?ids={branch.top.pk},999999")
    assert (ids_of(reply.data), reply.meta["missing"]) == ([branch.top.pk], [999_999])


@pytest.mark.parametrize("ordering", ["name", "-name", "id", "-id"])
def test_each_once_and_in_order_when_categories_are_walked(ordering: str, api: Api) -> None:
    for name in ["b", "A", "c", "나", "가", "Z", "É"]:
        CategoryFactory.create(name=name)
    rows = Category.objects.all()
    key = ordering.removeprefix("-")
    expected = sorted(
        rows,
        key=lambda row: (row.name.lower(), row.pk) if key == "name" else row.pk,
        reverse=ordering.startswith("-"),
    )
    walked = ids_of(by_cursor(api, "/categories", ordering=ordering, page_size=2))
    assert walked == [row.pk for row in expected]
    assert walked == ids_of(by_pages(api, "/categories", ordering=ordering, page_size=2))


@pytest.mark.parametrize("name", ["search", "status", "category", "nope"])
def test_400_and_named_when_categories_have_no_such_filter(name: str, api: Api) -> None:
    reply = api.get(f"/categories?{name}=1")
    assert (reply.status, list(reply.codes)) == (400, [name])


def test_only_those_fields_when_asked_for(api: Api, branch: Branch) -> None:
    data = api.get(f"/categories/{branch.top.pk}?fields=name").data
    assert data == {"name": "Equipment"}
