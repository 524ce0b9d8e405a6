"""What the register's tests do again and again: threads, hand-written SQL, walks over lists."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html import unescape
from threading import Barrier, Event
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.client import Api

Result = TypeVar("Result")

WAIT_S = 20.0


def query(**parameters: Any) -> str:
    """A query string, `?` and all; a list's values are repeated."""
    return "?" + urlencode(parameters, doseq=True)


def sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a hand-written statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def without_triggers() -> Iterator[None]:
    """Lets hand-written SQL set what triggers keep, until the end of the block."""
    sql("SET LOCAL session_replication_role = replica")
    yield
    sql("SET LOCAL session_replication_role = DEFAULT")


def in_thread(call: Callable[[], Result]) -> Result:
    """`call` with connections that nobody else uses, closed when it is done."""
    try:
        return call()
    finally:
        connections.close_all()


def at_once(*calls: Callable[[], Result]) -> list[Result]:
    """What each call answers when all start at the same moment, each in its own thread."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Result]) -> Result:
        start.wait(WAIT_S)
        return in_thread(call)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def late_reads(write: Callable[[int], Any], read: Callable[[], int], changes: int) -> list[int]:
    """The numbers that readers find though a later one was committed before they asked.

    One thread writes 1, 2, 3 … while three read what was written last.
    """
    done, committed = Event(), [0]

    def write_all() -> list[int]:
        try:
            for number in range(1, changes + 1):
                write(number)
                committed[0] = number
        finally:
            done.set()
        return []

    def read_all() -> list[int]:
        late = []
        while not done.is_set():
            before = committed[0]
            found = read()
            late += [found] if found < before else []
        return late

    return [number for late in at_once(write_all, *[read_all] * 3) for number in late]


def until(true: Callable[[], bool]) -> None:
    """Wait for something that another thread does; fail when it never does."""
    for _ in range(int(WAIT_S / 0.01)):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to pass")


def somebody_waits_for_a_lock() -> bool:
    """True while a session of this database waits for another one's lock."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    sql("SELECT pg_stat_clear_snapshot()")  # else a transaction sees what it saw first
    return bool(sql(waiting)[0][0])


def ids_of(rows: Sequence[dict[str, Any]]) -> list[int]:
    """The ids of a list's data, in its order."""
    return [row["id"] for row in rows]


def by_pages(api: Api, path: str, **parameters: Any) -> list[dict[str, Any]]:
    """Every row of a list, by following `meta.next`."""
    rows: list[dict[str, Any]] = []
    url: str | None = f"{path}{query(**parameters)}"
    while url is not None:
        reply = api.get(url)
        rows += reply.data
        following = reply.meta["next"]
        url = following.split("/api/v1", 1)[1] if following else None
    return rows


def by_cursor(api: Api, path: str, **parameters: Any) -> list[dict[str, Any]]:
    """Every row of a list, by following `meta.next_cursor`."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        reply = api.get(f"{path}{query(**parameters, cursor=cursor)}")
        rows += reply.data
        cursor = reply.meta["next_cursor"]
    return rows


# ── The admin ─────────────────────────────────────────────────────────────────────────────────
def text_of(response: Any) -> str:
    """A page's text, without markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", response.content.decode())))


def queries(desk: Client, url: str) -> int:
    """How many queries a page takes."""
    with CaptureQueriesContext(connection) as captured:
        assert desk.get(url).status_code == 200
    return len(captured)
