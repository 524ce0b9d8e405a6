"""Answers that are kept for as long as the database stays as it was when they were made.

PostgreSQL itself says whether it has: a snapshot names every transaction that it does not see, and
once one that has written commits, no later snapshot is like the one before. So an answer is never
older than the question, whoever writes, by whatever way; a register that many read and few change
is read out of memory most of the time, for the price of the cheapest statement there is.
(A standby's snapshots do not tell; Stockroom writes, and so talks to a primary server.)
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from django.db import connection

from config.statements import fetch

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MB = 1024 * 1024
KEPT_BYTES = 16 * MB  # in each process
MAX_NOTED = 10_000  # questions of which it is known that they were asked once
# Which database, of a server that runs since when (it may start from an older copy), and its state.
STATE = "SELECT concat_ws(' ', current_catalog, pg_postmaster_start_time(), pg_current_snapshot())"


class Room(Generic[Key, Value]):
    """Keeps values, for all threads; when it is full, the least lately used go."""

    def __init__(self, size: int) -> None:
        self._size, self._taken = size, 0
        self._kept: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._changing = Lock()

    def get(self, *keys: Key) -> list[Value | None]:
        """What is kept at each of these, which from now on are the last to go."""
        found: list[Value | None] = []
        with self._changing:
            for key in keys:
                if (kept := self._kept.get(key)) is None:
                    found.append(None)
                    continue
                self._kept.move_to_end(key)
                found.append(kept[0])
        return found

    def keep(self, key: Key, value: Value, size: int) -> None:
        """Keep a value, which takes so many bytes."""
        with self._changing:
            self._forget(key)
            self._kept[key] = value, size
            self._taken += size
            while self._taken > self._size:
                self._forget(next(iter(self._kept)))

    def _forget(self, key: Key) -> None:
        _, size = self._kept.pop(key, (None, 0))
        self._taken -= size


class _Answer(NamedTuple):
    content: bytes
    state: str


class Kept:
    """Answers by their question."""

    def __init__(self, *, room: int = KEPT_BYTES) -> None:
        self._answers: Room[str, _Answer] = Room(room)
        self._noted: dict[int, None] = {}  # by their hash; if two have the same, nothing is lost

    def answer(self, question: str, make: Callable[[], bytes]) -> bytes:
        """What `make` gives, or gave while nothing has been written since.

        It must depend on the question and the database alone, not on the time or on who asks. Kept
        is what is asked for again. Within a transaction nothing is: it sees more than others do.
        """
        if connection.in_atomic_block:
            return make()
        [kept] = self._answers.get(question)
        if kept is None and self._is_new(question):
            return make()
        state = state_of_database()
        if kept is None or kept.state != state:
            # If somebody commits meanwhile it may be newer than its state, which then is over.
            kept = _Answer(compact(make()), state)
            self._answers.keep(question, kept, len(question) + len(kept.content))
        return kept.content

    def _is_new(self, question: str) -> bool:
        """Whether it is asked for the first time; noted, so that it is not at the next."""
        if (noted := hash(question)) in self._noted:
            return False
        if len(self._noted) >= MAX_NOTED:
            self._noted.clear()
        self._noted[noted] = None
        return True


def compact(content: bytes) -> bytes:
    """A copy that takes no more room than its bytes: orjson's keep what was reserved for more."""
    return bytes(memoryview(content))


def state_of_database() -> str:
    """What tells the database as it is now from all that it was and will be."""
    [(state,)] = fetch(STATE, ())
    return str(state)


lists = Kept()
