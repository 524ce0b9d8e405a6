"""POST /items/batch: many operations in one call, all or none, or each for itself."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from items.models import Item
from tests.client import Api, Reply
from tests.factories import CategoryFactory, ItemFactory
from users.models import User

Operation = dict[str, Any]


def create(sku: str, **fields: Any) -> Operation:
    return {"op": "create", "data": {"sku": sku, "name": f"Item {sku}", **fields}}


def update(item: Item, **fields: Any) -> Operation:
    return {"op": "update", "id": item.pk, "data": fields}


def delete(item: Item) -> Operation:
    return {"op": "delete", "id": item.pk}


def send(api: Api, *operations: Operation, **more: Any) -> Reply:
    return api.post("/items/batch", {"operations": list(operations), **more})


def statuses(reply: Reply) -> list[int]:
    return [outcome["status"] for outcome in reply.data]


# ── What works ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("atomic", [True, False])
def test_each_is_done_and_answered_when_all_are_sound(manager_api: Api, atomic: bool) -> None:
    old, doomed = ItemFactory.create(name="Old"), ItemFactory.create()
    reply = send(manager_api, create("A"), update(old, name="New"), delete(doomed), atomic=atomic)
    assert (reply.status, reply.meta) == (200, {"failed": 0})
    assert statuses(reply) == [201, 200, 200]
    assert [outcome["index"] for outcome in reply.data] == [0, 1, 2]
    assert [outcome["error"] for outcome in reply.data] == [None, None, None]
    made, changed, gone = (outcome["data"] for outcome in reply.data)
    assert made == manager_api.get(f"/items/{made['id']}").data
    assert changed == manager_api.get(f"/items/{old.pk}").data
    assert (changed["name"], changed["version"], gone) == ("New", 2, None)
    assert not Item.objects.filter(pk=doomed.pk).exists()


def test_all_or_nothing_when_it_is_not_said(manager_api: Api) -> None:
    assert send(manager_api, create("A"), create("a")).status == 409
    assert not Item.objects.exists()


def test_a_thousand_are_made_when_that_many_are_sent(manager_api: Api) -> None:
    reply = send(manager_api, *(create(f"S-{n}") for n in range(1000)))
    assert (reply.status, reply.meta, len(reply.data)) == (200, {"failed": 0}, 1000)
    assert Item.objects.count() == 1000


def test_an_update_touches_only_what_is_sent(api: Api) -> None:
    item = ItemFactory.create(name="Lamp", description="bright")
    assert send(api, update(item, name="Lantern")).data[0]["data"]["description"] == "bright"


def test_one_item_is_changed_twice_when_it_is_named_twice(api: Api) -> None:
    item = ItemFactory.create()
    reply = send(api, update(item, name="A"), update(item, unit="box"))
    assert [o["data"]["version"] for o in reply.data] == [3, 3]
    item.refresh_from_db()
    assert (item.name, item.unit) == ("A", "box")


def test_the_history_names_the_user_when_it_is_a_batch(api: Api, clerk: User) -> None:
    pk = send(api, create("A")).data[0]["data"]["id"]
    change = api.get(f"/items/{pk}/history").data[0]
    assert (change["action"], change["actor"]["id"], change["via"]) == ("created", clerk.pk, "api")


def test_it_is_done_once_when_it_is_sent_again_with_its_key(api: Api) -> None:
    body = {"operations": [create("A"), create("B")]}
    replies = [api.post("/items/batch", body, **{"Idempotency-Key": "b1"}) for _ in range(2)]
    assert replies[0].data == replies[1].data
    assert replies[1]["Idempotency-Replayed"] == "true"
    assert Item.objects.count() == 2


# ── What fails, each for itself ───────────────────────────────────────────────────────────────
def test_the_sound_ones_are_done_when_others_fail(manager_api: Api) -> None:
    there, used = ItemFactory.create(sku="THERE"), CategoryFactory.create()
    reply = send(
        manager_api,
        create("A"),
        create("there"),
        create("B", category_id=0),
        create("C", colour="red"),
        {"op": "update", "id": 10**9, "data": {"name": "x"}},
        {**update(there, name="x"), "version": 7},
        create("D", category_id=used.pk),
        atomic=False,
    )
    assert (reply.status, reply.meta) == (200, {"failed": 5})
    assert statuses(reply) == [201, 409, 422, 422, 404, 412, 201]
    codes = [outcome["error"] and outcome["error"]["code"] for outcome in reply.data]
    assert codes[1:6] == [
        "conflict",
        "validation_error",
        "validation_error",
        "not_found",
        "precondition_failed",
    ]
    assert [d["field"] for d in reply.data[3]["error"]["details"]] == ["colour"]
    assert all((o["data"] is None) != (o["error"] is None) for o in reply.data)
    assert set(Item.objects.values_list("sku", flat=True)) == {"THERE", "A", "D"}


def test_nothing_is_left_of_one_that_fails_half_way(manager_api: Api) -> None:
    one, two = ItemFactory.create(sku="ONE"), ItemFactory.create(sku="TWO", name="Two")
    reply = send(manager_api, update(two, name="New", sku="one"), delete(one), atomic=False)
    assert statuses(reply) == [409, 200]
    two.refresh_from_db()
    assert (two.sku, two.name, two.version) == ("TWO", "Two", 1)


def test_a_name_is_free_when_an_earlier_operation_freed_it(manager_api: Api) -> None:
    old = ItemFactory.create(sku="A")
    assert statuses(send(manager_api, delete(old), create("A"))) == [200, 201]


# ── What fails, all together ──────────────────────────────────────────────────────────────────
def test_nothing_is_done_and_every_failure_is_named_when_it_is_atomic(manager_api: Api) -> None:
    there = ItemFactory.create(sku="THERE")
    reply = send(
        manager_api,
        create("A"),
        create("B", unit_price="many", colour="red"),
        create("there"),
        {"op": "delete", "id": 10**9},
        atomic=True,
    )
    assert (reply.status, reply.error["code"]) == (422, "validation_error")
    assert reply.codes == {
        "operations.1.unit_price": "invalid",
        "operations.1.colour": "unknown_field",
        "operations.2.sku": "unique",
        "operations.3": "not_found",
    }
    assert "3 operations failed, the first at index 1" in reply.error["message"]
    assert list(Item.objects.all()) == [there]


def test_nothing_is_done_of_a_thousand_when_the_last_fails(manager_api: Api) -> None:
    ItemFactory.create(sku="THERE")
    reply = send(manager_api, *(create(f"S-{n}") for n in range(999)), create("there"))
    assert (reply.status, reply.codes) == (409, {"operations.999.sku": "unique"})
    assert Item.objects.count() == 1


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        (create("THERE"), 409),
        (create("A", name=""), 422),
        ({"op": "delete", "id": 10**9}, 404),
    ],
)
def test_the_status_is_that_of_the_first_failure_when_it_is_atomic(
    manager_api: Api, operation: Operation, status: int
) -> None:
    ItemFactory.create(sku="THERE")
    assert send(manager_api, create("B"), operation, create("C", name="")).status == status


def test_412_and_nothing_done_when_a_version_is_old(api: Api) -> None:
    item = ItemFactory.create(name="Theirs")
    api.patch(f"/items/{item.pk}", {"unit": "box"})
    reply = send(api, create("A"), {**update(item, name="Mine"), "version": 1})
    assert (reply.status, reply.error["code"]) == (412, "precondition_failed")
    assert list(Item.objects.values_list("name", flat=True)) == ["Theirs"]


def test_only_so_many_details_are_told_when_all_fail(manager_api: Api) -> None:
    reply = send(manager_api, *(create(f"S-{n}", name="") for n in range(500)))
    assert reply.status == 422
    assert len(reply.error["details"]) == 100


# ── What is no batch ──────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "operations"),
        ({"operations": []}, "operations"),
        ({"operations": {}}, "operations"),
        ({"operations": [create("A")] * 1001}, "operations"),
        ({"operations": [create("A")], "atomic": "yes"}, "atomic"),
        ({"operations": [create("A")], "dry_run": True}, "dry_run"),
        ({"operations": [{}]}, "operations.0.op"),
        ({"operations": [{"op": "upsert"}]}, "operations.0.op"),
        ({"operations": [{"op": "create"}]}, "operations.0.data"),
        ({"operations": [{"op": "create", "data": []}]}, "operations.0.data"),
        ({"operations": [{**create("A"), "id": 1}]}, "operations.0.id"),
        ({"operations": [{**create("A"), "version": 1}]}, "operations.0.version"),
        ({"operations": [{"op": "update", "data": {}}]}, "operations.0.id"),
        ({"operations": [{"op": "update", "id": 1}]}, "operations.0.data"),
        ({"operations": [{"op": "delete"}]}, "operations.0.id"),
        ({"operations": [{"op": "delete", "id": 1, "data": {}}]}, "operations.0.data"),
        ({"operations": [{"op": "delete", "id": 0}]}, "operations.0.id"),
        ({"operations": [{"op": "delete", "id": 2**63}]}, "operations.0.id"),
        ({"operations": [create("A"), {**create("B"), "if": 1}]}, "operations.1.if"),
    ],
)
def test_422_and_nothing_done_when_it_is_not_formed(
    manager_api: Api, body: dict[str, Any], field: str
) -> None:
    reply = manager_api.post("/items/batch", {"atomic": False, **body})
    assert reply.status == 422
    assert field in reply.codes
    assert not Item.objects.exists()


# ── What one may do ───────────────────────────────────────────────────────────────────────────
def test_each_operation_takes_its_own_right(api: Api) -> None:
    item = ItemFactory.create()
    reply = send(api, create("A"), update(item, name="x"), delete(item), atomic=False)
    assert statuses(reply) == [201, 200, 403]
    assert reply.data[2]["error"]["code"] == "permission_denied"
    assert Item.objects.filter(pk=item.pk).exists()


def test_403_and_nothing_done_when_one_is_not_allowed_and_it_is_atomic(api: Api) -> None:
    item = ItemFactory.create()
    assert send(api, create("A"), delete(item)).status == 403
    assert list(Item.objects.all()) == [item]


def test_403_when_nothing_is_allowed(nobody: User, api_of: Any) -> None:
    reply = send(api_of(nobody), create("A"))
    assert reply.status == 403
    assert not Item.objects.exists()


def test_only_changes_are_done_when_only_that_is_allowed(nobody: User, api_of: Any) -> None:
    nobody.user_permissions.add(Permission.objects.get(codename="change_item"))
    item = ItemFactory.create()
    reply = send(api_of(nobody), create("A"), update(item, name="x"), atomic=False)
    assert statuses(reply) == [403, 200]


def test_401_when_nobody_is_signed_in(anonymous: Api, db: None) -> None:
    assert send(anonymous, create("A")).status == 401


def test_405_when_it_is_read(api: Api) -> None:
    assert api.get("/items/batch").status == 405


# ── What it costs ─────────────────────────────────────────────────────────────────────────────
def test_the_rows_are_read_back_in_one_query_however_many(api: Api) -> None:
    def count(many: int, prefix: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert send(api, *(create(f"{prefix}{n}") for n in range(many))).status == 200
        return len(captured)

    count(1, "warm")
    savepoint, insert, release = 1, 1, 1
    assert count(12, "B") - count(2, "A") == 10 * (savepoint + insert + release)
