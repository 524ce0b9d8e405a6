"""The rows of a resource as they are answered: read by plan, with statements that are kept."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BigIntegerField, QuerySet
from orjson import Fragment

from config.api import listed
from config.api.layout import Layout, joins_itself, layout_of
from config.api.listed import Part, Total, bounded, count, name_of, terms
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
from config.api.state import STATE, State, watch
from config.counts import is_counted, total_of
from config.group_commit import fetch_in_group
from config.prepared import Row, Statement
from config.querysets import is_one_of
from config.statements import BIGINT_MAX, compiled, fetch
from config.text import texts_of

MAX_KEPT = 500  # statements
NEAR = 1000  # rows from the start, so few that nobody asks whether the end is nearer
FARTHEST = 2**31 - 1 - 1000  # that a place in an array of PostgreSQL's may be, with a page behind
ONE_OF = is_one_of("pk", [], BigIntegerField())
# Of the ids of a list those from one place to another, and how many there are; found once for both.
COUNTED = (
    "WITH matches AS MATERIALIZED (SELECT ARRAY({ids}) AS found)"
    " SELECT found[{first}:{last}], cardinality(found), {state} FROM matches"
)

_kept: dict[Hashable, Statement] = {}


class Found(NamedTuple):
    """Ids of a list, how many there are in all, and the state of the database as it was then."""

    pks: list[int]
    total: Total | None = None
    state: str | None = None


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
        row, state = kept_rows.of_state(self.plan, pk)
        if row is None or state != self.state():
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
        row = KeptRow.of(version, shown.data, shown.version)
        kept_rows.keep(self.plan, pk, row, state)
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
            there = [pk for pk in pks if pk in kept]
            return Part(answers_of(kept[pk] for pk in there), there)
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
        if start > FARTHEST:
            return Part()
        find = self._ids_of_whole if self._is_whole else self._ids_of_some
        pks, total, state = find(order, start, start + size + 1)
        part, more = self.with_ids(pks[:size], state=state), len(pks) > size
        return replace(part, more=more, total=total, state=self._if_kept(state))

    def _part_with_keys(self, order: Sequence[Order], start: int, size: int) -> Part:
        ids = self._ids(order, start, start + size + 1, keys=True, stated=True)
        found = self._fetched(ids)
        _, *last, state = found[:size][-1] if found else (None, None)
        pks, more = [row[0] for row in found[:size]], len(found) > size
        part = self.with_ids(pks, state=state)
        return replace(part, last_keys=last, more=more, state=self._if_kept(state))

    def _if_kept(self, state: str | None) -> str | None:
        return state if self._keeps else None

    def count(self) -> Total:
        """How many are listed."""
        return count(self.rows)

    # ── Ids, and how many there are ───────────────────────────────────────────────────────────
    def _ids_of_some(self, order: Sequence[Order], start: int, stop: int) -> "Found":
        """Of those that a filter leaves; found and counted at once.

        Unless they are many, in another order than that of the ids: to sort them all takes longer
        than to meet a page of them in the order's own index.
        """
        if not _is_by_id(order):
            state, total = self.state(), self.count()
            if not total.exact:
                found = self._fetched(self._ids(order, start, stop))
                return Found([pk for (pk,) in found], total, state)
        ids = self._ids(order, 0, max(listed.COUNTED_EXACTLY + 1, stop))
        sql = COUNTED.format(ids=ids.sql, first=start + 1, last=stop, state=STATE)
        [(pks, found, state)] = self._fetched(Statement(sql, ids.values))
        return Found(pks, bounded(found), state)

    def _ids_of_whole(self, order: Sequence[Order], start: int, stop: int) -> "Found":
        """Of all; far from the start they are found from the end, if that is nearer."""
        if start <= NEAR:
            found = self._fetched(self._ids(order, start, stop, totalled=self._counts, stated=True))
            if not found:
                return Found([])
            _, *counted, state = found[0]
            total = Total(int(counted[0]), exact=True) if counted else None
            return Found([row[0] for row in found], total, state)
        total = self.count()
        if start <= total.rows - stop:
            found = self._fetched(self._ids(order, start, stop))
        else:
            turned = [key.turned() for key in order]
            first, last = max(total.rows - stop, 0), max(total.rows - start, 0)
            found = self._fetched(self._ids(turned, first, last))[::-1]
        return Found([pk for (pk,) in found], total)

    def _ids(
        self,
        order: Sequence[Order],
        start: int,
        stop: int,
        *,
        keys: bool = False,
        totalled: bool = False,
        stated: bool = False,
    ) -> Statement:
        """What finds the ids of those that are listed.

        With their keys or how many there are, and then the state of the database.
        """
        more = [key.expression for key in order] if keys else []
        more += [total_of(self.everything.model)] if totalled else []
        more += [State()] if stated else []

        def ids(rows: QuerySet[Any]) -> QuerySet[Any]:
            return rows.order_by(*terms(order)).values_list("pk", *more)[start:stop]

        name = ("ids", name_of(order), start, stop, keys, totalled, stated)
        if (form := self.narrowing.form) is not None:
            rows = self._searched(order)
            return form.filled(self._statement((*name, form.name), lambda: ids(form.word(rows))))
        if self.narrowing.narrows:
            return compiled(ids(self.rows))
        return self._statement(name, lambda: ids(self.everything))

    def _searched(self, order: Sequence[Order]) -> QuerySet[Any]:
        """What a search looks through: the texts alone, where they tell all that is asked."""
        if self.everything.query.where or not _is_by_id(order):
            return self.everything
        return texts_of(self.everything.model)

    def _fetched(self, ids: Statement) -> list[Row]:
        """A filter may leave one row or a million: each is planned for what it asks."""
        return fetch(*ids, prepared=not self.narrowing.narrows)

    # ── Statements ────────────────────────────────────────────────────────────────────────────
    @property
    def _is_whole(self) -> bool:
        """Whether nothing keeps a row of the table from being listed."""
        return not (self.narrowing.narrows or self.everything.query.where)

    @property
    def _counts(self) -> bool:
        """Whether the number of those listed is kept by the database."""
        return self._is_whole and is_counted(self.everything.model)

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


def _is_by_id(order: Sequence[Order]) -> bool:
    return [key.name for key in order] == ["id"]
