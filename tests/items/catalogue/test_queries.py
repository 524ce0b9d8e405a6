"""How many queries a call takes, however many rows there are."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config import prepared
from tests.client import Api
from tests.factories import CategoryFactory, ItemFactory, UserFactory
from tests.items.helpers import until

TOKEN, IDS, ROWS, RIGHTS = 1, 1, 1, 1  # of a list the ids are found first
TRANSACTION, CAUSE = 2, 1  # it is sent with what comes first


@pytest.fixture
def used(api: Api) -> Api:
    """A client whose use is written already."""
    api.get("/items/0")
    return api


def queries(call: Any) -> int:
    """How many queries a call takes."""
    with CaptureQueriesContext(connection) as captured:
        assert call().status in {200, 201}
    return len(captured)


def make(many: int) -> None:
    """Items with relations of their own."""
    for _ in range(many):
        ItemFactory.create(
            category=CategoryFactory.create(parent=CategoryFactory.create()),
            owner=UserFactory.create(),
        )


def test_three_when_fifty_items_are_listed(used: Api) -> None:
    make(51)
    assert queries(lambda: used.get("/items")) == TOKEN + IDS + ROWS


@pytest.mark.django_db(transaction=True)
def test_two_when_a_list_is_asked_for_again_and_nothing_was_written(used: Api) -> None:
    make(5)
    state = 1
    until(lambda: queries(lambda: used.get("/items")) == TOKEN + state)
    make(1)
    assert queries(lambda: used.get("/items")) == TOKEN + state + IDS + ROWS


@pytest.mark.django_db(transaction=True)
def test_two_when_a_search_that_finds_nothing_alike_is_asked_for_again(used: Api) -> None:
    ItemFactory.create(name="Chair")
    path, state = "/items?search=chiar", 1
    assert used.get(path).meta["approximate"]
    until(lambda: queries(lambda: used.get(path)) == TOKEN + state)


def test_one_more_when_those_of_a_filter_are_sorted(used: Api) -> None:
    make(5)
    count = 1
    assert queries(lambda: used.get("/items?status=active")) == TOKEN + IDS + ROWS
    path = "/items?status=active&ordering=name"
    assert queries(lambda: used.get(path)) == TOKEN + count + IDS + ROWS


def test_two_more_when_they_are_ordered_by_several_keys(used: Api) -> None:
    make(51)
    first, total = 1, 1
    found = queries(lambda: used.get("/items?ordering=status,name"))
    assert found == TOKEN + first + IDS + total + ROWS


def test_three_when_items_are_walked_by_cursor(used: Api) -> None:
    make(5)
    assert queries(lambda: used.get("/items?cursor=&page_size=2")) == TOKEN + IDS + ROWS


def test_one_more_when_a_category_is_asked_for(used: Api) -> None:
    make(5)
    top, tree = CategoryFactory.create(), 1
    item = ItemFactory.create(category=CategoryFactory.create(parent=top))
    CategoryFactory.create_batch(5, parent=item.category)
    assert queries(lambda: used.get(f"/items?category={top.pk}")) == TOKEN + tree + IDS + ROWS


def test_two_when_one_item_is_read(used: Api) -> None:
    item = ItemFactory.create(category=CategoryFactory.create(), owner=UserFactory.create())
    assert queries(lambda: used.get(f"/items/{item.pk}")) == TOKEN + ROWS


def test_three_when_categories_are_listed(used: Api) -> None:
    make(5)
    assert queries(lambda: used.get("/categories")) == TOKEN + IDS + ROWS


def test_three_when_items_are_searched(used: Api) -> None:
    make(5)
    assert queries(lambda: used.get("/items?search=item")) == TOKEN + IDS + ROWS


def test_three_when_many_are_asked_for_by_id(used: Api) -> None:
    ids = ",".join(str(item.pk) for item in ItemFactory.create_batch(20))
    assert queries(lambda: used.get(f"/items?ids={ids}")) == TOKEN + IDS + ROWS


def test_no_more_when_a_history_is_longer(used: Api) -> None:
    item = ItemFactory.create()
    path = f"/items/{item.pk}/history"
    few = queries(lambda: used.get(path))
    for n in range(10):
        item.name = f"n{n}"
        item.save()
    assert queries(lambda: used.get(path)) == few


def test_pinned_when_an_item_is_made(used: Api) -> None:
    body = {"sku": "A", "name": "A", "category_id": CategoryFactory.create().pk}
    insert = 1  # which looks up the references, and reads what is answered
    wanted = TOKEN + RIGHTS + TRANSACTION + CAUSE + insert
    assert queries(lambda: used.post("/items", body)) == wanted


def test_pinned_when_an_item_is_patched(used: Api) -> None:
    item = ItemFactory.create()
    update = 1  # which locks the row, and reads what is answered
    wanted = TOKEN + RIGHTS + TRANSACTION + CAUSE + update
    assert queries(lambda: used.patch(f"/items/{item.pk}", {"name": "B"})) == wanted


def test_one_more_when_a_rule_depends_on_what_is_there(used: Api) -> None:
    item = ItemFactory.create()
    lock, update = 1, 1
    wanted = TOKEN + RIGHTS + TRANSACTION + CAUSE + lock + update
    assert queries(lambda: used.patch(f"/items/{item.pk}", {"currency": "EUR"})) == wanted


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["post", "patch"])
def test_one_statement_which_is_the_transaction_when_an_item_is_written(
    method: str, used: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/items" if method == "post" else f"/items/{ItemFactory.create().pk}"
    sent: list[bytes] = []
    checked = prepared.Prepared._ready

    def noted(self: Any, statement: Any, **options: Any) -> Any:
        ready = checked(self, statement, **options)
        sent.append(ready[1])
        return ready

    monkeypatch.setattr(prepared.Prepared, "_ready", noted)
    assert used.call(method.upper(), path, {"sku": "A", "name": "A"}).status in {200, 201}
    [caused] = [text for text in sent if b"set_config" in text]
    assert (caused.split()[0], sent[-1], b"BEGIN" in sent) == (b"WITH", caused, False)
