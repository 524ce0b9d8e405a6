"""Lists that are kept for as long as the database stays as it was when they were found.

PostgreSQL itself says whether it has: a snapshot names every transaction that it does not see, and
once one that has written commits, no later snapshot is like the one before. So a list is never
older than the question, whoever writes, by whatever way; a register that many read and few change
is read out of memory most of the time, for the price of the cheapest statement there is.
(A standby's snapshots do not tell; Stockroom writes, and so talks to a primary server.)

A list is kept as the rows it is made of, which are those of `config.api.rows`: it takes next to no
room of its own, so that what many people type, a letter at a time, is kept from the first time on.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from weakref import ref

from django.db import connection
from django.db.models import Func, TextField
from orjson import Fragment

from config.api.envelope import Success, to_json
from config.api.listed import Page
from config.api.room import MB, Room, compact
from config.api.rows import KeptRow, KeptRows, kept_rows
from config.statements import fetch

ROOM = 8 * MB  # in each process
TAKEN, TAKEN_BY_ROW = 600, 8  # bytes that a list takes beside its question and its meta
# Which database, of a server that runs since when (it may start from an older copy), and its state.
STATE = "concat_ws(' ', current_catalog, pg_postmaster_start_time(), pg_current_snapshot())"


class State(Func):
    """What tells the database, as a statement finds it, from all that it was and will be."""

    template = f"(SELECT {STATE})"  # once, however many rows there are
    output_field = TextField()


class _List(NamedTuple):
    rows: Sequence[ref[KeptRow]]
    meta: bytes
    state: str


class KeptLists:
    """Lists by their question."""

    def __init__(self, *, room: int = ROOM, rows: KeptRows = kept_rows) -> None:
        self._lists: Room[str, _List] = Room(room)
        self._rows = rows

    def answer(self, question: str, find: Callable[[], Page]) -> bytes:
        """The list that `find` finds, or found while nothing has been written since, in JSON.

        It must depend on the question and the database alone, not on the time or on who asks.
        Within a transaction nothing is kept: it sees more than others do.
        """
        if connection.in_atomic_block:
            return written(find())
        if (answer := self._kept(question)) is not None:
            return answer
        page = find()
        if page.found.state is not None:
            self._keep(question, page, page.found.state)
        return written(page)

    def _kept(self, question: str) -> bytes | None:
        [kept] = self._lists.get(question)
        rows = None if kept is None else self._rows.still(kept.rows)
        if kept is None or rows is None or kept.state != state_of_database():
            return None
        return _written([row.answer for row in rows], Fragment(kept.meta))

    def _keep(self, question: str, page: Page, state: str) -> None:
        """Keep it. What was committed meanwhile may be in it, but then its state is over."""
        rows, meta = [ref(row) for row in page.found.rows], compact(to_json(page.meta))
        taken = TAKEN + TAKEN_BY_ROW * len(rows) + len(question) + len(meta)
        self._lists.keep(question, _List(rows, meta, state), taken)


def written(page: Page) -> bytes:
    """A page in the envelope."""
    return _written(page.found.data, page.meta)


def _written(data: Sequence[Any], meta: Any) -> bytes:
    return to_json(Success(data, meta).body())


def state_of_database() -> str:
    """The state as it is now."""
    [(state,)] = fetch(f"SELECT {STATE}", ())
    return str(state)


lists = KeptLists()
