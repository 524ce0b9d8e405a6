"""Statements that are prepared once for each connection, and sent together where they can be."""

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread
from time import sleep
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg.pq import TransactionStatus

from config.prepared import Statement
from config.statements import NOTHING, beginning_with, compiled, fetch
from items.models import Category
from tests.factories import CategoryFactory

NAME = Statement("SELECT set_config('stockroom.test', %s, true)", ("told",))
TOLD = "SELECT current_setting('stockroom.test', true)"

pytestmark = pytest.mark.django_db


def told() -> Any:
    """What the transaction began with has set."""
    with connection.cursor() as cursor:
        cursor.execute(TOLD)
        return cursor.fetchone()[0]


def prepared(sql: str) -> int:
    """How many statements of this text are prepared on the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = %s", [sql])
        return int(cursor.fetchone()[0])


def status() -> int:
    """Whether the server is in a transaction."""
    raw: Any = connection.connection
    return int(raw.pgconn.transaction_status)


# ── Rows ──────────────────────────────────────────────────────────────────────────────────────
def test_numbers_as_text_and_moments_in_utc_when_they_are_fetched() -> None:
    sql = "SELECT 1.50::numeric, '2026-01-31 12:00+09'::timestamptz, %s::text, '{\"a\": 1}'::jsonb"
    assert fetch(sql, ["50 %"]) == [
        ("1.50", datetime(2026, 1, 31, 3, tzinfo=UTC), "50 %", '{"a": 1}')
    ]


def test_none_when_nothing_can_match() -> None:
    assert fetch(*compiled(Category.objects.none().values_list("pk"))) == []
    assert NOTHING.about(5) is NOTHING


def test_another_row_when_a_statement_is_about_another_id() -> None:
    one, other = CategoryFactory.create_batch(2)
    by_id = compiled(Category.objects.filter(pk=0).values_list("name"))
    assert [fetch(*by_id.about(each.pk)) for each in (one, other)] == [
        [(one.name,)],
        [(other.name,)],
    ]


# ── Prepared ──────────────────────────────────────────────────────────────────────────────────
def test_prepared_when_it_comes_for_the_second_time() -> None:
    sql = "SELECT 'once, then prepared'"
    assert [(fetch(sql, []), prepared(sql))[1] for _ in range(3)] == [0, 1, 1]


def test_the_oldest_is_forgotten_when_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.prepared.MAX_PREPARED", 2)
    first, *others = (f"SELECT 'one of many, {number}'" for number in range(4))
    for sql in (first, first, *others):
        fetch(sql, [])
    assert prepared(first) == 0
    assert fetch(first, []) == [("one of many, 0",)]


def test_one_plan_serves_when_numbers_are_small_or_large() -> None:
    sql = "SELECT %s + 0"
    assert [fetch(sql, [number]) for number in (1, 2, 2**40)] == [[(1,)], [(2,)], [(2**40,)]]
    assert prepared("SELECT $1 + 0") == 1


# ── What a transaction begins with ────────────────────────────────────────────────────────────
def test_it_comes_first_when_a_statement_is_fetched() -> None:
    with transaction.atomic(), beginning_with(NAME):
        assert fetch(TOLD, []) == [("told",)]


def test_it_comes_first_when_django_asks() -> None:
    with transaction.atomic(), beginning_with(NAME):
        assert told() == "told"


@pytest.mark.django_db(transaction=True)
def test_it_comes_first_when_statements_are_logged() -> None:
    with CaptureQueriesContext(connection), transaction.atomic(), beginning_with(NAME):
        assert fetch(TOLD, []) == [("told",)]


def test_it_stays_when_a_savepoint_rolls_back() -> None:
    with transaction.atomic(), beginning_with(NAME):
        inner = transaction.savepoint()
        assert told() == "told"
        transaction.savepoint_rollback(inner)
        assert told() == "told"


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_when_nothing_is_asked() -> None:
    with transaction.atomic(), beginning_with(NAME):
        assert status() == TransactionStatus.IDLE
    with transaction.atomic():
        assert told() in {None, ""}


# ── Refused ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_rolled_back_and_usable_when_the_first_of_a_transaction_fails() -> None:
    insert = "INSERT INTO items_category (name) VALUES (%s)"
    with pytest.raises(IntegrityError), transaction.atomic(), beginning_with(NAME):
        fetch(insert, [" "])
    assert status() == TransactionStatus.IDLE
    with transaction.atomic(), beginning_with(NAME):
        fetch(insert, ["fine"])
    assert Category.objects.filter(name="fine").exists()


@pytest.mark.django_db(transaction=True)
def test_the_statement_is_not_done_when_what_comes_first_fails() -> None:
    broken = Statement("SELECT set_config('no such setting', %s, true)", ("x",))
    with pytest.raises(ProgrammingError), transaction.atomic(), beginning_with(broken):
        fetch("INSERT INTO items_category (name) VALUES ('never')", [])
    assert not Category.objects.exists()


# ── Threads ───────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def waiting() -> Iterator[Thread]:
    """A thread that waits for the database, within the first trip of a transaction."""

    def wait() -> None:
        with transaction.atomic(), beginning_with(NAME):
            fetch("SELECT pg_sleep(0.5)", [])
        connection.close()

    thread = Thread(target=wait)
    thread.start()
    yield thread
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_other_threads_go_on_when_one_waits_for_the_database(waiting: Thread) -> None:
    steps = 0
    while waiting.is_alive():
        sleep(0.01)
        steps += 1
    assert steps > 10
