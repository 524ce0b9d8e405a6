"""Answers that are kept while nothing is written: never older than the question."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from django.db import connection, transaction
from django.urls import URLPattern, get_resolver

from config.api import reading
from config.api.kept import KeptLists
from config.api.listed import Page, Part
from config.api.reading import Reading
from config.api.reads import plan_of
from config.api.room import CHANCES, Room
from config.api.rows import KeptRows, version_of
from config.api.state import watch
from config.api.viewsets import ResourceViewSet
from config.statements import compiled
from items.catalogue.serializers import ItemSerializer
from items.models import Category, Item
from tests.client import Api
from tests.factories import CategoryFactory, ItemFactory, UserFactory, token_for
from tests.items.helpers import late_reads, sql

CHANGES = 60


@pytest.fixture
def reader(transactional_db: None) -> Api:
    """A client whose requests are in no transaction."""
    return Api(token_for(UserFactory.create(is_superuser=True)))


@pytest.fixture
def kept() -> KeptLists:
    """A place of its own."""
    return KeptLists()


@pytest.fixture
def other(transactional_db: None) -> Any:
    """Somebody else's connection, which knows nothing of Django."""
    with psycopg.connect(**connection.get_connection_params()) as opened:
        yield opened


ROWS = Reading(Item.objects.all(), plan_of(ItemSerializer))


class Finding:
    """Finds another number each time."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Page:
        self.times += 1
        return Page(Part(state=watch.state()), {"number": self.times})


def number_in(answer: bytes) -> int:
    """The number that was found."""
    return int(json.loads(answer)["meta"]["number"])


# Other databases of the same server are written by other tests meanwhile, so that nothing may be
# kept for long; whatever is kept is right.
ASKED = 500


# ── What is kept ──────────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_seldom_found_when_it_is_asked_for_again_and_again(kept: KeptLists) -> None:
    find = Finding()
    for _ in range(ASKED):
        kept.answer("?", ROWS, find)
    assert find.times < ASKED


@pytest.mark.django_db(transaction=True)
def test_found_again_when_anything_was_written(kept: KeptLists) -> None:
    find = Finding()
    for number in range(1, 6):
        assert number_in(kept.answer("?", ROWS, find)) == number
        CategoryFactory.create()


@pytest.mark.django_db
def test_never_kept_when_a_transaction_is_under_way(kept: KeptLists) -> None:
    find = Finding()
    assert [number_in(kept.answer("?", ROWS, find)) for _ in range(3)] == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_outdated_at_once_when_somebody_commits_while_it_is_found(kept: KeptLists) -> None:
    def find() -> Page:
        state, number = watch.state(), Category.objects.count()
        CategoryFactory.create()
        return Page(Part(state=state), {"number": number})

    assert [number_in(kept.answer("?", ROWS, find)) for _ in range(4)] == [0, 1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_answered_and_not_kept_when_it_is_larger_than_the_room() -> None:
    kept, find = KeptLists(room=0), Finding()
    assert [number_in(kept.answer("?", ROWS, find)) for _ in range(3)] == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_as_before_when_there_is_no_room_for_its_rows(
    reader: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "kept_rows", KeptRows(room=0))
    ItemFactory.create_batch(2)
    answers = [reader.get("/items").response.content for _ in range(3)]
    assert answers == answers[:1] * 3


def filled(*names: str) -> Room[str, str]:
    """A room in which there is place for three; its values are their names."""
    room: Room[str, str] = Room(30)
    for name in names:
        room.keep(name, name, 10)
    return room


def test_what_came_first_and_was_not_used_goes_when_there_is_no_more_room() -> None:
    room = filled("a", "b", "c")
    room.get("a")
    room.keep("d", "d", 10)
    assert room.get(*"abcd") == ["a", None, "c", "d"]


def test_as_many_go_as_take_the_room_of_the_new_one() -> None:
    room = filled("a", "b", "c")
    room.keep("d", "d", 20)
    assert room.get(*"abcd") == [None, None, "c", "d"]


def test_what_was_used_goes_after_all_when_it_is_not_used_again() -> None:
    room = filled("a", "b", "c")
    room.get("a")
    for name in "defg":
        room.keep(name, name, 10)
    assert room.get("a") == [None]


def test_room_is_made_at_once_when_all_were_used() -> None:
    room: Room[int, int] = Room(10 * CHANCES)
    for number in range(10 * CHANCES):
        room.keep(number, number, 1)
    room.get(*range(10 * CHANCES))
    room.keep(-1, -1, 1)
    assert room.get(CHANCES, -1) == [None, -1]


def test_room_is_that_of_the_new_value_when_one_is_replaced() -> None:
    room = filled("a", "b", "c")
    room.keep("b", "less", 5)
    room.keep("d", "d", 5)
    assert room.get(*"abcd") == ["a", "less", "c", "d"]


def test_nothing_else_goes_when_a_value_is_replaced_by_one_as_large() -> None:
    room = filled("a", "b", "c")
    room.keep("c", "new", 10)
    assert room.get(*"abc") == ["a", "b", "new"]


def test_neither_old_nor_new_is_kept_when_the_new_takes_more_than_the_room() -> None:
    room = filled("a", "b", "c")
    room.keep("b", "new", 31)
    assert room.get(*"abc") == ["a", None, "c"]


# ── Lists ─────────────────────────────────────────────────────────────────────────────────────
def listed(reader: Api, path: str = "/items") -> list[str]:
    """The names in a list."""
    return [each["name"] for each in reader.get(path).data]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE items_item SET name = 'Stool'",
        "UPDATE items_category SET name = 'Stool'",
        "UPDATE users_user SET name = 'Stool'",
        "DELETE FROM items_item",
        "TRUNCATE items_item CASCADE",
    ],
)
def test_list_is_new_when_somebody_else_has_written(
    reader: Api, other: Any, statement: str
) -> None:
    ItemFactory.create(name="Chair", category=CategoryFactory.create(), owner=UserFactory.create())
    before = [reader.get("/items").response.content for _ in range(3)][-1]
    other.execute(statement)
    other.commit()
    after = reader.get("/items").response.content
    assert after != before
    assert (b"Stool" in after) == ("Stool" in statement)


def test_list_is_as_before_when_a_write_is_under_way_or_rolled_back(
    reader: Api, other: Any
) -> None:
    ItemFactory.create(name="Chair")
    [listed(reader) for _ in range(3)]
    other.execute("UPDATE items_item SET name = 'Stool'")
    assert listed(reader) == ["Chair"]
    other.rollback()
    assert listed(reader) == ["Chair"]


def test_own_changes_are_seen_when_a_list_is_read_within_a_transaction(reader: Api) -> None:
    item = ItemFactory.create(name="Chair")
    [listed(reader) for _ in range(3)]
    with transaction.atomic():
        Item.objects.filter(pk=item.pk).update(name="Stool")
        assert listed(reader) == ["Stool"]
        transaction.set_rollback(True)
    assert listed(reader) == ["Chair"]


def test_total_is_new_when_an_item_was_made(reader: Api) -> None:
    ItemFactory.create()
    assert [reader.get("/items").meta["total"] for _ in range(3)] == [1, 1, 1]
    reader.post("/items", {"sku": "NEW", "name": "New"})
    assert reader.get("/items").meta["total"] == 2


def test_refused_when_the_right_is_gone_though_the_list_is_kept(reader: Api) -> None:
    path = f"/items?holder={UserFactory.create().pk}"
    assert [reader.get(path).status for _ in range(3)] == [200, 200, 200]
    sql("UPDATE users_user SET is_superuser = false")
    assert reader.get(path).status == 403
    assert Api().get(path).status == 401


def test_next_page_leads_to_the_host_that_was_asked_when_there_are_several(reader: Api) -> None:
    ItemFactory.create_batch(2)
    for host in ("localhost", "127.0.0.1") * 3:
        answer = reader.get("/items?page_size=1", Host=host)
        following = urlsplit(answer.meta["next"])
        assert (following.hostname, parse_qs(following.query)["page"]) == (host, ["2"])


def test_no_list_is_older_than_what_was_committed_before_it_was_asked_for(reader: Api) -> None:
    item = ItemFactory.create(name="0")

    def write(number: int) -> None:
        Item.objects.filter(pk=item.pk).update(name=str(number))

    assert late_reads(write, lambda: int(listed(reader)[0]), CHANGES) == []
    assert listed(reader) == [str(CHANGES)]


def views() -> dict[str, type[ResourceViewSet]]:
    """All views of resources, by their name."""
    patterns: list[Any] = list(get_resolver().url_patterns)
    found: dict[str, type[ResourceViewSet]] = {}
    while patterns:
        each = patterns.pop()
        if not isinstance(each, URLPattern):
            patterns += each.url_patterns
            continue
        view: Any = getattr(each.callback, "cls", object)
        if issubclass(view, ResourceViewSet):
            found[view.__name__] = view
    return found


@pytest.mark.parametrize("view", [v for v in views().values() if v.keeps_reads], ids=str)
def test_rows_have_a_version_when_lists_are_kept(view: type[ResourceViewSet]) -> None:
    shape: Any = view.serializer_class
    assert version_of(plan_of(shape), view.queryset.model) is not None


@pytest.mark.parametrize("view", [v for v in views().values() if v.keeps_reads], ids=str)
def test_nothing_of_the_time_is_read_when_lists_are_kept(view: type[ResourceViewSet]) -> None:
    assert "timestamp()" not in compiled(view.queryset.all()).sql.lower()


@pytest.mark.parametrize("name", ["LoanViewSet", "ImportViewSet", "UserViewSet", "TokenViewSet"])
def test_lists_are_not_kept_when_time_or_cache_or_asker_change_them(name: str) -> None:
    view = views()[name]
    assert not (view.keeps_reads and view.get_queryset is ResourceViewSet.get_queryset)
