"""Two at once, in real threads on a real database."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test import Client

from config.history import events_of
from items.models import Category, Item
from tests.client import Api, Reply
from tests.factories import CategoryFactory, ItemFactory
from tests.items.helpers import at_once, in_thread, somebody_waits_for_a_lock, sql, until
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def apis(clerk: User, api_of: Callable[[User], Api]) -> tuple[Api, Api]:
    """Two clients of one clerk, each for a thread of its own."""
    return api_of(clerk), api_of(clerk)


def test_one_is_made_when_two_make_the_same_sku(apis: tuple[Api, Api]) -> None:
    skus = ("RACE-1", "race-1")
    calls = [
        lambda api=api, sku=sku: api.post("/items", {"sku": sku, "name": "Race"})
        for api, sku in zip(apis, skus, strict=True)
    ]
    replies: list[Reply] = at_once(*calls)
    assert sorted(reply.status for reply in replies) == [201, 409]
    assert Item.objects.count() == 1


def test_both_last_when_two_patch_different_fields(apis: tuple[Api, Api]) -> None:
    item = ItemFactory.create()
    bodies = [{"name": "Patched"}, {"description": "Patched too"}]
    replies: list[Reply] = at_once(
        *(
            lambda api=api, body=body: api.patch(f"/items/{item.pk}", body)
            for api, body in zip(apis, bodies, strict=True)
        )
    )
    assert [reply.status for reply in replies] == [200, 200]
    now = Item.objects.get(pk=item.pk)
    assert (now.name, now.description, now.version) == ("Patched", "Patched too", 3)


def test_the_edit_that_came_between_lasts_when_a_patch_waited_for_it(
    apis: tuple[Api, Api],
) -> None:
    item = ItemFactory.create()
    with transaction.atomic():
        Item.objects.filter(pk=item.pk).update(description="came between")
        waiting = Waiting(lambda: apis[0].patch(f"/items/{item.pk}", {"name": "waited"}))
    assert waiting.reply().status == 200
    now = Item.objects.get(pk=item.pk)
    assert (now.name, now.description) == ("waited", "came between")


class Waiting:
    """A call in another thread, begun and now waiting for a lock that this thread holds."""

    def __init__(self, call: Callable[[], Reply]) -> None:
        self.replies: list[Reply] = []
        self.thread = threading.Thread(target=lambda: self.replies.append(in_thread(call)))
        self.thread.start()
        until(somebody_waits_for_a_lock)

    def reply(self) -> Reply:
        """The answer, now that the lock is free."""
        self.thread.join()
        return self.replies[0]


def test_the_other_is_refused_when_two_patch_what_both_have_read(apis: tuple[Api, Api]) -> None:
    item = ItemFactory.create()
    seen = {"If-Match": apis[0].get(f"/items/{item.pk}")["ETag"]}
    replies: list[Reply] = at_once(
        *(
            lambda api=api, name=name: api.patch(f"/items/{item.pk}", {"name": name}, **seen)
            for api, name in zip(apis, ("One", "Other"), strict=True)
        )
    )
    assert sorted(reply.status for reply in replies) == [200, 412]
    [done] = [reply for reply in replies if reply.status == 200]
    now = Item.objects.get(pk=item.pk)
    assert (now.name, now.version) == (done.data["name"], 2)


def test_422_when_the_price_does_not_fit_the_currency_that_came_between(
    apis: tuple[Api, Api],
) -> None:
    item = ItemFactory.create(unit_price=None, currency="USD")
    with transaction.atomic():
        Item.objects.filter(pk=item.pk).update(currency="KRW")
        waiting = Waiting(lambda: apis[0].patch(f"/items/{item.pk}", {"unit_price": "1.50"}))
    reply = waiting.reply()
    assert (reply.status, reply.codes) == (422, {"unit_price": "too_many_decimals"})
    assert Item.objects.get(pk=item.pk).unit_price is None


def test_nothing_changes_when_a_patch_takes_what_another_item_has(api: Api) -> None:
    ItemFactory.create(barcode="TAKEN")
    item = ItemFactory.create(name="Before")
    reply = api.patch(f"/items/{item.pk}", {"name": "After", "barcode": "TAKEN"})
    assert (reply.status, reply.codes) == (409, {"barcode": "unique"})
    now = Item.objects.get(pk=item.pk)
    assert (now.name, now.version, events_of(Item, item.pk).count()) == ("Before", 1, 1)


def test_category_is_named_when_it_was_made_and_set_while_a_patch_waited(
    apis: tuple[Api, Api],
) -> None:
    item = ItemFactory.create()
    with transaction.atomic():
        Item.objects.filter(pk=item.pk).update(status="draft")
        waiting = Waiting(lambda: apis[0].patch(f"/items/{item.pk}", {"name": "moved"}))
        category = CategoryFactory.create(name="New")
        Item.objects.filter(pk=item.pk).update(category=category)
    assert waiting.reply().data["category"] == {"id": category.pk, "name": "New"}


def test_422_when_the_category_is_deleted_while_an_item_moves_into_it(
    apis: tuple[Api, Api],
) -> None:
    item, category = ItemFactory.create(), CategoryFactory.create()
    body = {"name": "moved", "category_id": category.pk}
    with transaction.atomic():
        Category.objects.filter(pk=category.pk).delete()
        waiting = Waiting(lambda: apis[0].patch(f"/items/{item.pk}", body))
    reply = waiting.reply()
    assert (reply.status, reply.codes) == (422, {"category_id": "does_not_exist"})
    now = Item.objects.get(pk=item.pk)
    assert (now.name, now.version, now.category) == (item.name, 1, None)


def test_404_when_the_item_is_deleted_while_a_patch_waits(apis: tuple[Api, Api]) -> None:
    item = ItemFactory.create()
    with transaction.atomic():
        Item.objects.filter(pk=item.pk).delete()
        waiting = Waiting(lambda: apis[0].patch(f"/items/{item.pk}", {"name": "late"}))
    assert waiting.reply().status == 404


def test_422_when_the_category_is_deleted_while_an_item_is_put_into_it(
    apis: tuple[Api, Api],
) -> None:
    category = CategoryFactory.create()
    body = {"sku": "LATE", "name": "Late", "category_id": category.pk}
    with transaction.atomic():
        Category.objects.filter(pk=category.pk).delete()
        waiting = Waiting(lambda: apis[0].post("/items", body))
    reply = waiting.reply()
    assert (reply.status, reply.codes) == (422, {"category_id": "does_not_exist"})
    assert not Item.objects.exists()


def test_409_when_an_item_is_put_into_a_category_while_it_is_deleted(manager_api: Api) -> None:
    category = CategoryFactory.create()
    with transaction.atomic():
        Item.objects.create(sku="FIRST", name="First", category=category)
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        waiting = Waiting(lambda: manager_api.delete(f"/categories/{category.pk}"))
    reply = waiting.reply()
    assert (reply.status, reply.error["code"]) == (409, "conflict")
    assert Category.objects.filter(pk=category.pk).exists()


def test_one_fails_when_two_moves_would_close_a_circle(apis: tuple[Api, Api]) -> None:
    a, b = CategoryFactory.create(), CategoryFactory.create()
    moves = [(a.pk, b.pk), (b.pk, a.pk)]
    replies: list[Reply] = at_once(
        *(
            lambda api=api, pk=pk, to=to: api.patch(f"/categories/{pk}", {"parent_id": to})
            for api, (pk, to) in zip(apis, moves, strict=True)
        )
    )
    assert sorted(reply.status for reply in replies) == [200, 422]


def test_one_fails_when_the_second_move_waits_for_the_first(apis: tuple[Api, Api]) -> None:
    a, b = CategoryFactory.create(), CategoryFactory.create()
    with transaction.atomic():
        Category.objects.filter(pk=a.pk).update(parent=b)
        waiting = Waiting(lambda: apis[0].patch(f"/categories/{b.pk}", {"parent_id": a.pk}))
    reply = waiting.reply()
    assert (reply.status, reply.codes) == (422, {"parent_id": "circle"})


def test_one_is_made_when_two_make_the_same_category(apis: tuple[Api, Api]) -> None:
    replies: list[Reply] = at_once(
        *(
            lambda api=api, name=name: api.post("/categories", {"name": name})
            for api, name in zip(apis, ("Tools", "TOOLS"), strict=True)
        )
    )
    assert sorted(reply.status for reply in replies) == [201, 409]


def test_no_actor_left_behind_when_sql_follows_a_call_on_one_connection(api: Api) -> None:
    item = ItemFactory.create()
    api.patch(f"/items/{item.pk}", {"name": "by the clerk"})
    sql("UPDATE items_item SET name = 'by hand' WHERE id = %s", item.pk)
    actors = [event["actor"] for event in api.get(f"/items/{item.pk}/history").data]
    assert [actor and actor["name"] for actor in actors] == [None, "Clara Clerk", None]


def fail(*_: object, **__: object) -> None:
    raise RuntimeError("after the write")


def test_nothing_is_kept_when_a_transaction_fails_after_its_write(
    manager_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("items.catalogue.views.CategoryViewSet.respond_with", fail)
    reply = manager_api.post("/categories", {"name": "Rolled back"})
    assert (reply.status, reply.error["code"], reply.error["details"]) == (500, "server_error", [])
    assert "after the write" not in str(reply.body)
    assert not Category.objects.exists()


def test_item_and_its_history_are_kept_when_answering_fails_after_it_was_written(
    api: Api, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("items.catalogue.views.ItemViewSet.respond_with", fail)
    assert api.post("/items", {"sku": "KEPT", "name": "x"}).status == 500
    [event] = events_of(Item, Item.objects.get(sku="KEPT").pk)
    assert event.pgh_context["actor"]["id"] == clerk.pk


def test_connection_is_clean_when_a_write_was_refused(api: Api) -> None:
    ItemFactory.create(sku="X")
    assert api.post("/items", {"sku": "X", "name": "x"}).status == 409
    assert not connection.in_atomic_block
    assert api.post("/items", {"sku": "Y", "name": "y"}).status == 201


def test_second_is_refused_when_two_save_one_form(desk: Client, clerk: User) -> None:
    from tests.items.catalogue.test_admin import form_of, page_of

    item = ItemFactory.create()
    page = page_of(item)
    first = {**form_of(desk, page), "name": "first"}
    second = {**form_of(desk, page), "name": "second"}
    other = Client()
    other.force_login(clerk)
    answers = at_once(lambda: desk.post(page, first), lambda: other.post(page, second))
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    assert Item.objects.get(pk=item.pk).version == 2
