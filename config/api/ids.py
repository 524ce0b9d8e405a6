"""Which rows a list has: their ids, in its order, and how many there are."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import QuerySet
from django.db.models.lookups import Exact

from config.api import listed
from config.api.listed import Total, bounded, by_several, count, name_of, terms
from config.api.narrowing import Narrowing
from config.api.parameters import Order
from config.api.state import STATE, State
from config.counts import is_counted, total_of
from config.prepared import Row, Statement
from config.querysets import is_in_array
from config.statements import compiled, fetch
from config.text import texts_of

NEAR = 1000  # rows from the start, so few that nobody asks whether the end is nearer
AMONG = 10_000  # so many are met in some 15 ms, whatever a filter leaves of them
FARTHEST = 2**31 - 1 - 1000  # that a place in an array of PostgreSQL's may be, with a page behind
# Of the ids of a list those from one place to another, and how many there are; found once for both.
COUNTED = (
    "WITH matches AS MATERIALIZED (SELECT ARRAY({ids}) AS found)"
    " SELECT found[{first}:{last}], cardinality(found), {state} FROM matches"
)


class Found(NamedTuple):
    """Ids of a list, how many there are in all, and the state of the database as it was then."""

    pks: list[int]
    total: Total | None = None
    state: str | None = None


@dataclass(frozen=True)
class Ids:
    """The ids of rows, of which a list may be narrowed.

    `statement` makes the statement of a name, or has kept it; `state` tells that of the database,
    where the list may be kept.
    """

    everything: QuerySet[Any]
    narrowing: Narrowing
    statement: Callable[[Hashable, Callable[[], QuerySet[Any]]], Statement]
    state: Callable[[], str | None]

    def counted(self, order: Sequence[Order], start: int, stop: int) -> Found:
        """Those from one place to another, and how many there are in all."""
        if start > FARTHEST:
            return Found([])
        find = self._of_whole if self._is_whole else self._of_some
        return find(order, start, stop)

    def keyed(self, order: Sequence[Order], start: int, stop: int) -> list[Row]:
        """Those from one place to another: of each the id, its keys, and the database's state."""
        found = self._alike(order, start, stop)
        return found or self._fetched(self._finding(order, start, stop, keys=True, stated=True))

    def count(self) -> Total:
        """How many there are."""
        return count(self.narrowing.of(self.everything))

    def _of_some(self, order: Sequence[Order], start: int, stop: int) -> Found:
        """Of those that a filter leaves; found and counted at once.

        Unless they are many and by a key that has an index: then they are looked for among the
        first of all there are. To sort them takes longer.
        """
        if _has_index(order) and stop <= AMONG:
            state, total = self.state(), self.count()
            if not total.exact and len(found := self._among_first(order, stop)) == stop:
                return Found(found[start:], total, state)
        ids = self._finding(order, 0, max(listed.COUNTED_EXACTLY + 1, stop))
        sql = COUNTED.format(ids=ids.sql, first=start + 1, last=stop, state=STATE)
        [(pks, found, state)] = self._fetched(Statement(sql, ids.values))
        return Found(pks, bounded(found), state)

    def _among_first(self, order: Sequence[Order], count: int) -> list[int]:
        """The first of them, up to `count`, that are among the first AMONG of all."""
        first = ArraySubquery(self.everything.order_by(*terms(order)).values("pk")[:AMONG])
        rows = self.narrowing.of(self.everything.filter(is_in_array("pk", first)))
        found = self._fetched(compiled(rows.order_by(*terms(order)).values_list("pk")[:count]))
        return [pk for (pk,) in found]

    def _of_whole(self, order: Sequence[Order], start: int, stop: int) -> Found:
        """Of all; far from the start they are found from the end, if that is nearer."""
        if start <= NEAR:
            return self._of_beginning(order, start, stop)
        total = self.count()
        if start <= total.rows - stop:
            found = self._fetched(self._finding(order, start, stop))
        else:
            turned = [key.turned() for key in order]
            first, last = max(total.rows - stop, 0), max(total.rows - start, 0)
            found = self._fetched(self._finding(turned, first, last))[::-1]
        return Found([pk for (pk,) in found], total)

    def _of_beginning(self, order: Sequence[Order], start: int, stop: int) -> Found:
        if alike := self._alike(order, start, stop):
            total = self.count() if self._counts else None
            return Found([row[0] for row in alike], total, alike[0][-1])
        found = self._fetched(self._finding(order, start, stop, totalled=self._counts, stated=True))
        if not found:
            return Found([])
        _, *counted, state = found[0]
        total = Total(int(counted[0]), exact=True) if counted else None
        return Found([row[0] for row in found], total, state)

    def _alike(self, order: Sequence[Order], start: int, stop: int) -> list[Row]:
        """The same as `keyed`, of all by several keys; none where those are too few who are asked.

        Those come first that share their first key with the very first: they are looked for by the
        second, which may have an index. To sort all that share it takes long where a key has few
        values.
        """
        first = self._first_key(order[0]) if self._is_whole and by_several(order) else None
        if first is None:
            return []
        value, state = first
        shared = Exact(order[0].expression, value)
        alike = replace(self, narrowing=Narrowing(lambda rows: rows.filter(shared)))
        found = [(*row[:-1], state) for row in alike.keyed(order, start, stop)]  # as it was before
        return found if len(found) == stop - start else []

    def _first_key(self, key: Order) -> Row | None:
        """The first key of the very first row, and the database's state; None without rows."""
        columns = key.expression, State()
        found = self._fetched(
            self.statement(
                ("first key", name_of([key])),
                lambda: self.everything.order_by(key.term()).values_list(*columns)[:1],
            )
        )
        return found[0] if found else None

    def _finding(
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
            return form.filled(self.statement((*name, form.name), lambda: ids(form.word(rows))))
        if self.narrowing.narrows:
            return compiled(ids(self.narrowing.of(self.everything)))
        return self.statement(name, lambda: ids(self.everything))

    def _searched(self, order: Sequence[Order]) -> QuerySet[Any]:
        """What a search looks through: the texts alone, where they tell all that is asked."""
        if self.everything.query.where or not _is_by_id(order):
            return self.everything
        return texts_of(self.everything.model)

    def _fetched(self, ids: Statement) -> list[Row]:
        """A filter may leave one row or a million: each is planned for what it asks."""
        return fetch(*ids, prepared=not self.narrowing.narrows)

    @property
    def _is_whole(self) -> bool:
        """Whether nothing keeps a row of the table from being listed."""
        return not (self.narrowing.narrows or self.everything.query.where)

    @property
    def _counts(self) -> bool:
        """Whether the number of those listed is kept by the database."""
        return self._is_whole and is_counted(self.everything.model)


def _is_by_id(order: Sequence[Order]) -> bool:
    return [key.name for key in order] == ["id"]


def _has_index(order: Sequence[Order]) -> bool:
    """Whether it is by a key and then by the id, as there are indexes; by the id alone is swift."""
    return [key.name for key in order][1:] == ["id"]
