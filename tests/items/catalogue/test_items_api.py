"""Items over REST: the six verbs and the shape of their answers."""

from typing import Any

import pytest

from items.models import Item
from tests.client import Api
from tests.factories import CategoryFactory, ItemFactory, UserFactory
from tests.items.helpers import query

NEW: dict[str, Any] = {"sku": "CH-1", "name": "Chair"}
FULL: dict[str, Any] = {
    "sku": "LAP-7",
    "name": "ThinkPad",
    "description": "Two lines,\nand a half.",
    "status": "draft",
    "unit": "kg",
    "unit_price": "12.30",
    "currency": "USD",
    "tags": ["red", "blue"],
    "attributes": {"ram": 16, "sizes": [1, 2.5, None], "deep": {"er": {"est": "é"}}},
    "barcode": "4006381333931",
    "serial_number": "SN-1",
    "reorder_point": "2.5",
}
DERIVED = {"id", "version", "created_at", "updated_at"}


@pytest.fixture
def full() -> dict[str, Any]:
    """A body with every field."""
    return FULL | {"category_id": CategoryFactory.create().pk, "owner_id": UserFactory.create().pk}


# ── GET ───────────────────────────────────────────────────────────────────────────────────────
def test_answers_the_item_when_it_is_there(api: Api) -> None:
    item = ItemFactory.create(name="Chair")
    reply = api.get(f"/items/{item.pk}")
    assert (reply.status, reply.data["name"]) == (200, "Chair")


def test_envelope_of_one_when_it_is_read(api: Api) -> None:
    reply = api.get(f"/items/{ItemFactory.create().pk}")
    assert set(reply.body) == {"success", "data", "meta"}
    assert (reply.body["success"], reply.meta) == (True, {})


def test_envelope_of_a_list_when_it_is_read_by_page(api: Api) -> None:
    ItemFactory.create_batch(3)
    body = api.get("/items?page_size=2").body
    assert set(body) == {"success", "data", "meta"}
    assert set(body["meta"]) == {"page", "page_size", "total", "next", "previous"}
    assert {k: body["meta"][k] for k in ("page", "page_size", "total", "previous")} == {
        "page": 1,
        "page_size": 2,
        "total": 3,
        "previous": None,
    }


def test_envelope_of_a_list_when_it_is_read_by_cursor(api: Api) -> None:
    ItemFactory.create()
    body = api.get("/items?cursor=").body
    assert set(body) == {"success", "data", "meta"}
    assert body["meta"] == {"page_size": 50, "next_cursor": None}


def test_envelope_of_a_failure_when_there_is_no_such_item(api: Api) -> None:
    reply = api.get("/items/999999")
    assert set(reply.body) == {"success", "error", "meta"}
    assert set(reply.error) == {"code", "message", "details"}
    assert reply.meta == {"request_id": reply["X-Request-ID"]}


def test_details_have_three_parts_when_fields_are_bad(api: Api) -> None:
    reply = api.post("/items", {})
    assert all(set(detail) == {"field", "code", "message"} for detail in reply.error["details"])
    assert reply.codes == {"sku": "required", "name": "required"}


def test_category_and_owner_named_when_it_has_them(api: Api) -> None:
    category, owner = CategoryFactory.create(name="Laptops"), UserFactory.create(name="Otto")
    data = api.get(f"/items/{ItemFactory.create(category=category, owner=owner).pk}").data
    assert data["category_id"] == category.pk
    assert data["category"] == {"id": category.pk, "name": "Laptops"}
    assert data["owner_id"] == owner.pk
    assert data["owner"] == {"id": owner.pk, "name": "Otto"}


@pytest.mark.parametrize("field", ["created_at", "updated_at"])
def test_times_end_in_z_when_an_item_is_read(field: str, api: Api) -> None:
    assert api.get(f"/items/{ItemFactory.create().pk}").data[field].endswith("Z")


def test_head_answers_without_a_body_when_it_is_there(api: Api) -> None:
    reply = api.call("HEAD", f"/items/{ItemFactory.create().pk}")
    assert (reply.status, reply.response.content) == (200, b"")


def test_list_is_empty_when_there_is_nothing(api: Api) -> None:
    reply = api.get("/items")
    assert (reply.data, reply.meta["total"], reply.meta["next"]) == ([], 0, None)


# ── POST ──────────────────────────────────────────────────────────────────────────────────────
def test_all_else_has_a_default_when_sku_and_name_are_sent(api: Api) -> None:
    reply = api.post("/items", NEW)
    assert reply.status == 201
    assert {k: v for k, v in reply.data.items() if k not in DERIVED} == {
        "sku": "CH-1",
        "name": "Chair",
        "description": "",
        "category_id": None,
        "category": None,
        "owner_id": None,
        "owner": None,
        "status": "active",
        "unit": "pcs",
        "unit_price": None,
        "currency": "USD",
        "tags": [],
        "attributes": {},
        "barcode": None,
        "serial_number": None,
        "reorder_point": None,
        "on_hand": "0",
        "on_loan": "0",
    }


def test_first_version_when_it_is_made(api: Api) -> None:
    assert api.post("/items", NEW).data["version"] == 1


def test_everything_kept_when_every_field_is_sent(api: Api, full: dict[str, Any]) -> None:
    made = api.post("/items", full).data
    read = api.get(f"/items/{made['id']}").data
    assert {name: read[name] for name in full} == full


def test_location_leads_to_it_when_it_is_made(api: Api) -> None:
    reply = api.post("/items", NEW)
    assert reply["Location"] == f"http://testserver/api/v1/items/{reply.data['id']}"
    assert api.get(reply["Location"].removeprefix("http://testserver/api/v1")).data == reply.data


@pytest.mark.parametrize("field", ["id", "version", "created_at", "updated_at", "category"])
def test_ignored_when_a_read_only_field_is_sent(field: str, api: Api) -> None:
    reply = api.post("/items", {**NEW, field: 77})
    assert reply.status == 201
    assert reply.data[field] != 77


def test_422_when_a_field_is_unknown(api: Api) -> None:
    reply = api.post("/items", {**NEW, "colour": "red"})
    assert (reply.status, reply.codes) == (422, {"colour": "unknown_field"})


def test_nothing_made_when_it_is_refused(api: Api) -> None:
    api.post("/items", {**NEW, "colour": "red"})
    assert not Item.objects.exists()


@pytest.mark.parametrize("sku", ["CH-1", "ch-1", "Ch-1"])
def test_409_when_the_sku_is_taken_in_any_case(sku: str, api: Api) -> None:
    ItemFactory.create(sku="CH-1")
    reply = api.post("/items", {"sku": sku, "name": "Chair"})
    assert (reply.status, reply.error["code"]) == (409, "conflict")
    assert reply.codes == {"sku": "unique"}


@pytest.mark.parametrize("field", ["barcode", "serial_number"])
def test_409_when_a_code_is_taken(field: str, api: Api) -> None:
    ItemFactory.create(**{field: "X-1"})
    reply = api.post("/items", {**NEW, field: "X-1"})
    assert (reply.status, reply.codes) == (409, {field: "unique"})


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_409_when_an_edit_takes_the_sku_of_another(method: str, api: Api) -> None:
    ItemFactory.create(sku="CH-1")
    other = ItemFactory.create()
    assert api.call(method, f"/items/{other.pk}", NEW).status == 409


def test_422_before_409_when_both_are_wrong(api: Api) -> None:
    ItemFactory.create(sku="CH-1")
    assert api.post("/items", {**NEW, "unit": ""}).status == 422


def test_every_bad_field_named_when_several_are_bad(api: Api) -> None:
    body = {
        "sku": "",
        "category_id": 999_999,
        "owner_id": 999_998,
        "status": "lost",
        "tags": ["ok", 7],
        "unit_price": "-1",
        "currency": "XXX",
        "attributes": [],
        "reorder_point": "x",
        "colour": "red",
    }
    reply = api.post("/items", body)
    assert reply.status == 422
    assert reply.codes == {
        "sku": "blank",
        "name": "required",
        "category_id": "does_not_exist",
        "owner_id": "does_not_exist",
        "status": "invalid_choice",
        "tags.1": "invalid",
        "unit_price": "min_value",
        "currency": "invalid_choice",
        "attributes": "not_an_object",
        "reorder_point": "invalid",
        "colour": "unknown_field",
    }


def test_price_named_with_the_rest_when_its_decimals_do_not_fit_the_currency(api: Api) -> None:
    body = {"sku": "", "name": "x", "unit_price": "12.345", "currency": "USD"}
    assert set(api.post("/items", body).codes) == {"sku", "unit_price"}


@pytest.mark.parametrize("field", ["category_id", "owner_id"])
@pytest.mark.parametrize("value", [999_999, 0, -1, 2**63, 10**30])
def test_422_when_a_reference_leads_nowhere(field: str, value: int, api: Api) -> None:
    reply = api.post("/items", {**NEW, field: value})
    assert (reply.status, reply.codes) == (422, {field: "does_not_exist"})


def test_400_when_a_post_has_query_parameters(api: Api) -> None:
    reply = api.post("/items?page=1", NEW)
    assert (reply.status, list(reply.codes)) == (400, ["page"])


# ── PUT ───────────────────────────────────────────────────────────────────────────────────────
def test_defaults_are_back_when_a_put_leaves_fields_out(api: Api, full: dict[str, Any]) -> None:
    made = api.post("/items", full).data
    put = api.put(f"/items/{made['id']}", NEW).data
    fresh = api.post("/items", {"sku": "CH-2", "name": "Chair"}).data
    different = {name for name in put if put[name] != fresh[name]}
    assert different <= DERIVED | {"sku"}


@pytest.mark.parametrize("field", ["sku", "name"])
def test_422_when_a_put_leaves_out_what_is_required(field: str, api: Api) -> None:
    body = {k: v for k, v in NEW.items() if k != field}
    reply = api.put(f"/items/{ItemFactory.create().pk}", body)
    assert (reply.status, reply.codes) == (422, {field: "required"})


@pytest.mark.parametrize("bare", [True, False])
def test_nothing_moves_when_what_was_read_is_put_back(
    bare: bool, api: Api, full: dict[str, Any]
) -> None:
    pk = api.post("/items", NEW if bare else full).data["id"]
    read = api.get(f"/items/{pk}").data
    reply = api.put(f"/items/{pk}", read)
    assert reply.status == 200
    moved = {name for name in read if read[name] != reply.data[name]}
    assert moved <= {"version", "updated_at"}


def test_no_event_when_what_was_read_is_put_back(api: Api, full: dict[str, Any]) -> None:
    pk = api.post("/items", full).data["id"]
    api.put(f"/items/{pk}", api.get(f"/items/{pk}").data)
    assert api.get(f"/items/{pk}/history").meta["total"] == 1


def test_id_of_the_url_wins_when_a_put_names_another(api: Api) -> None:
    item, other = ItemFactory.create(), ItemFactory.create(name="Untouched")
    api.put(f"/items/{item.pk}", {**NEW, "id": other.pk})
    assert api.get(f"/items/{item.pk}").data["sku"] == "CH-1"
    assert api.get(f"/items/{other.pk}").data["name"] == "Untouched"


# ── PATCH ─────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Stool"),
        ("status", "retired"),
        ("tags", []),
        ("attributes", {}),
        ("unit_price", None),
        ("barcode", None),
        ("category_id", None),
        ("owner_id", None),
        ("reorder_point", "7"),
        ("description", ""),
    ],
)
def test_only_what_is_sent_changes_when_patched(
    field: str, value: Any, api: Api, full: dict[str, Any]
) -> None:
    made = api.post("/items", full).data
    reply = api.patch(f"/items/{made['id']}", {field: value})
    assert reply.data[field] == value
    moved = {name for name in made if made[name] != reply.data[name]}
    assert moved <= {field, field.removesuffix("_id"), "version", "updated_at"}


def test_nothing_changes_when_an_empty_patch_is_sent(api: Api) -> None:
    item = ItemFactory.create()
    before = api.get(f"/items/{item.pk}").data
    assert api.patch(f"/items/{item.pk}", {}).data == before


def test_422_when_the_currency_alone_is_patched_and_the_price_does_not_fit(api: Api) -> None:
    item = ItemFactory.create(unit_price="12.34", currency="USD")
    reply = api.patch(f"/items/{item.pk}", {"currency": "KRW"})
    assert (reply.status, list(reply.codes.values())) == (422, ["too_many_decimals"])


def test_422_when_a_price_is_patched_that_does_not_fit_the_currency(api: Api) -> None:
    item = ItemFactory.create(currency="KRW")
    reply = api.patch(f"/items/{item.pk}", {"unit_price": "12.34"})
    assert (reply.status, reply.codes) == (422, {"unit_price": "too_many_decimals"})


def test_both_named_when_two_references_are_patched_that_name_nothing(api: Api) -> None:
    item = ItemFactory.create(name="Before")
    body = {"name": "After", "category_id": 999_999, "owner_id": 999_999}
    reply = api.patch(f"/items/{item.pk}", body)
    codes = dict.fromkeys(("category_id", "owner_id"), "does_not_exist")
    assert (reply.status, reply.codes) == (422, codes)
    assert api.get(f"/items/{item.pk}").data["name"] == "Before"


@pytest.mark.parametrize(
    "body", [{}, {"name": "x"}, {"name": ""}, {"category_id": 999_999}, {"nothing": 1}]
)
@pytest.mark.parametrize("pk", [0, 999_999, 2**70])
def test_404_when_what_is_patched_is_not_there(pk: int, body: dict[str, Any], api: Api) -> None:
    assert api.patch(f"/items/{pk}", body).status == 404


# ── DELETE ────────────────────────────────────────────────────────────────────────────────────
def test_null_when_deleted(manager_api: Api) -> None:
    reply = manager_api.delete(f"/items/{ItemFactory.create().pk}")
    assert (reply.status, reply.body) == (200, {"success": True, "data": None, "meta": {}})


def test_404_when_deleted_twice(manager_api: Api) -> None:
    path = f"/items/{ItemFactory.create().pk}"
    manager_api.delete(path)
    assert manager_api.delete(path).status == 404


# ── Fields ────────────────────────────────────────────────────────────────────────────────────
def test_only_those_fields_when_a_list_is_asked_for_them(api: Api) -> None:
    item = ItemFactory.create(sku="CH-1")
    assert api.get("/items?fields=sku,id").data == [{"id": item.pk, "sku": "CH-1"}]


def test_only_those_fields_when_one_is_asked_for_them(api: Api) -> None:
    item = ItemFactory.create(sku="CH-1", category=CategoryFactory.create(name="Seats"))
    data = api.get(f"/items/{item.pk}?fields=sku,category").data
    assert data == {"sku": "CH-1", "category": {"id": item.category_id, "name": "Seats"}}


def test_only_those_fields_when_a_cursor_is_walked(api: Api) -> None:
    ItemFactory.create_batch(2)
    data = api.get("/items?fields=id&cursor=&page_size=1").data
    assert [set(row) for row in data] == [{"id"}]


@pytest.mark.parametrize("value", ["nope", "", "id,", "id,id", "search_text", "id, sku"])
@pytest.mark.parametrize("one", [True, False])
def test_400_when_a_field_is_asked_for_that_is_not_there(value: str, one: bool, api: Api) -> None:
    path = f"/items/{ItemFactory.create().pk}" if one else "/items"
    reply = api.get(f"{path}{query(fields=value)}")
    assert (reply.status, list(reply.codes)) == (400, ["fields"])


def test_400_when_one_item_is_asked_for_a_page(api: Api) -> None:
    reply = api.get(f"/items/{ItemFactory.create().pk}?page=1")
    assert (reply.status, list(reply.codes)) == (400, ["page"])
