"""Counts of what is limited, in Redis and, while it is lost, in PostgreSQL."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from config import limits, redis
from config.limits import Count, Limit
from config.models import PRUNED_AT_ONCE, RateCount
from config.rates import Rate

AT_ONCE = 8
TIMES = 24


def limit(who: str, times: int = 5) -> Limit:
    return Limit("test", who, Rate(times, 60))


def in_threads(work: Callable[[int], Any]) -> list[Any]:
    """What `work` gives, done many times at once, each thread with its own connection."""

    def closed(n: int) -> Any:
        try:
            return work(n)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(closed, range(TIMES)))


def test_each_has_its_own_count_when_several_are_counted_at_once() -> None:
    limits.count([limit("a")])
    a, b = limits.count([limit("a"), limit("b")])
    assert (a.number, a.remaining, b.number, b.remaining) == (2, 3, 1, 4)
    assert 59 < b.left_s <= 60


def test_heals_when_a_count_has_lost_its_end() -> None:
    name = redis.key("limit", limit("a").digest)
    redis.ask(lambda server: server.set(name, 3))
    (found,) = limits.count([limit("a")])
    assert (found.number, found.left_s) == (4, 60)
    assert 0 < redis.ask(lambda server: server.pttl(name)) <= 60_000


def test_the_nearest_is_told_when_there_are_several() -> None:
    far, near, longer = (
        Count(Rate(9, 60), 1, 60),
        Count(Rate(5, 60), 5, 3),
        Count(Rate(5, 60), 6, 4),
    )
    assert limits.nearest([far, near, longer]) == longer


@pytest.mark.django_db
@pytest.mark.usefixtures("no_cache")
def test_counted_by_the_database_when_the_cache_is_lost() -> None:
    limits.count_always([limit("a")])
    b, a = limits.count_always([limit("b"), limit("a")])
    assert (a.number, b.number) == (2, 1)
    assert 59 < b.left_s <= 60
    assert RateCount.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_cache")
def test_exactly_the_limit_passes_when_the_database_counts_many_at_once() -> None:
    pair = [limit("a"), limit("b")]
    counts = in_threads(lambda n: limits.count_always(pair if n % 2 else pair[::-1]))
    assert sum(not count.is_over for both in counts for count in both) == 10
    assert {row.count for row in RateCount.objects.all()} == {TIMES}


@pytest.mark.django_db
@pytest.mark.usefixtures("no_cache")
def test_counts_anew_when_the_window_in_the_database_is_over() -> None:
    for _ in range(7):
        limits.count_always([limit("a")])
    RateCount.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    (found,) = limits.count_always([limit("a")])
    assert (found.number, found.left_s) == (1, 60)


@pytest.mark.django_db
@pytest.mark.usefixtures("no_cache")
def test_the_table_does_not_grow_when_windows_are_over() -> None:
    over = timezone.now() - timedelta(seconds=1)
    rows = [RateCount(key=str(n), count=1, ends_at=over) for n in range(PRUNED_AT_ONCE + 1)]
    RateCount.objects.bulk_create(rows)
    limits.count_always([limit("a")])
    assert RateCount.objects.filter(ends_at=over).count() == 1
    limits.count_always([limit("a")])
    assert [row.count for row in RateCount.objects.all()] == [2]


# ── In advance ────────────────────────────────────────────────────────────────────────────────
def kept_of(limit: Limit) -> int:
    """How often Redis has counted it."""
    found: Any = redis.ask(lambda server: server.get(redis.key("limit", limit.digest)))
    return int(found)


def test_redis_is_asked_for_many_at_once_when_the_limit_is_far_away() -> None:
    limit = Limit("test", "far", Rate(1000, 60))
    counts = [limits.count_in_advance(limit) for _ in range(10)]
    assert [count.number for count in counts] == list(range(1, 11))
    assert kept_of(limit) == 10
    assert limits.count_in_advance(limit).number == 11
    assert kept_of(limit) == 10 + 9


def test_exactly_the_limit_passes_when_it_is_counted_in_advance() -> None:
    limit = Limit("test", "whole", Rate(350, 60))
    counts = [limits.count_in_advance(limit) for _ in range(360)]
    assert [count.number for count in counts if not count.is_over] == list(range(1, 351))


def test_counted_one_by_one_when_the_limit_is_near() -> None:
    limit = Limit("test", "near", Rate(60, 60))
    for asked in range(1, 4):
        assert limits.count_in_advance(limit).number == asked
        assert kept_of(limit) == asked


def test_counted_anew_when_the_window_of_what_was_counted_in_advance_is_over() -> None:
    limit = Limit("test", "short", Rate(1000, 1))
    assert limits.count_in_advance(limit).number == 1
    time.sleep(1.1)
    assert limits.count_in_advance(limit).number == 1
