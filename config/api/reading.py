"""The rows of a resource as they are answered: read by plan, with statements that are kept."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, F, Func, QuerySet, Value
from django.db.models.expressions import RawSQL

from config.api import listed
from config.api.listed import Part, Total, bounded, count, name_of, terms
from config.api.narrowing import Narrowing
from config.api.parameters import Order
from config.api.reads import MAX_PLANS, ReadPlan
from config.counts import is_counted, total_of
from config.statements import BIGINT_MAX, Row, Statement, compiled, fetch

MAX_KEPT = 500  # statements
NEAR = 1000  # rows that may be passed over whole; to pass over more, their ids come first
FARTHEST = 2**31 - 1 - 1000  # that a place in an array of PostgreSQL's may be, with a page behind
VERSION = "version"  # of a model whose rows count their edits
BIGINTS = ArrayField(BigIntegerField())
IN_ARRAY: Any = {
    "arg_joiner": " = ANY(",
    "template": "%(expressions)s)",
    "output_field": BooleanField(),
}
ONE_OF = Func(F("pk"), Value([], BIGINTS), **IN_ARRAY)
# A list of which the ids are found first, and how many there are: by one statement.
MATCHES = "WITH matches AS MATERIALIZED (SELECT ARRAY({ids}) AS found) {read}"
HOW_MANY = RawSQL("(SELECT cardinality(found) FROM matches)", (), BigIntegerField())

_kept: dict[Hashable, Statement] = {}


class Shown(NamedTuple):
    """A row: its id and version, and what is answered of it."""

    pk: int
    version: int | None
    data: Any


@dataclass(frozen=True)
class Reading:
    """Rows, of which a list may be narrowed, and what is answered of each.

    `kept_as` names rows that are the same for every request: their statements are kept.
    """

    everything: QuerySet[Any]
    plan: ReadPlan
    kept_as: Hashable | None = None
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
        statement = self._statement("one", lambda: self._select().filter(pk=0))
        rows = fetch(*statement.about(pk))
        return self._shown(rows[0]) if rows else None

    def written(self, write: Statement, *, last: bool = False) -> Shown | None:
        """The row that a statement writes; None when it writes none. `last` is as for `fetch`.

        What is written stands for its table where the row is read: so it is read as all others.
        """
        model: Any = self.everything.model
        if joins_itself(self.plan, model):  # then it would stand for its relations too
            written = fetch(f"{write.sql} RETURNING id", write.values)
            return self.one(written[0][0]) if written else None
        read = self._statement("written", self._select)
        sql = f'WITH "{model._meta.db_table}" AS ({write.sql} RETURNING *) {read.sql}'
        rows = fetch(sql, (*write.values, *read.values), last=last)
        return self._shown(rows[0]) if rows else None

    def _shown(self, row: Row) -> Shown:
        [data] = self.plan.shaped([row])
        version = self._layout.version
        return Shown(row[self._layout.pk], None if version is None else row[version], data)

    # ── Some ──────────────────────────────────────────────────────────────────────────────────
    def with_ids(self, pks: Sequence[int]) -> Part:
        """Those of these ids that are there, in the order of the ids."""
        if not pks:
            return Part()
        statement = self._statement("with ids", lambda: self._select().filter(ONE_OF))
        at = self._layout.pk
        found = {row[at]: row for row in fetch(*statement.about(list(pks)))}
        return self._part([found[pk] for pk in pks if pk in found], keys=0)

    def part(self, order: Sequence[Order], start: int, size: int, *, counted: bool = False) -> Part:
        """So many rows from `start`: when `counted`, with how many there are, else with keys.

        Of many, or far from the start, the ids are found first: that takes an index alone.
        """
        if self.narrowing.narrows or start > NEAR:
            return self._part_by_ids(order, start, size, counted=counted)
        keys = () if counted else order
        totalled = counted and self._is_whole and is_counted(self.everything.model)
        statement = self._statement(
            ("part", name_of(order), start, size, counted, totalled),
            lambda: self._ordered(order, keys, totalled=totalled)[start : start + size + 1],
        )
        rows = fetch(*statement)
        total = Total(int(rows[0][-1]), exact=True) if totalled and rows else None
        found = self._part(rows[:size], len(keys))
        return replace(found, more=len(rows) > size, total=total)

    def first(self, count: int) -> Part:
        """The first of those listed, in the order that they have."""
        found = fetch(*compiled(self.rows.values_list("pk")[:count]), prepared=False)
        return self.with_ids([pk for (pk,) in found])

    def count(self) -> Total:
        """How many are listed."""
        return count(self.rows)

    def _part_by_ids(self, order: Sequence[Order], start: int, size: int, *, counted: bool) -> Part:
        if start > FARTHEST:
            return Part()
        keys, totalled = () if counted else order, counted and not self._is_whole
        begin, end = start, start + size + 1
        if totalled:  # then from the first on, until one more than is counted
            begin, end = 0, max(listed.COUNTED_EXACTLY + 1, end)
        ids_of = self._ids_from_the_nearer_end if self._is_whole else self._ids
        ids, first = ids_of(order, begin, end), start - begin + 1
        read = self._statement(
            ("matches", name_of(order), first, size, counted, totalled),
            lambda: self._matches(order, keys, totalled, first, first + size),
        )
        sql = MATCHES.format(ids=ids.sql, read=read.sql)
        # A filter may leave one row or a million: each is planned for what it asks.
        rows = fetch(sql, (*ids.values, *read.values), prepared=False)
        total = bounded(rows[0][-1]) if totalled and rows else None
        return replace(self._part(rows[:size], len(keys)), more=len(rows) > size, total=total)

    def _matches(
        self, order: Sequence[Order], keys: Sequence[Order], totalled: bool, first: int, last: int
    ) -> QuerySet[Any]:
        """Of MATCHES, those from one place to another."""
        part = f"(SELECT found[{first}:{last}] FROM matches)::bigint[]"  # noqa: S608  numbers
        of_part = Func(F("pk"), RawSQL(part, (), BIGINTS), **IN_ARRAY)  # noqa: S611
        rows = self._select(keys, *([HOW_MANY] if totalled else [])).filter(of_part)
        return rows.order_by(*terms(order))

    def _ids_from_the_nearer_end(self, order: Sequence[Order], start: int, stop: int) -> Statement:
        """The same of a whole table, of which it is known how many rows lie behind."""
        total = self.count().rows
        if start <= total - stop:
            return self._ids(order, start, stop)
        turned = [key.turned() for key in order]
        return self._ids(turned, max(total - stop, 0), max(total - start, 0))

    def _ids(self, order: Sequence[Order], start: int, stop: int) -> Statement:
        """What finds the ids of those that are listed."""

        def ids(rows: QuerySet[Any]) -> QuerySet[Any]:
            return rows.order_by(*terms(order)).values("pk")[start:stop]

        form = self.narrowing.form
        if form is None:
            return compiled(ids(self.rows))
        name = ("ids", form.name, name_of(order), start, stop)
        return form.filled(self._statement(name, lambda: ids(form.word(self.everything))))

    def _part(self, rows: list[Row], keys: int) -> Part:
        pk, first = self._layout.pk, self._layout.first_key
        last = rows[-1][first : first + keys] if keys and rows else ()
        return Part(self.plan.shaped(rows), [row[pk] for row in rows], last)

    # ── Statements ────────────────────────────────────────────────────────────────────────────
    @property
    def _is_whole(self) -> bool:
        """Whether nothing keeps a row of the table from being listed."""
        return not (self.narrowing.narrows or self.everything.query.where)

    def _select(self, order: Sequence[Order] = (), *more: Any) -> QuerySet[Any]:
        """The columns of the plan, then the id, the version, the keys, and more."""
        columns = [*self._layout.columns, *(key.expression for key in order), *more]
        return self.everything.order_by().values_list(*columns)

    def _ordered(
        self, order: Sequence[Order], keys: Sequence[Order], *, totalled: bool
    ) -> QuerySet[Any]:
        total = [total_of(self.everything.model)] if totalled else []
        return self._select(keys, *total).order_by(*terms(order))

    @property
    def _layout(self) -> "Layout":
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


@dataclass(frozen=True)
class Layout:
    """The columns that are always read, and where in a row the id, the version and the rest are."""

    columns: list[Any]
    pk: int
    version: int | None
    first_key: int


@lru_cache(MAX_PLANS)
def layout_of(plan: ReadPlan, model: Any) -> Layout:
    """The layout of a plan's rows: its columns, and the id and the version where they are not."""
    columns = list(plan.columns)

    def place(name: str) -> int:
        if name not in columns:
            columns.append(name)
        return columns.index(name)

    pk = place(model._meta.pk.attname)
    versioned = any(field.name == VERSION for field in model._meta.concrete_fields)
    version = place(VERSION) if versioned else None
    return Layout(columns, pk, version, first_key=len(columns))


@lru_cache(MAX_PLANS)
def joins_itself(plan: ReadPlan, model: Any) -> bool:
    """Whether a row is read with others of its own table."""
    ways = [column.split("__")[:-1] for column in plan.columns if isinstance(column, str)]
    return any(model._meta.get_field(way[0]).related_model is model for way in ways if way)
