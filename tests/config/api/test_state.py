"""The state of the database: asked once for many questions, and never older than any of them."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from config.api.state import Watch, watch
from config.queries import counter
from config.serving.environ import BEGUN
from items.models import Item
from tests.client import BASE, Api, Reply
from tests.factories import ItemFactory, UserFactory, token_for
from tests.items.helpers import late_reads, sql, until

pytestmark = pytest.mark.django_db(transaction=True)

CHANGES = 60
WRITE = "UPDATE items_item SET name = name || '!'"


@pytest.fixture
def reader() -> Api:
    """A client that may read everything."""
    return Api(token_for(UserFactory.create(is_superuser=True)))


def get(reader: Api, path: str, came_at: float | None = None) -> Reply:
    """What is answered to a GET that came in at a moment, as our web server says it."""
    begun: Any = {BEGUN: time.perf_counter() if came_at is None else came_at}
    return Reply(reader.client.get(f"{BASE}{path}", headers=reader.headers, **begun))


def statements(call: Callable[[], object]) -> int:
    """How many statements a call sends."""
    before = counter.count
    call()
    return counter.count - before


def test_asked_by_nobody_else_when_a_question_came_before_it_was_asked() -> None:
    asked, came_at = Watch(), time.perf_counter()
    assert statements(lambda: asked.state(came_at)) == 1
    assert statements(lambda: asked.state(came_at)) == 0


def test_asked_again_when_a_question_came_later() -> None:
    asked, made = Watch(), ItemFactory.create()
    before = asked.state(time.perf_counter())
    sql(f"{WRITE} WHERE id = %s", made.pk)
    assert asked.state(time.perf_counter()) != before


def test_asked_again_when_nobody_says_when_the_question_came() -> None:
    asked = Watch()
    asked.state()
    assert statements(asked.state) == 1


@pytest.mark.parametrize("path", ["/items/{pk}", "/items", "/items/{pk}?fields=id,name"])
def test_nothing_is_asked_when_others_asked_while_the_question_waited(
    path: str, reader: Api
) -> None:
    path = path.format(pk=ItemFactory.create().pk)

    def again() -> int:
        get(reader, path)
        came_at = time.perf_counter()
        watch.state()
        return statements(lambda: get(reader, path, came_at))

    token = 1
    until(lambda: again() == token)  # other tests write into other databases of this server


def test_the_item_is_new_when_it_was_written_before_the_question_came(reader: Api) -> None:
    made = ItemFactory.create(name="a")
    for number in range(5):
        assert get(reader, f"/items/{made.pk}").data["name"] == "a" + "!" * number
        get(reader, f"/items/{made.pk}")
        sql(WRITE)


def test_etag_is_the_same_when_an_item_is_kept_and_when_it_is_read(reader: Api) -> None:
    made = ItemFactory.create()
    tags = {get(reader, f"/items/{made.pk}")["ETag"] for _ in range(3)}
    tags.add(reader.patch(f"/items/{made.pk}", {"name": made.name})["ETag"])
    assert len(tags) == 1


def test_404_when_an_item_that_is_kept_has_gone(reader: Api) -> None:
    made = ItemFactory.create()
    get(reader, f"/items/{made.pk}")
    made.delete()
    assert get(reader, f"/items/{made.pk}").status == 404


@pytest.mark.parametrize("path", ["/items/{pk}", "/items?ids={pk}"])
def test_nothing_is_older_than_what_was_committed_before_it_was_asked_for(
    path: str, reader: Api
) -> None:
    made = ItemFactory.create(name="0")
    path = path.format(pk=made.pk)

    def write(number: int) -> None:
        Item.objects.filter(pk=made.pk).update(name=str(number))

    def read() -> int:
        data = get(reader, path).data
        [row] = data if isinstance(data, list) else [data]
        return int(row["name"])

    assert late_reads(write, read, CHANGES) == []
    assert read() == CHANGES
