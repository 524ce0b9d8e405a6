"""The rows of a resource as they are answered: read by plan, with statements that are kept."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BigIntegerField, QuerySet
from orjson import Fragment

from config.api.ids import Ids
from config.api.layout import Layout, joins_itself, layout_of
from config.api.listed import Part, Total
from config.api.narrowing import Narrowing
from config.api.parameters import Order
from config.api.reads import ReadPlan
from config.api.rows import (
    ROW_VERSION,
    KeptRow,
    answers_of,
    kept_rows,
    version_of,
)
from config.api.state import State, watch
from config.group_commit import fetch_in_group
from config.prepared import Row, Statement
from config.querysets import is_one_of
from config.statements import BIGINT_MAX, compiled, fetch

MAX_KEPT = 500  # statements
ONE_OF = is_one_of("pk", [], BigIntegerField())

_kept: dict[Hashable, Statement] = {}


class Shown(NamedTuple):
    """A row: its id and version, and what is answered of it."""

    pk: int
    version: int | None
    data: Any


@dataclass(frozen=True)
class Reading:
    """Rows, of which a list may be narrowed, and what is answered of each.

    `kept_as` names rows that are the same for every request: their statements are kept. `keeps`
    says that so may be what is answered of them. `since` is when the question came (by
    time.perf_counter()), to which any later state of the rows is an answer.
    """

    everything: QuerySet[Any]
    plan: ReadPlan
    kept_as: Hashable | None = None
    keeps: bool = False
    since: float | None = None
    narrowing: Narrowing = field(default_factory=Narrowing)

    @property
    def rows(self) -> QuerySet[Any]:
        """Those that are listed."""
        return self.narrowing.of(self.everything)

    def narrow(self, narrowing: Narrowing) -> "Reading":
        """The same, of which fewer are listed."""
        return replace(self, narrowing=narrowing)

    def after(self, rows: QuerySet[Any]) -> "Reading":
        """The same, of which only these rows are listed."""
        return self.narrow(Narrowing(lambda _: rows))

    # ── One ───────────────────────────────────────────────────────────────────────────────────
    def one(self, pk: int) -> Shown | None:
        """The row of this id, if it is there."""
        if pk > BIGINT_MAX:
            return None
        if self._keeps:
            return self._one_kept(pk)
        statement = self._statement("one", lambda: self._select().filter(pk=0))
        rows = fetch(*statement.about(pk))
        return self._shown(rows[0]) if rows else None

    def _one_kept(self, pk: int) -> Shown | None:
        row = kept_rows.one(self.plan, pk)
        if row is None or row.state != self.state():
            row = self._one_to_keep(pk)
        return None if row is None else Shown(pk, row.edits, Fragment(row.content))

    def _one_to_keep(self, pk: int) -> KeptRow | None:
        more = {ROW_VERSION: self._row_version, "state": State()}
        read = self._statement("one kept", lambda: self._select().annotate(**more).filter(pk=0))
        rows = fetch(*read.about(pk))
        if not rows:
            return None
        version, state = rows[0][-2:]
        shown = self._shown(rows[0])
        row = KeptRow.of(version, shown.data, shown.version, state=state)
        kept_rows.keep(self.plan, pk, row)
        return row

    def state(self) -> str:
        """The state of the database, since the question came."""
        return watch.state(self.since)

    def written(self, write: Statement) -> Shown | None:
        """The row that a statement writes; None when it writes none.

        What is written stands for its table where the row is read: so it is read as all others.
        """
        model: Any = self.everything.model
        if joins_itself(self.plan, model):  # then it would stand for its relations too
            written = fetch(f"{write.sql} RETURNING id", write.values)
            return self.one(written[0][0]) if written else None
        read = self._statement("written", self._select)
        sql = f'WITH "{model._meta.db_table}" AS ({write.sql} RETURNING *) {read.sql}'
        rows = fetch_in_group(Statement(sql, (*write.values, *read.values)))
        if not rows:
            return None
        [row] = rows
        if any(row[key] is not None and row[of] is None for key, of in self._layout.joins):
            # It waited for somebody who had it refer to a row that is too new for the statement.
            return self.one(row[self._layout.pk])
        return self._shown(row)

    def _shown(self, row: Row) -> Shown:
        [data] = self.plan.shaped([row])
        version = self._layout.version
        return Shown(row[self._layout.pk], None if version is None else row[version], data)

    # ── Some ──────────────────────────────────────────────────────────────────────────────────
    def with_ids(self, pks: Sequence[int], *, state: str | None = None) -> Part:
        """Those of these ids that are there, in the order of the ids.

        As they are now, or are since the database was in a `state` that is not long over.
        """
        if not pks:
            return Part()
        if self._keeps:
            kept = self._kept(pks, state)
            return Part(answers_of(kept.values()), list(kept))
        found = self._read(pks)
        there = [pk for pk in pks if pk in found]
        return Part([found[pk] for pk in there], there)

    def _read(self, pks: Sequence[int]) -> dict[int, Any]:
        statement = self._statement("with ids", lambda: self._select().filter(ONE_OF))
        found, at = fetch(*statement.about(list(pks))), self._layout.pk
        return dict(zip([row[at] for row in found], self.plan.shaped(found), strict=True))

    def _kept(self, pks: Sequence[int], state: str | None) -> dict[int, KeptRow]:
        versioned = {ROW_VERSION: self._row_version}
        read = self._statement("kept", lambda: self._select().annotate(**versioned))
        edits = self._layout.version
        return kept_rows.read(self.plan, pks, read, edits=edits, state=state)

    @property
    def _keeps(self) -> bool:
        """Whether rows are kept: not in a transaction, which may see some that nobody else does."""
        return self.keeps and not connection.in_atomic_block and self._row_version is not None

    @property
    def _row_version(self) -> Any:
        model: Any = self.everything.model
        return version_of(self.plan, model)

    def part(self, order: Sequence[Order], start: int, size: int, *, counted: bool = False) -> Part:
        """So many rows from `start`: when `counted`, with how many there are, else with keys.

        The ids are found first: that takes an index alone, and what is found may be kept.
        """
        if not counted:
            return self._part_with_keys(order, start, size)
        pks, total, state = self._ids.counted(order, start, start + size + 1)
        part, more = self.with_ids(pks[:size], state=state), len(pks) > size
        return replace(part, more=more, total=total, state=self._if_kept(state))

    def _part_with_keys(self, order: Sequence[Order], start: int, size: int) -> Part:
        found = self._ids.keyed(order, start, start + size + 1)
        _, *last, state = found[:size][-1] if found else (None, None)
        pks, more = [row[0] for row in found[:size]], len(found) > size
        part = self.with_ids(pks, state=state)
        return replace(part, last_keys=last, more=more, state=self._if_kept(state))

    def _if_kept(self, state: str | None) -> str | None:
        return state if self._keeps else None

    def count(self) -> Total:
        """How many are listed."""
        return self._ids.count()

    @property
    def _ids(self) -> Ids:
        state = self.state if self._keeps else lambda: None
        return Ids(self.everything, self.narrowing, self._statement, state)

    # ── Statements ────────────────────────────────────────────────────────────────────────────
    def _select(self) -> QuerySet[Any]:
        """The columns of the plan, the id and the version."""
        return self.everything.order_by().values_list(*self._layout.columns)

    @property
    def _layout(self) -> Layout:
        model: Any = self.everything.model
        return layout_of(self.plan, model)

    def _statement(self, name: Hashable, made: Callable[[], QuerySet[Any]]) -> Statement:
        """The statement of this name; compiled when it is first asked for, where it is kept."""
        if self.kept_as is None:
            return compiled(made())
        key = (self.kept_as, self.plan, name)
        if (kept := _kept.get(key)) is None:
            if len(_kept) >= MAX_KEPT:
                _kept.clear()
            kept = _kept[key] = compiled(made())
        return kept
