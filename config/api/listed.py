"""What a list is made of, whoever reads it: parts of it, and how many rows it has."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from django.db.models import QuerySet

from config.api.parameters import Order
from config.counts import counted_rows

COUNTED_EXACTLY = 10_000  # matches of a filter; above that, the total is a lower bound


class Total(NamedTuple):
    """How many rows there are, or at least, where that is not `exact`."""

    rows: int
    exact: bool

    @property
    def is_long(self) -> bool:
        """Whether there are more than are counted exactly where a filter is asked."""
        return not self.exact or self.rows > COUNTED_EXACTLY


@dataclass(frozen=True)
class Part:
    """Some rows of a list: what is answered of each, their ids, and the keys of the last.

    `more` says whether others follow; `total`, how many there are, where that came with them. Where
    the list may be kept: the `state` of the database as it was before.
    """

    data: list[Any] = field(default_factory=list)
    pks: Sequence[int] = ()
    last_keys: Sequence[Any] = ()
    more: bool = False
    total: Total | None = None
    state: str | None = None


@dataclass(frozen=True)
class Page:
    """The rows of one page, and the answer's `meta`."""

    found: Part
    meta: Mapping[str, Any]

    def since(self, other: "Page") -> "Page":
        """This page, looked for after another was found: of the state of the database then."""
        return Page(replace(self.found, state=other.found.state), self.meta)


class Listed(Protocol):
    """Rows of which a part can be asked for."""

    def after(self, rows: "QuerySet[Any]") -> "Listed":
        """The same, of which only these rows are listed."""

    @property
    def rows(self) -> QuerySet[Any]:
        """Those that are listed."""

    def part(self, order: Sequence[Order], start: int, size: int, *, counted: bool = False) -> Part:
        """So many rows from `start`: when `counted`, maybe with their total, else with keys."""

    def count(self) -> Total:
        """How many are listed."""


@dataclass(frozen=True)
class Instances:
    """Rows of which a view wants the instances."""

    rows: QuerySet[Any]

    def after(self, rows: QuerySet[Any]) -> "Instances":
        """These rows."""
        return Instances(rows)

    def part(self, order: Sequence[Order], start: int, size: int, *, counted: bool = False) -> Part:
        """So many rows from `start`."""
        keys = {f"key_{i}": key.expression for i, key in enumerate(order)}
        ordered = self.rows.annotate(**keys).order_by(*terms(order))
        found = list(ordered[start : start + size + 1])
        rows = found[:size]
        last = [getattr(rows[-1], name) for name in keys] if rows else []
        return Part(rows, [row.pk for row in rows], last, more=len(found) > size)

    def count(self) -> Total:
        """How many there are."""
        return count(self.rows)


def count(rows: QuerySet[Any]) -> Total:
    """How many rows there are: all, or up to COUNTED_EXACTLY of those that a filter leaves.

    To count a million matches at each request costs more than anybody reads out of it.
    """
    if not rows.query.where:
        return Total(counted_rows(rows.model), exact=True)
    most = rows.order_by().values("pk")[: COUNTED_EXACTLY + 1].count()
    return bounded(most)


def bounded(most: int) -> Total:
    """The total when so many were found before one more than COUNTED_EXACTLY was."""
    return Total(min(most, COUNTED_EXACTLY), exact=most <= COUNTED_EXACTLY)


def terms(order: Sequence[Order]) -> list[Any]:
    """The terms of ORDER BY."""
    return [key.term() for key in order]


def name_of(order: Sequence[Order]) -> Hashable:
    """What tells an order from others."""
    return tuple((key.name, key.descending) for key in order)


def by_several(order: Sequence[Order]) -> bool:
    """Whether it is by several keys, and then by the id."""
    return any(key.name != "id" for key in order[1:])
