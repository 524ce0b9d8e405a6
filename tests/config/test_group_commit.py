"""What several write is done together, and to each as if they had written alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread, Timer
from typing import Any

import pytest
from django.db import (
    DataError,
    Error,
    IntegrityError,
    OperationalError,
    connection,
    transaction,
)
from pytest_django import Settings

from config.group_commit import BRIEFLY_MS, Group, fetch_in_group, leave_group
from config.prepared import Statement
from config.queries import counter
from config.statements import fetch
from items.models import Category
from tests.factories import CategoryFactory
from tests.live import server_session

INSERT = "INSERT INTO items_category (name) VALUES (%s) RETURNING name"
# What is refused as long as it is done together with others, and says what it may wait when not.
ALONE = """
    SELECT current_setting('lock_timeout')
    WHERE 1 / (current_setting('lock_timeout') <> %s)::int = 1
"""
BACKEND = "SELECT pg_backend_pid()"
ENDS = Statement("SELECT pg_terminate_backend(pg_backend_pid())", ())
LONG_S, HELD_S = 10.0, 0.5

pytestmark = pytest.mark.django_db(transaction=True)


class Table:
    """A group, and what became of each piece of work, in the order of their ends."""

    def __init__(self, size: int = 8) -> None:
        self.group = Group(size)
        self.ends: list[tuple[Any, Any]] = []
        self.room = True

    def begins(self, name: Any, work: Callable[[], Any]) -> None:
        """Begin a piece of work of this name."""

        def done() -> None:
            try:
                self.ends.append((name, work()))
            except Error as error:
                self.ends.append((name, type(error)))

        self.room = self.group.begin(done)

    def writes(self, *statements: Statement) -> None:
        """Begin one write of each statement, named by its place."""
        for place, statement in enumerate(statements):
            self.begins(place, partial(fetch_in_group, statement))

    def ended(self) -> list[tuple[Any, Any]]:
        """What became of all, to their end."""
        self.group.commit()
        self.group.finish()
        return self.ends


@pytest.fixture
def table() -> Table:
    """Room for eight."""
    return Table()


def named(*names: str) -> list[Statement]:
    """What makes categories of these names."""
    return [Statement(INSERT, (name,)) for name in names]


def transactions() -> int:
    """How many transactions the categories that are there were made in."""
    return int(fetch("SELECT count(DISTINCT xmin::text) FROM items_category", [])[0][0])


def names() -> set[str]:
    return set(Category.objects.values_list("name", flat=True))


@contextmanager
def locked(pk: int) -> Iterator[Callable[[], None]]:
    """The category of this id is locked by somebody else, until the end or what this gives."""
    begun, over = Event(), Event()

    def lock() -> None:
        with transaction.atomic():
            Category.objects.select_for_update().get(pk=pk)
            begun.set()
            over.wait(LONG_S)
        connection.close()

    thread = Thread(target=lock)
    thread.start()
    try:
        assert begun.wait(LONG_S)
        yield over.set
    finally:
        over.set()
        thread.join()


# ── Together ──────────────────────────────────────────────────────────────────────────────────
def test_one_transaction_when_several_write(table: Table) -> None:
    table.writes(*named("a", "b", "c"))
    assert table.ended() == [(0, [("a",)]), (1, [("b",)]), (2, [("c",)])]
    assert transactions() == 1


def test_nothing_is_written_when_others_may_still_begin(table: Table) -> None:
    table.writes(*named("a", "b"))
    assert (table.room, table.ends, names()) == (True, [], set())


def test_no_room_when_it_is_full() -> None:
    table = Table(2)
    table.writes(*named("a", "b"))
    assert not table.room


def test_room_again_when_all_have_ended() -> None:
    table = Table(2)
    for two in ("ab", "cd", "ef"):
        table.writes(*named(*two))
        table.ended()
    assert (len(table.ends), transactions()) == (6, 3)


def test_room_for_another_when_one_does_not_write() -> None:
    table = Table(1)
    table.begins("reads", lambda: fetch("SELECT 1", []))
    assert (table.room, table.ended()) == (True, [("reads", [(1,)])])


def test_each_counts_its_own_statements_when_they_take_turns(table: Table) -> None:
    def counted(statements: int) -> int:
        before = counter.count
        for number in range(statements - 1):
            fetch("SELECT %s", [number])
        fetch_in_group(*named(str(statements)))
        return counter.count - before

    for statements in (1, 3, 2):
        table.begins(statements, partial(counted, statements))
    assert table.ended() == [(1, 1), (3, 3), (2, 2)]


def test_a_second_write_is_done_when_one_writes_twice(table: Table) -> None:
    table.begins("twice", lambda: [fetch_in_group(each) for each in named("a", "b")])
    table.writes(*named("c"))
    assert table.ended() == [(0, [("c",)]), ("twice", [[("a",)], [("b",)]])]


# ── Refused ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("place", [0, 1, 2])
def test_all_others_are_done_when_one_is_refused(place: int, table: Table) -> None:
    wanted = ["a", "b"]
    wanted.insert(place, " ")  # blank, which no category is
    table.writes(*named(*wanted))
    assert dict(table.ended())[place] is IntegrityError
    assert names() == {"a", "b"}


def test_all_hear_when_all_are_refused(table: Table) -> None:
    table.writes(*named(" ", " ", " "))
    assert dict(table.ended()) == dict.fromkeys(range(3), IntegrityError)


def test_one_is_made_when_several_are_the_same(table: Table) -> None:
    table.writes(*named("a", "A", "a"))
    assert table.ended() == [(0, [("a",)]), (1, IntegrityError), (2, IntegrityError)]
    assert names() == {"a"}


def test_all_others_are_done_when_the_commit_is_refused_for_one(table: Table) -> None:
    nowhere = Statement("INSERT INTO items_category (name, parent_id) VALUES (%s, 0)", ("x",))
    table.writes(*named("a"), nowhere, *named("b"))
    assert dict(table.ended())[1] is IntegrityError
    assert names() == {"a", "b"}


def test_all_others_are_done_when_one_cannot_be_sent(table: Table) -> None:
    table.writes(*named("a", "no text: \0", "b"))
    assert dict(table.ended())[1] is DataError
    assert names() == {"a", "b"}


def test_all_others_have_their_rows_when_python_knows_no_such_value_as_one_returns(
    table: Table,
) -> None:
    odd = Statement(f"{INSERT}, 'infinity'::timestamptz", ("odd",))
    table.writes(*named("a"), odd, *named("b"))
    assert dict(table.ended()) == {0: [("a",)], 1: DataError, 2: [("b",)]}


def test_all_are_done_when_somebody_has_deallocated_what_was_prepared(table: Table) -> None:
    for two in ("ab", "cd"):
        table.writes(*named(*two))
        table.ended()
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    table.writes(*named("e", "f"))
    assert dict(table.ended()[-2:]) == {0: [("e",)], 1: [("f",)]}


# ── Lost ──────────────────────────────────────────────────────────────────────────────────────
def test_nothing_is_done_twice_when_the_connection_is_lost(table: Table) -> None:
    table.writes(*named("a"), ENDS, *named("b"))
    assert table.ended() == [(place, OperationalError) for place in range(3)]
    connection.close()
    assert names() == set()


def test_the_database_is_the_trouble_when_it_ends_the_connection_before(table: Table) -> None:
    table.writes(*named("a", "b"))
    table.ended()
    table.writes(*named("c", "d"))
    with server_session() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [fetch(BACKEND, [])[0][0]])
    assert table.ended()[2:] == [(place, OperationalError) for place in range(2)]
    connection.close()
    assert names() == {"a", "b"}


def test_who_was_refused_hears_too_when_the_connection_is_lost_later(table: Table) -> None:
    table.writes(*named(" ", "a"), ENDS)
    ended = dict(table.ended())
    connection.close()
    assert (ended[1], ended[2]) == (OperationalError, OperationalError)
    assert issubclass(ended[0], Error)


def test_the_next_are_done_when_the_connection_was_lost(table: Table) -> None:
    table.writes(ENDS, *named("a"))
    table.ended()
    connection.close()
    table.writes(*named("b", "c"))
    table.ended()
    assert names() == {"b", "c"}


def test_the_connection_is_given_up_when_a_trip_is_cut_short(table: Table) -> None:
    many = 70_000  # values; the protocol counts to 65,535
    too_large = Statement(f"SELECT 1 WHERE 1 IN ({', '.join(['%s'] * many)})", (1,) * many)
    table.writes(*named("a"), too_large)
    assert dict(table.ended()) == dict.fromkeys(range(2), OperationalError)
    assert connection.connection is not None
    assert connection.connection.closed
    connection.close()
    assert names() == set()


# ── Locks ─────────────────────────────────────────────────────────────────────────────────────
def test_all_others_are_done_when_one_has_to_wait_for_a_lock(table: Table) -> None:
    held = CategoryFactory.create(name="held")
    rename = Statement("UPDATE items_category SET name = 'mine' WHERE id = %s", (held.pk,))
    with locked(held.pk):
        table.writes(*named("a"), rename, *named("b"))
        table.group.commit()
        assert table.ends == [(0, [("a",)]), (2, [("b",)])]
    assert table.ended()[2:] == [(1, [])]
    assert names() == {"a", "b", "mine"}


def test_all_wait_as_long_as_one_may_when_several_need_a_lock(
    table: Table, settings: Settings
) -> None:
    settings.LOCK_TIMEOUT_S = 10
    held = CategoryFactory.create(name="held")
    touch = Statement("UPDATE items_category SET name = name WHERE id = %s RETURNING 1", (held.pk,))
    with locked(held.pk) as free:
        table.writes(*[touch] * 8)
        table.group.commit()
        assert table.ends == []
        Timer(HELD_S, free).start()
        table.group.finish()
    assert table.ends == [(place, [(1,)]) for place in (3, 4, 5, 6, 7, 0, 1, 2)]


def test_no_limit_when_none_is_set(table: Table, settings: Settings) -> None:
    settings.LOCK_TIMEOUT_S = 0
    [(usual,)] = fetch("SHOW lock_timeout", [])
    table.writes(*[Statement(ALONE, (f"{BRIEFLY_MS}ms",))] * 2, *named("a"))
    assert dict(table.ended()) == {0: [(usual,)], 1: [(usual,)], 2: [("a",)]}


# ── For oneself ───────────────────────────────────────────────────────────────────────────────
def test_the_others_are_done_first_when_one_leaves(table: Table) -> None:
    def leaves() -> list[Any]:
        leave_group()
        return sorted(names())

    table.writes(*named("a", "b"))
    table.begins("leaves", leaves)
    assert not table.room
    assert table.ended()[-1] == ("leaves", ["a", "b"])


def test_at_once_when_a_transaction_is_open(table: Table) -> None:
    def in_transaction() -> None:
        with transaction.atomic():
            leave_group()
            fetch_in_group(*named("a"))
            transaction.set_rollback(True)

    table.begins("transaction", in_transaction)
    assert (table.ends, names()) == ([("transaction", None)], set())


def test_at_once_when_there_is_no_group() -> None:
    leave_group()
    assert fetch_in_group(*named("a")) == [("a",)]
