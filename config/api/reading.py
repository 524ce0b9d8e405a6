"""The rows of a resource as they are answered: read by plan, with statements that are kept."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple, Protocol

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, F, Func, QuerySet, Value

from config.api.parameters import Order
from config.api.reads import ReadPlan
from config.counts import counted_rows, total_of
from config.statements import MAX_ID, Row, Statement, compiled, fetch

COUNTED_EXACTLY = 10_000  # matches of a filter; above that, the total is a lower bound
MAX_KEPT = 500  # statements
NEAR = 1000  # rows that may be passed over whole; to pass over more, their ids come first
BIGINTS = ArrayField(BigIntegerField())
NO_VERSION = Value(None, BigIntegerField())
ONE_OF = Func(
    *(F("pk"), Value([], BIGINTS)),
    arg_joiner=" = ANY(",
    template="%(expressions)s)",
    output_field=BooleanField(),
)
# Of the ids that a statement finds, those from one place to another, and how many there are.
FIRST_AND_COUNT = (
    "SELECT found[{first}:{last}], cardinality(found)"
    " FROM (SELECT ARRAY({ids}) AS found OFFSET 0) AS matches"  # OFFSET: they are found once
)

_kept: dict[Hashable, "Statement"] = {}


class Shown(NamedTuple):
    """A row: its id and version, the keys that it is ordered by, and what is answered of it."""

    pk: int
    version: int | None
    keys: Sequence[Any]
    data: Any


class Total(NamedTuple):
    """How many rows there are, or at least, where that is not `exact`."""

    rows: int
    exact: bool


class Part(NamedTuple):
    """Some rows of a list, and how many there are in all, where that came with them."""

    rows: list[Shown]
    total: Total | None = None


class Listed(Protocol):
    """What a list is made of."""

    @property
    def rows(self) -> QuerySet[Any]:
        """Those that are listed."""

    def narrow(self, rows: QuerySet[Any]) -> "Listed":
        """The same, of which only these rows are listed."""

    def part(self, order: Sequence[Order], start: int, stop: int, *, counted: bool = False) -> Part:
        """The rows from `start` to before `stop`; when `counted`, maybe with their total."""

    def count(self) -> Total:
        """How many are listed."""


@dataclass(frozen=True)
class Instances:
    """Rows of which a view wants the instances."""

    rows: QuerySet[Any]

    def narrow(self, rows: QuerySet[Any]) -> "Instances":
        """These rows."""
        return Instances(rows)

    def part(self, order: Sequence[Order], start: int, stop: int, *, counted: bool = False) -> Part:
        """The rows from `start` to before `stop`."""
        keys = {f"key_{i}": key.expression for i, key in enumerate(order)}
        rows = self.rows.annotate(**keys).order_by(*_terms(order))[start:stop]
        return Part(
            [Shown(row.pk, None, [getattr(row, name) for name in keys], row) for row in rows]
        )

    def count(self) -> Total:
        """How many there are."""
        return count(self.rows)


@dataclass(frozen=True)
class Reading:
    """Rows, of which a list may be narrowed, and what is answered of each.

    `kept_as` names rows that are the same for every request: their statements are kept.
    """

    everything: QuerySet[Any]
    plan: ReadPlan
    kept_as: Hashable | None = None
    narrowed: QuerySet[Any] | None = None

    @property
    def rows(self) -> QuerySet[Any]:
        """Those that are listed."""
        return self.everything if self.narrowed is None else self.narrowed

    def narrow(self, rows: QuerySet[Any]) -> "Reading":
        """The same, of which only these rows are listed."""
        return replace(self, narrowed=rows)

    # ── One, or some ──────────────────────────────────────────────────────────────────────────
    def one(self, pk: int) -> Shown | None:
        """The row of this id, if it is there."""
        if pk > MAX_ID:
            return None
        statement = self._statement("one", lambda: self._select().filter(pk=0))
        rows = fetch(*statement.about(pk))
        return _shown(self.plan, rows[0]) if rows else None

    def with_ids(self, ids: Sequence[int], order: Sequence[Order] = ()) -> list[Shown]:
        """Those of these ids that are there, in the order of the ids."""
        statement = self._statement(
            ("with ids", _name(order)), lambda: self._select(order).filter(ONE_OF)
        )
        rows = fetch(*statement.about(list(ids))) if ids else []
        found = {shown.pk: shown for shown in (_shown(self.plan, row, len(order)) for row in rows)}
        return [found[pk] for pk in ids if pk in found]

    def written(self, write: Statement, names: Sequence[str]) -> tuple[Shown, Sequence[Any]]:
        """The row that a statement writes, and what it now has in these columns.

        What is written stands for its table where the row is read: so it is read as all others.
        """
        table = f'"{self.everything.model._meta.db_table}"'
        if self._joins_itself:  # then it stands for its relations too, which it is not
            [(pk, *found)] = fetch(
                f"{write.sql} RETURNING {', '.join(['id', *names])}", write.values
            )
            shown = self.one(pk)
            assert shown is not None
            return shown, found
        read = self._statement(("written", tuple(names)), lambda: self._select((), *names))
        sql = f"WITH {table} AS ({write.sql} RETURNING *) {read.sql}"
        [row] = fetch(sql, (*write.values, *read.values))
        return _shown(self.plan, row), row[len(row) - len(names) :]

    @property
    def _joins_itself(self) -> bool:
        """Whether the row is read with others of its own table."""
        model: Any = self.everything.model
        ways = [column.split("__")[:-1] for column in self.plan.columns if isinstance(column, str)]
        return any(model._meta.get_field(way[0]).related_model is model for way in ways if way)

    # ── A list ────────────────────────────────────────────────────────────────────────────────
    def part(self, order: Sequence[Order], start: int, stop: int, *, counted: bool = False) -> Part:
        """The rows from `start` to before `stop`.

        When `counted`, with how many there are in all, else with the keys of their order. Of many,
        or far from the start, the ids are found first: that takes an index alone.
        """
        if self.narrowed is not None or start > NEAR:
            return self._part_by_ids(order, start, stop, counted=counted)
        keys = () if counted else order
        totalled = counted and self._is_whole
        statement = self._statement(
            ("part", _name(order), start, stop, counted, totalled),
            lambda: self._ordered(order, keys, totalled=totalled)[start:stop],
        )
        rows = fetch(*statement)
        total = Total(int(rows[0][-1]), exact=True) if totalled and rows else None
        return Part([_shown(self.plan, row, len(keys)) for row in rows], total)

    def first(self, count: int) -> list[Shown]:
        """The first of those listed, in the order that they have."""
        found = fetch(*compiled(self.rows.values_list("pk")[:count]))
        return self.with_ids([pk for (pk,) in found])

    def count(self) -> Total:
        """How many are listed."""
        return count(self.rows)

    def _part_by_ids(self, order: Sequence[Order], start: int, stop: int, *, counted: bool) -> Part:
        ordered = self.rows.order_by(*_terms(order)).values("pk")
        if self._is_whole or not counted:
            found = [pk for (pk,) in fetch(*compiled(ordered[start:stop]))]
            return Part(self.with_ids(found, () if counted else order))
        sql, values = compiled(ordered[: max(COUNTED_EXACTLY + 1, stop)])
        both = FIRST_AND_COUNT.format(ids=sql, first=start + 1, last=stop)
        [(found, most)] = fetch(both, values)
        total = Total(min(most, COUNTED_EXACTLY), exact=most <= COUNTED_EXACTLY)
        return Part(self.with_ids(found), total)

    # ── Statements ────────────────────────────────────────────────────────────────────────────
    @property
    def _is_whole(self) -> bool:
        """Whether nothing keeps a row of the table from being listed."""
        return not self.rows.query.where

    def _select(self, order: Sequence[Order] = (), *more: Any) -> QuerySet[Any]:
        """The columns of the plan, then the id, the version, the keys, and more."""
        model: Any = self.everything.model
        version = "version" if _is_versioned(model) else NO_VERSION
        keys = [key.expression for key in order]
        columns = [*self.plan.columns, "pk", version, *keys, *more]
        return self.everything.order_by().values_list(*columns)

    def _ordered(
        self, order: Sequence[Order], keys: Sequence[Order], *, totalled: bool
    ) -> QuerySet[Any]:
        total = [total_of(self.everything.model)] if totalled else []
        return self._select(keys, *total).order_by(*_terms(order))

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


def count(rows: QuerySet[Any]) -> Total:
    """How many rows there are: all, or up to COUNTED_EXACTLY of those that a filter leaves.

    To count a million matches at each request costs more than anybody reads out of it.
    """
    if not rows.query.where:
        return Total(counted_rows(rows.model), exact=True)
    most = rows.order_by().values("pk")[: COUNTED_EXACTLY + 1].count()
    return Total(min(most, COUNTED_EXACTLY), exact=most <= COUNTED_EXACTLY)


def _shown(plan: ReadPlan, row: Row, keys: int = 0) -> Shown:
    at = len(plan.columns)
    version, first_key = row[at + 1], at + 2
    return Shown(row[at], version, row[first_key : first_key + keys], plan.shaped(row))


def _name(order: Sequence[Order]) -> tuple[tuple[str, bool], ...]:
    return tuple((key.name, key.descending) for key in order)


def _terms(order: Sequence[Order]) -> list[Any]:
    return [key.term() for key in order]


@cache
def _is_versioned(model: Any) -> bool:
    """Whether the rows of a model count their edits."""
    return any(field.name == "version" for field in model._meta.concrete_fields)
