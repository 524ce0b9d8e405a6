"""Cached results, on the real Redis, with real threads and processes."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.conf import settings as current
from django.db import connection, connections, transaction

from config import caching, redis
from config.caching import cached, invalidate
from config.embedded.locks import wait_until
from items.catalogue.admin import category_paths
from items.catalogue.figures import category_count, items_by_status
from items.models import Category, Item
from tests.factories import CategoryFactory, ItemFactory
from tests.fragile import FragileRedis

AT_ONCE = 20
LATER_S = 0.1
ROOT = Path(__file__).resolve().parents[2]

calls: list[Any] = []


@pytest.fixture(autouse=True)
def _nothing_called_yet() -> None:
    calls.clear()


@cached(ttl=60)
def echo(a: Any = 1, *rest: Any, b: Any = None, **others: Any) -> Any:
    """What it was given."""
    calls.append(a)
    return [a, rest, b, others]


@cached(ttl=60)
def nothing() -> None:
    """None."""
    calls.append(None)


@cached(ttl=60, depends_on=("items.Category",))
def names() -> list[str]:
    """The names of the categories."""
    calls.append("names")
    return sorted(Category.objects.values_list("name", flat=True))


def in_threads(work: Callable[[], Any], many: int = AT_ONCE) -> list[Any]:
    """What `work` gives in many threads that begin together."""
    together = Barrier(many)

    def one(_: int) -> Any:
        together.wait(10)
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(many) as pool:
        return list(pool.map(one, range(many)))


# ── One result for one set of arguments ───────────────────────────────────────────────────────
def test_computed_once_when_the_arguments_are_the_same_however_written() -> None:
    results = [echo(), echo(1), echo(a=1), echo(1, b=None), echo(b=None, a=1)]
    assert results == [[1, [], None, {}]] * 5
    assert calls == [1]


def test_computed_for_each_when_the_arguments_differ() -> None:
    for value in (1, "1", True, 1.0, None, "", [], [1], {}, {"a": 1}, "né", 0):
        assert echo(value) == [value, [], None, {}]
    echo(1, 2)
    echo(1, b=2)
    echo(1, c=2)
    assert len(calls) == 15


def test_one_result_when_only_the_order_of_names_differs() -> None:
    echo({"x": 1, "y": 2}, p=1, q=2)
    echo({"y": 2, "x": 1}, q=2, p=1)
    assert len(calls) == 1


def test_a_hit_when_the_result_is_none() -> None:
    assert [nothing(), nothing()] == [None, None]
    assert calls == [None]


def test_the_same_types_when_it_is_computed_and_when_it_is_found() -> None:
    assert [echo((1, (2,))), echo((1, (2,)))] == [[[1, [2]], [], None, {}]] * 2


@pytest.mark.parametrize(
    "value",
    [
        date(2026, 1, 31),
        Decimal(1),
        {1},
        b"x",
        {1: "a"},
        float("nan"),
        float("inf"),
        2**70,
        "\ud800",
    ],
    ids=repr,
)
def test_a_sentence_when_an_argument_is_not_json(value: object) -> None:
    with pytest.raises(TypeError, match=r"An argument of .*echo is not JSON, which @cached needs"):
        echo(value)
    assert calls == []


def test_a_sentence_when_the_result_is_not_json() -> None:
    @cached(ttl=60)
    def bad() -> Any:
        return {1: "a"}

    with pytest.raises(TypeError, match=r"The result of .*bad is not JSON"):
        bad()


def test_the_usual_error_when_an_argument_is_unknown() -> None:
    with pytest.raises(TypeError, match="unexpected keyword"):
        names(x=1)  # type: ignore[call-arg]


def test_computed_anew_when_its_time_is_over() -> None:
    @cached(ttl=1)
    def short() -> int:
        calls.append("short")
        return 1

    short()
    time.sleep(1.1)
    short()
    assert len(calls) == 2


def test_computed_anew_when_the_cache_holds_something_else() -> None:
    echo(7)
    for key in redis.connection().scan_iter(redis.key("cached", "*")):
        redis.connection().set(key, b"junk", 60)
    assert echo(7) == [7, [], None, {}]
    assert calls == [7, 7]


# ── Many at once ──────────────────────────────────────────────────────────────────────────────
def test_computed_once_when_many_miss_at_once() -> None:
    @cached(ttl=60)
    def slow() -> int:
        calls.append("slow")
        time.sleep(0.3)
        return 7

    assert in_threads(slow) == [7] * AT_ONCE
    assert calls == ["slow"]


def test_the_error_crosses_and_nothing_is_kept_when_it_fails() -> None:
    @cached(ttl=60)
    def fails_first() -> int:
        calls.append("fails")
        if len(calls) == 1:
            raise ZeroDivisionError
        return 7

    with pytest.raises(ZeroDivisionError):
        fails_first()
    assert [fails_first(), fails_first()] == [7, 7]
    assert len(calls) == 2


def test_the_others_go_on_when_the_one_that_computes_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caching, "COMPUTING_S", 0.4)
    echo(8)
    (key,) = redis.connection().scan_iter(redis.key("cached", "*"))
    redis.connection().delete(key)
    redis.connection().set(key + b":lock", "of one that crashed", px=60_000)
    assert echo(8) == [8, [], None, {}]
    assert redis.connection().get(key + b":lock") == b"of one that crashed"
    assert echo(8) == [8, [], None, {}]
    assert len(calls) == 2


PROCESS = """
import sys, time
import django
django.setup()
from django.conf import settings
settings.CACHES["default"]["KEY_PREFIX"] = sys.argv[1]
from config.caching import cached

@cached(ttl=60)
def slow(what):
    print("computed", flush=True)
    time.sleep(0.5)
    return what

print(slow({"b": 1, "a": (None, "x")}))
"""


def test_one_computes_and_both_have_it_when_two_processes_miss_at_once() -> None:
    prefix = str(current.CACHES["default"]["KEY_PREFIX"])
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "REDIS_URL": str(current.CACHES["default"]["LOCATION"]),
    }
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, prefix],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0].splitlines() for process in running]
    result = "{'b': 1, 'a': [None, 'x']}"
    assert sorted(map(len, said)) == [1, 2]
    assert [lines[-1] for lines in said] == [result, result]


# ── Versions ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_computed_anew_when_a_row_was_made_saved_or_deleted() -> None:
    assert names() == []
    category = CategoryFactory.create(name="A")
    assert [names(), names()] == [["A"], ["A"]]
    category.name = "B"
    category.save()
    assert names() == ["B"]
    Category.objects.all().delete()
    assert names() == []
    assert len(calls) == 4


@pytest.mark.django_db(transaction=True)
def test_kept_when_another_model_is_written() -> None:
    names()
    ItemFactory.create()
    names()
    assert len(calls) == 1


@pytest.mark.django_db(transaction=True)
def test_kept_when_the_transaction_rolls_back() -> None:
    @transaction.atomic
    def make_and_fail() -> None:
        CategoryFactory.create(name="A")
        assert names() == ["A"]
        calls.pop()
        raise ZeroDivisionError

    names()
    with pytest.raises(ZeroDivisionError):
        make_and_fail()
    assert names() == []
    assert len(calls) == 1


@pytest.mark.django_db(transaction=True)
def test_anew_when_what_was_written_after_a_rolled_back_savepoint_commits() -> None:
    names()
    with transaction.atomic():
        inner = transaction.savepoint()
        CategoryFactory.create(name="A")
        transaction.savepoint_rollback(inner)
        CategoryFactory.create(name="B")
    assert names() == ["B"]


@pytest.mark.django_db(transaction=True)
def test_one_bump_when_a_transaction_writes_many_rows() -> None:
    with transaction.atomic():
        CategoryFactory.create_batch(5)
        assert len(connection.run_on_commit) == 1


@pytest.mark.django_db(transaction=True)
def test_seen_within_and_told_nobody_when_a_transaction_has_written() -> None:
    names()
    with transaction.atomic():
        CategoryFactory.create(name="A")
        assert names() == ["A"]
        assert in_threads(names, 2) == [[], []]
    assert names() == ["A"]


@pytest.mark.django_db(transaction=True)
def test_not_served_when_it_was_computed_before_the_commit_and_kept_after() -> None:
    begun, committed = Event(), Event()

    @cached(ttl=60, depends_on=("items.Category",))
    def slow_count() -> int:
        found = Category.objects.count()
        begun.set()
        committed.wait(10)
        return found

    def early() -> None:
        slow_count()
        connections.close_all()

    reader = Thread(target=early)
    reader.start()
    begun.wait(10)
    CategoryFactory.create()
    committed.set()
    reader.join(10)
    assert slow_count() == 1


@pytest.mark.django_db(transaction=True)
def test_never_older_than_the_last_commit_when_many_read_and_one_writes() -> None:
    stop = Event()
    wrong: list[str] = []
    committed = [0]

    @cached(ttl=60, depends_on=("items.Category",))
    def count() -> int:
        return Category.objects.count()

    def read() -> None:
        while not stop.is_set():
            least = committed[0]
            found = count()
            if found < least:
                wrong.append(f"{found} after {least}")
        connections.close_all()

    readers = [Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for n in range(1, 41):
        CategoryFactory.create()
        committed[0] = n
        time.sleep(0.005)
    stop.set()
    for reader in readers:
        reader.join(10)
    assert wrong == []
    assert count() == 40


@pytest.mark.django_db(transaction=True)
def test_anew_when_a_bulk_write_says_so() -> None:
    CategoryFactory.create(name="A")
    names()
    Category.objects.update(name="B")
    assert names() == ["A"]  # it sends no signal
    invalidate("items.Category")
    assert names() == ["B"]


def test_anew_when_the_cache_has_dropped_the_version(transactional_db: None) -> None:
    names()
    server = redis.connection()
    server.delete(redis.key("version", "items.Category"))
    names()
    assert len(calls) == 2


def test_a_sentence_when_it_depends_on_what_no_app_names() -> None:
    @cached(ttl=60, depends_on=("users.User",))
    def unwatched() -> int:
        return 1

    with pytest.raises(LookupError, match="cache_versions"):
        unwatched()


# ── Without Redis ─────────────────────────────────────────────────────────────────────────────
@pytest.mark.usefixtures("no_cache")
def test_simply_called_when_the_cache_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert [echo((1,)) for _ in range(3)] == [[[1], [], None, {}]] * 3
    assert len(calls) == 3
    assert len([r for r in caplog.records if r.name == "config.redis"]) == 1


def test_called_once_when_the_cache_is_lost_meanwhile(fragile_cache: FragileRedis) -> None:
    @cached(ttl=60)
    def cuts() -> int:
        calls.append("cuts")
        fragile_cache.stop()
        return 7

    assert cuts() == 7
    assert calls == ["cuts"]


@pytest.mark.django_db(transaction=True)
def test_not_served_when_it_was_written_while_the_cache_was_lost(
    fragile_cache: FragileRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "PAUSE_S", 0.05)
    assert names() == []
    fragile_cache.stop()
    CategoryFactory.create(name="A")
    fragile_cache.start()
    time.sleep(0.1)
    assert [names(), names()] == [["A"], ["A"]]
    assert len(calls) == 2


# ── Where it is used ──────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_true_when_the_register_changes() -> None:
    assert (category_paths(), category_count(), items_by_status()["active"]) == ({}, 0, 0)
    top = CategoryFactory.create(name="B")
    low = CategoryFactory.create(name="A", parent=top)
    item = ItemFactory.create()
    assert list(category_paths().items()) == [(str(top.pk), "B"), (str(low.pk), "B / A")]
    assert (category_count(), items_by_status()["active"]) == (2, 1)
    item.status = Item.Status.RETIRED
    item.save(update_fields=["status"])
    assert items_by_status() == {"active": 0, "draft": 0, "retired": 1}


@pytest.fixture
def told_together(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that tells Redis of its commits by a thread, which ends with the test."""
    monkeypatch.setattr(caching, "_told_together", Event())
    monkeypatch.setattr(caching, "_something_is_owed", Event())
    monkeypatch.setattr(caching, "TOGETHER_S", LATER_S)
    caching.tell_together()
    yield
    caching._told_together.clear()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("told_together")
def test_the_process_itself_serves_nothing_old_when_others_are_told_later() -> None:
    for name in ("A", "B", "C"):
        CategoryFactory.create(name=name)
        assert name in names()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("told_together")
def test_redis_knows_soon_when_it_is_told_later() -> None:
    names()
    key = caching._version_key("items.Category")
    before = redis.ask(lambda server: server.get(key))
    CategoryFactory.create(name="A")
    assert wait_until(lambda: redis.ask(lambda server: server.get(key)) != before, timeout_s=10)
