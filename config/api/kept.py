"""Answers that are kept for as long as the database stays as it was when they were made.

PostgreSQL itself says whether it has: a snapshot names every transaction that it does not see, and
once one that has written commits, no later snapshot is like the one before. So an answer is never
older than the question, whoever writes, by whatever way; a register that many read and few change
is read out of memory most of the time, for the price of the cheapest statement there is.
(A standby's snapshots do not tell; Stockroom writes, and so talks to a primary server.)
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from django.db import connection

from config.statements import fetch

MB = 1024 * 1024
KEPT_BYTES = 32 * MB  # in each process
MAX_NOTED = 10_000  # questions of which it is known that they were asked once
# Which database, of a server that runs since when (it may start from an older copy), and its state.
STATE = "SELECT concat_ws(' ', current_catalog, pg_postmaster_start_time(), pg_current_snapshot())"


class _Answer(NamedTuple):
    content: bytes
    state: str


class Kept:
    """Answers by their question; when there is no more room, the least lately asked for go."""

    def __init__(self, *, room: int = KEPT_BYTES) -> None:
        self._room, self._taken = room, 0
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._noted: dict[int, None] = {}  # by their hash; if two have the same, nothing is lost
        self._changing = Lock()

    def answer(self, question: str, make: Callable[[], bytes]) -> bytes:
        """What `make` gives, or gave while nothing has been written since.

        It must depend on the question and the database alone, not on the time or on who asks. Kept
        is what is asked for again. Within a transaction nothing is: it sees more than others do.
        """
        if connection.in_atomic_block or self._is_new(question):
            return make()
        state = state_of_database()
        kept = self._answers.get(question)
        if kept is None or kept.state != state:
            # If somebody commits meanwhile it may be newer than its state, which then is over.
            kept = _Answer(make(), state)
        self._keep(question, kept)
        return kept.content

    def _is_new(self, question: str) -> bool:
        """Whether it is asked for the first time; noted, so that it is not at the next."""
        if question in self._answers:
            return False
        with self._changing:
            if (noted := hash(question)) in self._noted:
                return False
            if len(self._noted) >= MAX_NOTED:
                self._noted.clear()
            self._noted[noted] = None
        return True

    def _keep(self, question: str, answer: _Answer) -> None:
        """Keep it, as the one that was asked for last."""
        with self._changing:
            self._forget(question)
            self._answers[question] = answer
            self._taken += _room_of(question, answer)
            while self._taken > self._room:
                self._forget(next(iter(self._answers)))

    def _forget(self, question: str) -> None:
        if (old := self._answers.pop(question, None)) is not None:
            self._taken -= _room_of(question, old)


def _room_of(question: str, answer: _Answer) -> int:
    return len(question) + len(answer.content)


def state_of_database() -> str:
    """What tells the database as it is now from all that it was and will be."""
    [(state,)] = fetch(STATE, ())
    return str(state)


lists = Kept()
