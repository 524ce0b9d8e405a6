"""Jobs done by a worker process beside a running server, and by the next when that is killed."""

import signal
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psutil
import pytest

from config.embedded.locks import wait_until
from config.working import GRACE_S, SWEEP_S, YOUNG_S
from tests.live import Place, Server, live_database
from tests.tasks import ask, ask_and_fail, make_category, make_category_slowly

DONE_S = 10.0
TAKEN_OVER_S = YOUNG_S + SWEEP_S + 10.0
START_S = 30.0
END_ALL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
def place(server: Server, django_db_blocker: Any) -> Iterator[Place]:
    """The running server's database."""
    with django_db_blocker.unblock():
        yield Place(server.environment["DATABASE_URL"])


@pytest.fixture
def elsewhere(servers: None, django_db_blocker: Any) -> Iterator[Place]:
    """A database that no worker serves."""
    with django_db_blocker.unblock(), live_database("jobs") as url:
        yield Place(url)


def has(place: Place, name: str) -> bool:
    return bool(place.sql(f"SELECT 1 FROM items_category WHERE name = '{name}'"))


def states(place: Place) -> list[tuple[str, int]]:
    return place.sql("SELECT status::text, attempts FROM procrastinate_jobs")


def workers_of(server: Server) -> list[psutil.Process]:
    children = psutil.Process(server.process.pid).children()
    return [each for each in children if each.cmdline()[-1:] == ["work"]]


def test_it_is_done_at_once_when_it_is_asked_for(place: Place) -> None:
    name = uuid4().hex
    with place.here():
        make_category.defer(name=name)
    assert wait_until(lambda: has(place, name), timeout_s=DONE_S)


def test_it_is_done_only_when_the_job_that_asked_for_it_has_committed(place: Place) -> None:
    rolled_back, committed = uuid4().hex, uuid4().hex
    with place.here():
        ask_and_fail.defer(name=rolled_back)
        ask.defer(name=committed)
    assert wait_until(lambda: has(place, committed), timeout_s=DONE_S)
    assert not has(place, rolled_back)


def test_it_is_done_by_the_next_worker_when_one_is_killed(server: Server, place: Place) -> None:
    name = uuid4().hex
    with place.here():
        make_category_slowly.defer(name=name, takes_s=3.0)
    assert wait_until(lambda: has(place, f"{name} begun"), timeout_s=DONE_S)
    [worker] = workers_of(server)
    worker.kill()
    assert wait_until(lambda: has(place, name), timeout_s=TAKEN_OVER_S)
    assert workers_of(server) != [worker]


def test_it_is_ended_first_when_the_worker_is_stopped(elsewhere: Place) -> None:
    with elsewhere.here():
        make_category_slowly.defer(name="Chairs", takes_s=2.0)
    with elsewhere.process("work") as worker:
        assert wait_until(lambda: has(elsewhere, "Chairs begun"), timeout_s=START_S)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(GRACE_S) == 0
    assert has(elsewhere, "Chairs")
    assert states(elsewhere) == [("succeeded", 1)]


def test_it_is_given_back_when_it_does_not_end_after_the_worker_was_stopped(
    elsewhere: Place,
) -> None:
    with elsewhere.here():
        make_category_slowly.defer(name="Chairs", takes_s=10 * GRACE_S)
    with elsewhere.process("work") as worker:
        assert wait_until(lambda: has(elsewhere, "Chairs begun"), timeout_s=START_S)
        begun = time.monotonic()
        worker.send_signal(signal.SIGINT)
        assert worker.wait(2 * GRACE_S) == 0
    assert GRACE_S <= time.monotonic() - begun < GRACE_S + 5
    assert states(elsewhere) == [("todo", 0)]


def test_it_is_done_in_the_end_when_the_database_ends_all_connections(elsewhere: Place) -> None:
    with elsewhere.here():
        make_category_slowly.defer(name="Chairs", takes_s=2.0)
    with elsewhere.process("work") as worker:
        assert wait_until(lambda: has(elsewhere, "Chairs begun"), timeout_s=START_S)
        elsewhere.sql(END_ALL)
        assert wait_until(lambda: has(elsewhere, "Chairs"), timeout_s=TAKEN_OVER_S)
        worker.terminate()
        assert worker.wait(GRACE_S) == 0
