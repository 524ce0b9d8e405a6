"""Threads that answer, in the order of asking: few while they compute, more while they wait.

While all of the few are kept (by a lock of the database, or a slow query) helpers step in, so that
the line moves.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from queue import Empty, SimpleQueue
from threading import Lock, Semaphore, Thread
from typing import Any

from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections, reset_queries
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import OperationalError
from psycopg.pq import ConnStatus

from config.group_commit import Group

logger = logging.getLogger(__name__)

GATHERING_S = 0.01  # longer than it takes to begin a group, where nobody waits for anything


@dataclass(slots=True)
class Job:
    """Something to do, and what to do when nobody came round to it."""

    do: Callable[[], None]
    refuse: Callable[[], None]
    asked_at: float = field(default_factory=time.monotonic)


class Crew:
    """Does one job after another. What a job raises is logged, and the next one begins.

    `look` is to be called every now and then by the thread that calls `take`, as long as
    something waits.
    """

    def __init__(self, *, regulars: int, helpers: int, patience_s: float) -> None:
        self._line: SimpleQueue[Job] = SimpleQueue()
        self._patience_s = patience_s
        self._free_helpers, self._call, self._counting = helpers, Semaphore(0), Lock()
        self._begun = self._begun_before = 0
        self._moved_at = time.monotonic()
        for run in [self._serve] * regulars + [self._help] * helpers:
            Thread(target=run, daemon=True).start()

    def take(self, job: Job) -> None:
        """Do it when all that came before is done or under way."""
        self._line.put(job)

    def look(self) -> bool:
        """See whether the line moves: call a helper, or refuse whom nobody will serve.

        Returns whether anybody waits.
        """
        stands, self._begun_before = self._begun == self._begun_before, self._begun
        if stands and not self._line.empty():
            self._call_helper()
            if time.monotonic() - self._moved_at > self._patience_s:
                self._refuse()
        return not self._line.empty()

    def _serve(self) -> None:
        while True:
            self._do(self._line.get())

    def _help(self) -> None:
        while True:
            self._call.acquire()
            for job in self._waiting():
                self._do(job)
            with self._counting:
                self._free_helpers += 1

    def _call_helper(self) -> None:
        with self._counting:
            if not self._free_helpers:
                return
            self._free_helpers -= 1
        self._call.release()

    def _waiting(self) -> Iterator[Job]:
        while True:
            try:
                yield self._line.get_nowait()
            except Empty:
                return

    def _refuse(self) -> None:
        """Refuse who has waited for so long; who came later stays in line."""
        latest = time.monotonic() - self._patience_s
        for job in list(self._waiting()):
            if job.asked_at < latest:
                _without_end(job.refuse)
            else:
                self._line.put(job)

    def _do(self, job: Job) -> None:
        self._begun += 1
        begun = time.monotonic()
        _without_end(_with_connection, job.do)
        ended = time.monotonic()
        if ended - begun < self._patience_s:  # else it was kept itself
            self._moved_at = ended


class Writers(Crew):
    """A crew whose regulars each answer several by turns, and do what those write together.

    One of them begins what waits, until there are so many `together`, or one needs the thread for
    itself, or it has taken GATHERING_S; while it does what they write the next ones wait in line,
    and are the next group. What has to be done one by one keeps the other regulars from nothing.
    """

    def __init__(self, *, together: int, **crew: Any) -> None:
        self._together, self._turn = together, Lock()
        super().__init__(**crew)

    def _serve(self) -> None:
        group = Group(self._together)
        while True:
            with self._turn:
                self._gather(group)
                group.commit()
            group.finish()

    def _gather(self, group: Group) -> None:
        first = self._line.get()
        until = time.monotonic() + GATHERING_S
        for job in chain([first], self._waiting()):
            if not group.begin(partial(self._do, job)) or time.monotonic() > until:
                return


def _without_end(work: Callable[..., None], *about: Any) -> None:
    """Do it; what it raises is logged, since others come after it."""
    try:
        work(*about)
    except BaseException:  # also what the web server's own language panics with
        logger.exception("a request could not be answered")


def _with_connection(work: Callable[[], None]) -> None:
    """Do it with a connection that is well, and leave one that is."""
    connection = connections[DEFAULT_DB_ALIAS]
    close_if_ended(connection)
    try:
        work()
    finally:
        connection.close_if_unusable_or_obsolete()


def look_after_connections() -> None:
    """Leave them to the crew, and spare each request what Django does for all of them."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    request_started.disconnect(reset_queries)
    request_finished.disconnect(close_caches)  # the cache's pool makes nothing of it
    request_finished.disconnect(reset_urlconf)  # which nobody sets


def close_if_ended(connection: BaseDatabaseWrapper) -> None:
    """Close a connection that the server has ended, so that the next statement opens another.

    It is libpq that looks whether something has come: to poll the socket would let go of Python's
    lock, for which others wait. (Django would ask the server.)
    """
    raw = connection.connection
    if raw is not None and (raw.closed or _has_ended(raw.pgconn)):
        connection.close()


def _has_ended(server: Any) -> bool:
    try:
        server.consume_input()  # why it ends, if it does
        server.consume_input()  # the end
    except OperationalError:
        return True
    return bool(server.status == ConnStatus.BAD)
