"""Writes of several requests: sent in one trip, and committed as one transaction (group commit).

A thread answers several requests by turns, each in a greenlet. One that has come to its write stops
there, and the next is begun; then what all of them have to write is done together. So PostgreSQL is
asked once, and the disk is waited for once, and the thread that answers is not another each time.

To each it is as if it wrote alone: a write that is refused, or has to wait for somebody's lock, is
taken out, the others are done without it, and it is done by itself.
"""

import time
from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from greenlet import getcurrent, greenlet

from config.prepared import Row, Statement, Undone
from config.statements import fetch, prepared_here

Work = Callable[[], None]

MS = 1000
BRIEFLY_MS = 50  # how long a lock is waited for while others wait too: many times what most take
MOST_REFUSED = 3  # after so many have been taken out, the rest is done one by one as well
SETS_PATIENCE = "SELECT set_config('lock_timeout', %s, true)"


def fetch_in_group(write: Statement) -> list[Row]:
    """The rows of a statement that is a transaction by itself, done with those of the group.

    As `fetch` in all else; and where there is no group, or a transaction is open, it is that.
    """
    member = _member()
    return fetch(*write) if member is None else fetch(*write, execute=member.write)


def leave_group() -> None:
    """From here on have the thread, and its connection, to oneself.

    The others of the group, if there is one, do their writes first; nobody joins it meanwhile.
    """
    if (member := _member()) is not None:
        member.leave()


def _member() -> "_Member | None":
    """Who runs here, if that is a member of a group who may be interrupted."""
    member = getcurrent()
    if isinstance(member, _Member) and not connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return member
    return None


class _Member(greenlet):
    """Does one piece of work after another, for the group that made it.

    It stops where the group has to do something: a Statement, or to let it have the thread (None).
    """

    at_work = False

    def run(self, work: Work) -> None:
        while True:
            self.at_work = True
            work()
            self.at_work = False
            work = self._ask(None)

    def write(self, sql: str, values: Sequence[Any], *_: Any) -> list[Row]:
        """The rows of the statement, once the group has done it; raises psycopg's errors."""
        rows: list[Row] = self._ask(Statement(sql, tuple(values)))
        return rows

    def leave(self) -> None:
        """Return when all others are done."""
        self._ask(None)

    def _ask(self, statement: Statement | None) -> Any:
        assert self.parent is not None  # the thread's own, where the group is
        return self.parent.switch(statement)


class _Write(NamedTuple):
    member: _Member
    statement: Statement


class Group:
    """Pieces of work that one thread does by turns, `size` at most; none may raise anything."""

    def __init__(self, size: int) -> None:
        self._idle = [_Member() for _ in range(size)]
        self._writes: list[_Write] = []
        self._leaving: list[_Member] = []

    def begin(self, work: Work) -> bool:
        """Begin one; whether another may be begun."""
        self._go_on(self._idle.pop(), work)
        return bool(self._idle) and not self._leaving

    def commit(self) -> None:
        """Do what several have to write, together. That takes as long as a few commits do.

        What is refused, or has to wait for a lock, is left to `finish`: nothing of it is done yet.
        """
        writes, self._writes = self._writes, []
        refused: list[_Write] = []
        while len(writes) > 1 and len(refused) < MOST_REFUSED:
            try:
                prepared = prepared_here()
                results = prepared.do_together(
                    [write.statement for write in writes], first=_waiting(BRIEFLY_MS)
                )
            except Undone as undone:
                if undone.at == len(writes):  # the commit was: on whose account nobody knows
                    break
                refused.append(writes.pop(undone.at))
            except Exception as error:  # noqa: BLE001  mostly a lost connection, perhaps after all
                for write in writes:
                    self._fail(write.member, copy(error))
                writes = []
            else:
                for write, result in zip(writes, results, strict=True):
                    self._give(write.member, partial(prepared.rows, result))
                writes = []
        self._writes = [*writes, *refused, *self._writes]

    def finish(self) -> None:
        """Do all that was begun to its end, one after the other. It takes as long as it takes."""
        while self._writes or self._leaving:
            if self._writes:
                writes, self._writes = self._writes, []
                self._do_alone(writes)
            else:
                self._go_on(self._leaving.pop(0))

    def _do_alone(self, writes: Sequence[_Write]) -> None:
        """Do each by itself. All wait for locks until one time, which is that of one alone."""
        until = time.monotonic() + settings.LOCK_TIMEOUT_S
        limited = len(writes) > 1 and settings.LOCK_TIMEOUT_S
        for member, statement in writes:
            left_ms = int((until - time.monotonic()) * MS)
            first = _waiting(max(left_ms, BRIEFLY_MS)) if limited else None
            self._give(member, partial(_done, statement, first=first))

    def _give(self, member: _Member, rows: Callable[[], list[Row]]) -> None:
        """Let a member go on with these rows, or with what is raised instead."""
        try:
            found = rows()
        except Exception as error:  # noqa: BLE001  whatever it is, it is theirs
            self._fail(member, error)
        else:
            self._go_on(member, found)

    def _fail(self, member: _Member, error: Exception) -> None:
        self._stopped(member, member.throw(error))

    def _go_on(self, member: _Member, *given: Any) -> None:
        self._stopped(member, member.switch(*given))

    def _stopped(self, member: _Member, asked: Any) -> None:
        if not member.at_work:
            self._idle.append(member)
        elif isinstance(asked, Statement):
            self._writes.append(_Write(member, asked))
        else:
            self._leaving.append(member)


def _done(statement: Statement, *, first: Statement | None) -> list[Row]:
    return prepared_here().fetch(statement, first=first)


def _waiting(patience_ms: int) -> Statement:
    """What lets a transaction wait for each lock so long."""
    return Statement(SETS_PATIENCE, (f"{patience_ms}ms",))
