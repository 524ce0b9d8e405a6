"""Lists that are kept for as long as the database stays as it was when they were found.

So a list is never older than the question, whoever writes; and a register that many read and few
change is read out of memory most of the time, for the price of the cheapest statement there is,
which all questions that wait in line share.

Kept of a list are its ids and its meta: the rows themselves are those of `config.api.rows`. So it
takes next to no room, and what many people type, a letter at a time, is kept from the first time.
"""

from array import array
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.db import connection
from orjson import Fragment

from config.api.envelope import Success, to_json
from config.api.listed import Page
from config.api.reading import Reading
from config.api.room import Room, compact
from config.sizes import MB

ROOM = 8 * MB  # in each process
TAKEN = 500  # bytes that a list takes beside its question, its ids and its meta
WHOLE = "q"  # the type of an id, as `array` calls it
ID_BYTES = array(WHOLE).itemsize


class _List(NamedTuple):
    pks: Sequence[int]
    meta: bytes
    state: str


class KeptLists:
    """Lists by their question."""

    def __init__(self, *, room: int = ROOM) -> None:
        self._lists: Room[str, _List] = Room(room)

    def answer(self, question: str, rows: Reading, find: Callable[[], Page]) -> bytes:
        """The page that `find` finds, or found while nothing has been written since, in JSON.

        It must depend on the question and the database alone, not on the time or on who asks; its
        rows are read again by `rows` where they are not kept. Within a transaction nothing is kept:
        it sees more than others do.
        """
        if connection.in_atomic_block:
            return written(find())
        [kept] = self._lists.get(question)
        if kept is not None and kept.state == rows.state():
            part = rows.with_ids(kept.pks, state=kept.state)
            return _written(part.data, Fragment(kept.meta))
        page = find()
        if page.found.state is not None:
            self._keep(question, page, page.found.state)
        return written(page)

    def _keep(self, question: str, page: Page, state: str) -> None:
        """Keep it. What was committed meanwhile may be in it, but then its state is over."""
        pks, meta = array(WHOLE, page.found.pks), compact(to_json(page.meta))
        taken = TAKEN + len(question) + ID_BYTES * len(pks) + len(meta)
        self._lists.keep(question, _List(pks, meta, state), taken)


def written(page: Page) -> bytes:
    """A page in the envelope."""
    return _written(page.found.data, page.meta)


def _written(data: Sequence[Any], meta: Any) -> bytes:
    return to_json(Success(data, meta).body())


lists = KeptLists()
