"""Rows as they are answered, kept for as long as PostgreSQL has the same versions of them.

Each version of a row bears the number of the transaction that wrote it (`xmin`). Whoever reads rows
says which versions they have, and is sent the others alone: what is unchanged is neither written
out by the database, nor carried, nor shaped again; and nothing is older than the statement. While
the whole database is as it was when rows were read last, they are not even asked about.
(The numbers come round after four billion transactions: by the very same number, and no other, a
row could then be taken for what it was.)
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Func, TextField, Value
from orjson import Fragment

from config.api.envelope import to_json
from config.api.reads import MAX_PLANS, ReadPlan
from config.api.room import Room, compact
from config.prepared import Statement
from config.sizes import MB
from config.statements import fetch

ROOM = 128 * MB  # in each process, where so much has been read
TAKEN = 550  # bytes that a row takes beside its content
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


@dataclass(slots=True)
class KeptRow:
    """A version of a row, what is answered of it, as JSON, and its edits, where it counts them.

    `state` is one that the database was in when the row was so, or before.
    """

    version: str
    content: bytes
    edits: int | None = None
    state: str | None = None

    @classmethod
    def of(
        cls, version: str, answer: Any, edits: int | None, *, state: str | None = None
    ) -> "KeptRow":
        """A version of a row that is answered so."""
        return cls(version, compact(to_json(answer)), edits, state)


class KeptRows:
    """Rows by their plan and id.

    Each says itself of what state it is: so who comes late with one that is old by now is believed
    by nobody who knows a later state.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._kept: Room[tuple[ReadPlan, int], KeptRow] = Room(room)

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
        found = self._kept.get(*[(plan, pk) for pk in pks])
        rows = dict(zip(pks, found, strict=True))
        unsure = {
            pk: row
            for pk, row in rows.items()
            if row is None or state is None or row.state != state
        }
        if unsure:
            rows |= self._read(plan, unsure, read, edits, state)
        return {pk: row for pk, row in rows.items() if row is not None}

    def one(self, plan: ReadPlan, pk: int) -> KeptRow | None:
        """A row as it was in its state."""
        [found] = self._kept.get((plan, pk))
        return found

    def keep(self, plan: ReadPlan, pk: int, row: KeptRow) -> None:
        """Keep a row that was read."""
        self._kept.keep((plan, pk), row, len(row.content) + TAKEN)

    def _read(
        self,
        plan: ReadPlan,
        known: Mapping[int, KeptRow | None],
        read: Statement,
        edits: int | None,
        state: str | None,
    ) -> dict[int, KeptRow | None]:
        """Rows of which these are known, as they are now; None for what has gone."""
        changed = self._changed(plan, known, read, edits)
        rows = {**known, **changed}
        for pk, row in rows.items():
            if row is None:
                continue
            if state is not None:
                row.state = state
            if pk in changed:
                self.keep(plan, pk, row)
        return rows

    def _changed(
        self,
        plan: ReadPlan,
        known: Mapping[int, KeptRow | None],
        read: Statement,
        edits: int | None,
    ) -> dict[int, KeptRow | None]:
        """Those that are others than is known; None for what has gone."""
        versions = ["NULL" if row is None else row.version for row in known.values()]
        changed = fetch(
            CHANGED.format(read=read.sql),
            (array_of(map(str, known)), array_of(versions), *read.values),
        )
        rows = [row[1:] for row in changed]
        counts = [None if edits is None else row[edits] for row in rows]
        return {
            pk: None if version is None else KeptRow.of(version, answer, count)
            for (pk, *_, version), answer, count in zip(
                changed, plan.shaped(rows), counts, strict=True
            )
        }


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
