"""What the history of an item says: who, when, how, from what to what."""

from typing import Any

import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, transaction

from items.models import Item
from tests.client import Api
from tests.factories import CategoryFactory, ItemFactory, UserFactory
from tests.items.helpers import by_cursor, by_pages, sql
from users.models import User

DERIVED = {"version", "created_at", "updated_at"}


def changes_of(api: Api, pk: int, position: int = 0) -> dict[str, list[Any]]:
    """{field: [before, after]} of one change of an item, the newest first."""
    event = api.get(f"/items/{pk}/history").data[position]
    return {c["field"]: [c["before"], c["after"]] for c in event["changes"]}


def test_shape_of_a_change_when_it_is_read(api: Api) -> None:
    reply = api.get(f"/items/{ItemFactory.create().pk}/history")
    assert set(reply.data[0]) == {"at", "action", "actor", "via", "request_id", "changes"}
    assert all(set(c) == {"field", "before", "after"} for c in reply.data[0]["changes"])
    assert reply.data[0]["at"].endswith("Z")
    assert set(reply.meta) == {"page", "page_size", "total", "next", "previous"}


def test_all_fields_from_null_when_it_was_made(api: Api) -> None:
    pk = api.post("/items", {"sku": "CH-1", "name": "Chair"}).data["id"]
    changes = changes_of(api, pk)
    assert changes["sku"] == [None, "CH-1"]
    assert changes["name"] == [None, "Chair"]
    assert changes["status"] == [None, "active"]
    assert {before for before, _ in changes.values()} == {None}


def test_only_what_differs_when_it_was_changed(api: Api) -> None:
    item, category = ItemFactory.create(name="Chair"), CategoryFactory.create()
    body = {"name": "Stool", "category_id": category.pk, "tags": ["x"], "attributes": {"a": 1}}
    api.patch(f"/items/{item.pk}", body)
    assert changes_of(api, item.pk) == {
        "name": ["Chair", "Stool"],
        "category_id": [None, category.pk],
        "tags": [[], ["x"]],
        "attributes": [{}, {"a": 1}],
    }


def test_money_and_quantities_as_everywhere_when_they_were_changed(api: Api) -> None:
    item = ItemFactory.create(unit_price="12.30", currency="USD", reorder_point="2")
    api.patch(f"/items/{item.pk}", {"unit_price": "12.50", "reorder_point": "2.500"})
    assert changes_of(api, item.pk) == {
        "unit_price": ["12.30", "12.50"],
        "reorder_point": ["2", "2.5"],
    }


def test_whoever_did_it_named_when_changed_by_the_api(api: Api, clerk: User) -> None:
    item = ItemFactory.create()
    reply = api.patch(f"/items/{item.pk}", {"name": "New"}, **{"X-Request-ID": "call-7"})
    assert reply.status == 200
    event = api.get(f"/items/{item.pk}/history").data[0]
    assert event["action"] == "updated"
    assert event["actor"] == {"id": clerk.pk, "name": "Clara Clerk"}
    assert (event["via"], event["request_id"]) == ("api", "call-7")


def test_actor_still_named_when_their_account_is_gone(api: Api, manager_api: Api) -> None:
    item = ItemFactory.create()
    manager_api.patch(f"/items/{item.pk}", {"name": "New"})
    User.objects.filter(name="Max Manager").delete()
    assert api.get(f"/items/{item.pk}/history").data[0]["actor"]["name"] == "Max Manager"


def test_seen_without_an_actor_when_sql_changed_it(api: Api) -> None:
    item = ItemFactory.create(name="Chair")
    sql("UPDATE items_item SET name = 'Stool' WHERE id = %s", item.pk)
    event = api.get(f"/items/{item.pk}/history").data[0]
    assert (event["action"], event["actor"], event["via"]) == ("updated", None, None)
    assert event["changes"] == [{"field": "name", "before": "Chair", "after": "Stool"}]


def test_each_row_seen_when_changed_in_bulk(api: Api) -> None:
    items = ItemFactory.create_batch(3)
    Item.objects.filter(pk__in=[items[0].pk, items[1].pk]).update(status="retired")
    seen = [changes_of(api, item.pk).get("status") for item in items]
    assert seen == [["active", "retired"], ["active", "retired"], [None, "active"]]


def test_seen_when_made_in_bulk(api: Api) -> None:
    (item,) = Item.objects.bulk_create([Item(sku="B-1", name="Bulk")])
    assert api.get(f"/items/{item.pk}/history").data[0]["action"] == "created"


def test_all_values_to_null_when_sql_deleted_it(api: Api) -> None:
    item = ItemFactory.create(name="Chair")
    sql("DELETE FROM items_item WHERE id = %s", item.pk)
    event = api.get(f"/items/{item.pk}/history").data[0]
    assert (event["action"], event["actor"]) == ("deleted", None)
    assert {"field": "name", "before": "Chair", "after": None} in event["changes"]
    assert {change["after"] for change in event["changes"]} == {None}


def test_still_told_when_the_item_is_deleted(manager_api: Api) -> None:
    item = ItemFactory.create(name="Chair")
    manager_api.delete(f"/items/{item.pk}")
    event = manager_api.get(f"/items/{item.pk}/history").data[0]
    assert (event["action"], event["actor"]["name"]) == ("deleted", "Max Manager")
    assert {"field": "name", "before": "Chair", "after": None} in event["changes"]


def test_one_life_after_the_other_when_sql_brings_a_deleted_id_back(api: Api) -> None:
    item = ItemFactory.create(name="First")
    sql("CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM items_item")
    sql("DELETE FROM items_item")
    sql("INSERT INTO items_item SELECT * FROM kept")
    actions = [event["action"] for event in api.get(f"/items/{item.pk}/history").data]
    assert actions == ["created", "deleted", "created"]


def test_nothing_derived_in_it_when_read(api: Api) -> None:
    item = ItemFactory.create()
    api.patch(f"/items/{item.pk}", {"name": "Other"})
    for position in (0, 1):
        assert not DERIVED & set(changes_of(api, item.pk, position))


def test_no_event_when_nothing_changes(api: Api) -> None:
    item = ItemFactory.create(name="Same")
    api.patch(f"/items/{item.pk}", {"name": "Same"})
    sql("UPDATE items_item SET name = name")
    assert api.get(f"/items/{item.pk}/history").meta["total"] == 1


def test_no_event_when_only_derived_fields_change(api: Api) -> None:
    item = ItemFactory.create()
    sql("UPDATE items_item SET updated_at = now() + interval '1 day'")
    assert api.get(f"/items/{item.pk}/history").meta["total"] == 1


def test_not_mixed_when_two_items_have_a_history(api: Api) -> None:
    item, other = ItemFactory.create_batch(2)
    api.patch(f"/items/{other.pk}", {"name": "Other"})
    assert api.get(f"/items/{item.pk}/history").meta["total"] == 1


@pytest.mark.parametrize("walk", [by_pages, by_cursor])
def test_each_change_compared_with_the_one_before_when_walked(walk: Any, api: Api) -> None:
    item = ItemFactory.create(name="0")
    for n in range(1, 8):
        Item.objects.filter(pk=item.pk).update(name=str(n))
    events = walk(api, f"/items/{item.pk}/history", page_size=3)
    seen = [(c["before"], c["after"]) for e in events for c in e["changes"] if c["field"] == "name"]
    assert seen == [*((str(n - 1), str(n)) for n in range(7, 0, -1)), (None, "0")]


@pytest.mark.parametrize("parameter", ["ordering", "fields", "ids", "nope"])
def test_400_when_a_history_has_no_such_parameter(parameter: str, api: Api) -> None:
    reply = api.get(f"/items/{ItemFactory.create().pk}/history?{parameter}=id")
    assert (reply.status, list(reply.codes)) == (400, [parameter])


def test_404_when_there_is_no_item(api: Api) -> None:
    assert api.get("/items/999999/history").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_405_when_a_history_is_written_to(method: str, manager_api: Api) -> None:
    reply = manager_api.call(method, f"/items/{ItemFactory.create().pk}/history", {})
    assert (reply.status, reply.error["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    "write", ["UPDATE items_itemevent SET name = 'x'", "DELETE FROM items_itemevent"]
)
def test_refused_when_sql_touches_the_history(write: str, db: None) -> None:
    ItemFactory.create()
    with (
        pytest.raises((InternalError, ProgrammingError, IntegrityError), match="Cannot"),
        transaction.atomic(),
    ):
        sql(write)


def test_owner_change_by_id_when_changed(api: Api) -> None:
    first, second = UserFactory.create_batch(2)
    item = ItemFactory.create(owner=first)
    api.patch(f"/items/{item.pk}", {"owner_id": second.pk})
    assert changes_of(api, item.pk) == {"owner_id": [first.pk, second.pk]}
