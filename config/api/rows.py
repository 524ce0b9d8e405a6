"""Rows as they are answered, kept for as long as PostgreSQL has the same versions of them.

Each version of a row bears the number of the transaction that wrote it (`xmin`). Whoever reads rows
says which versions they have, and is sent the others alone: what is unchanged is neither written
out by the database, nor carried, nor shaped again; and nothing is older than the statement. While
the whole database is as it was when rows were read last, they are not even asked about.
(The numbers come round after four billion transactions: by the very same number, and no other, a
row could then be taken for what it was.)
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from threading import Lock
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Func, TextField, Value
from orjson import Fragment

from config.api.envelope import to_json
from config.api.reads import MAX_PLANS, ReadPlan
from config.api.room import MB, Room, compact
from config.prepared import Statement
from config.statements import fetch

ROOM = 64 * MB  # in each process
TAKEN = 600  # bytes that a row takes beside its content
MAX_OF_STATE = 100_000  # rows of which it is known of what state they are
ROW_VERSION = "row_version"  # the column, in what reads rows
# Of the rows that are asked for, those of another version than is known; nulls for what has gone.
CHANGED = (
    "SELECT known.pk, now.* FROM unnest(%s::bigint[], %s::text[]) AS known (pk, row_version)"
    " LEFT JOIN ({read}) AS now ON now.id = known.pk"
    " WHERE now.row_version IS DISTINCT FROM known.row_version"
)


STARTED = "extract(epoch FROM pg_postmaster_start_time())"


class RowVersion(Func):
    """What tells a row that is read from what it was; given a column of each of its tables.

    A text: since when the server runs, which may start from an older copy of the data; and which
    transactions have written the rows that it is joined of.
    """

    output_field = TextField()

    def as_sql(self, compiler: Any, *_: Any, **__: Any) -> tuple[str, tuple[str | int, ...]]:
        """The SQL."""
        columns: list[Any] = self.get_source_expressions()
        tables = dict.fromkeys(compiler.quote_name_unless_alias(each.alias) for each in columns)
        versions = ", '/', ".join(f"{table}.xmin" for table in tables)
        return f"concat({STARTED}, '/', {versions})", ()


class KeptRow(NamedTuple):
    """A version of a row, what is answered of it, as JSON, and its edits, where it counts them."""

    version: str
    content: bytes
    edits: int | None = None

    @classmethod
    def of(cls, version: str, answer: Any, edits: int | None) -> "KeptRow":
        """A version of a row that is answered so."""
        return cls(version, compact(to_json(answer)), edits)


Key = tuple[ReadPlan, int]


class KeptRows:
    """Rows by their plan and id.

    Of some it is known that they are of the state of the database in which they were read or asked
    about last. All of those are of one state: to find them, or to keep others, is one step, so that
    who comes late with a row that is old by now is not believed by those who know a later state.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._kept: Room[Key, KeptRow] = Room(room)
        self._state: str | None = None
        self._of_state: set[Key] = set()
        self._changing = Lock()

    def read(
        self,
        plan: ReadPlan,
        pks: Sequence[int],
        read: Statement,
        *,
        edits: int | None = None,
        state: str | None = None,
    ) -> dict[int, KeptRow]:
        """Those of these rows that are there, as they are now, or are since this state at least.

        The statement is to read the columns of the plan, and at the end the version, of all rows;
        at the place `edits` among them is how often a row was changed.
        """
        keys = [(plan, pk) for pk in pks]
        with self._changing:
            found = self._kept.get(*keys)
            is_of_state = state == self._state and self._of_state.issuperset(keys)
        kept = {pk: row for pk, row in zip(pks, found, strict=True) if row is not None}
        if state is not None and is_of_state and len(kept) == len(pks):
            return kept
        changed = self._changed(plan, kept, pks, read, edits)
        there = {pk: row for pk, row in {**kept, **changed}.items() if row is not None}
        self._keep(plan, there, state)
        return there

    def of_state(self, plan: ReadPlan, pk: int) -> tuple[KeptRow | None, str | None]:
        """A row that is known to be of a state, and that state."""
        key = (plan, pk)
        with self._changing:
            [found] = self._kept.get(key) if key in self._of_state else [None]
            return found, self._state

    def keep(self, plan: ReadPlan, pk: int, row: KeptRow, state: str) -> None:
        """Keep a row that was read in this state."""
        self._keep(plan, {pk: row}, state)

    def _changed(
        self,
        plan: ReadPlan,
        kept: Mapping[int, KeptRow],
        pks: Sequence[int],
        read: Statement,
        edits: int | None,
    ) -> dict[int, KeptRow | None]:
        """Those that are others than is known; None for what has gone."""
        versions = [kept[pk].version if pk in kept else "NULL" for pk in pks]
        known = array_of(map(str, pks)), array_of(versions)
        changed = fetch(CHANGED.format(read=read.sql), (*known, *read.values))
        rows = [row[1:] for row in changed]
        counts = [None if edits is None else row[edits] for row in rows]
        return {
            pk: None if version is None else KeptRow.of(version, answer, count)
            for (pk, *_, version), answer, count in zip(
                changed, plan.shaped(rows), counts, strict=True
            )
        }

    def _keep(self, plan: ReadPlan, rows: Mapping[int, KeptRow], state: str | None) -> None:
        keys = [(plan, pk) for pk in rows]
        with self._changing:
            if state is None or state != self._state or len(self._of_state) > MAX_OF_STATE:
                self._state = state
                self._of_state.clear()
            for key, kept, row in zip(keys, self._kept.get(*keys), rows.values(), strict=True):
                if kept is not row:
                    self._kept.keep(key, row, len(row.content) + TAKEN)
            self._of_state.update(keys)


def answers_of(rows: Iterable[KeptRow]) -> list[Fragment]:
    """What is answered of rows."""
    return [Fragment(row.content) for row in rows]


def array_of(elements: Iterable[str]) -> str:
    """An array as PostgreSQL writes it, of elements that need no quotes; psycopg's takes longer."""
    return f"{{{','.join(elements)}}}"


@lru_cache(MAX_PLANS)
def version_of(plan: ReadPlan, model: Hashable) -> RowVersion | None:
    """The version of a plan's rows; None where it reads more than columns of joined tables."""
    try:
        names = chain.from_iterable(map(_names_in, plan.columns))
        columns = set(chain.from_iterable(_column_of_each_table(model, name) for name in names))
    except FieldDoesNotExist:
        return None
    return RowVersion(*sorted(columns))


def _names_in(column: Any) -> list[str]:
    """The columns that an expression is made of; FieldDoesNotExist where it may read more."""
    if isinstance(column, str):
        return [column]
    parts = list(column.flatten())
    if any(type(part) not in (F, Func, Value) for part in parts):
        raise FieldDoesNotExist(f"{column} is more than columns.")
    columns: list[Any] = [part for part in parts if type(part) is F]
    return [each.name for each in columns]


def _column_of_each_table(model: Any, name: str, way: str = "") -> Iterator[str]:
    """A column of each table on the way to this one; not the id, which stands in others too.

    Raises FieldDoesNotExist for what is no column, as an annotation.
    """
    yield way + next(f.attname for f in model._meta.concrete_fields if not f.primary_key)
    step, _, rest = name.partition("__")
    if rest:
        related = model._meta.get_field(step).related_model
        yield from _column_of_each_table(related, rest, f"{way}{step}__")
    elif step != "pk":
        model._meta.get_field(step)


kept_rows = KeptRows()
