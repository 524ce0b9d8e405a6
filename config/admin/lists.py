"""The lists of the admin, as quick for a million rows as for ten."""

from functools import cached_property
from typing import Any

from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.paginator import Page, Paginator
from django.http import HttpRequest

from config.api import listed
from config.api.ids import NEAR
from config.api.listed import Total


class Pages(Paginator):
    """Pages of rows that are counted no further than the API counts them."""

    object_list: Any
    _get_page: Any

    @cached_property
    def found(self) -> list[int] | None:
        """The ids that a filter leaves, in their order: as many as are counted, and one.

        None where there is no filter, or so many are left that to sort them takes too long.
        """
        if not self._is_filtered or not (self._is_by_id or self._counted.exact):
            return None
        ids = self.object_list.values_list("pk", flat=True)
        return list(ids[: listed.COUNTED_EXACTLY + 1])

    @cached_property
    def total(self) -> Total:
        """How many there are, or at least."""
        return self._counted if self.found is None else listed.bounded(len(self.found))

    @cached_property
    def _counted(self) -> Total:
        return listed.count(self.object_list)

    @property
    def _is_filtered(self) -> bool:
        return bool(self.object_list.query.where)

    @property
    def _is_by_id(self) -> bool:
        return self.object_list.query.order_by in {("pk",), ("-pk",)}

    @cached_property
    def count(self) -> int:
        """How many there are to turn over."""
        return self.total.rows

    @property
    def has_more(self) -> bool:
        """Whether there are more than those; they are found by asking for fewer."""
        return not self.total.exact

    def page(self, number: Any) -> Page:
        """One page: what is filtered or far from the start, by its ids."""
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        if not self._is_filtered and start <= NEAR:
            return super().page(number)
        ids = self._ids(start, min(start + self.per_page, self.count))
        found: Page = self._get_page(self.object_list.filter(pk__in=ids), number, self)
        return found

    def _ids(self, start: int, end: int) -> list[int]:
        """Those from one place to another; of all there are, from whichever end is nearer."""
        if self.found is not None:
            return self.found[start:end]
        ids = self.object_list.values_list("pk", flat=True)
        if self._is_filtered or start < self.count - end:
            return list(ids[start:end])
        return list(ids.reverse()[self.count - end : self.count - start])


class RecordList(ChangeList):
    """A list whose admin names the `swift_orders` of its columns: those that an index has.

    By any other column only a short list is ordered, which is sorted in no time.
    """

    model_admin: Any
    paginator: Any
    sortable_by: Any

    def get_ordering_field(self, field_name: Any) -> Any:
        """What a column is ordered by."""
        swift = self.model_admin.swift_orders.get(field_name)
        return swift or super().get_ordering_field(field_name)

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        """What was asked for, then the id in the same direction, as the indexes have them."""
        if not self.params.get(ORDER_VAR):
            return super().get_ordering(request, queryset)
        *keys, last = super().get_ordering(request, queryset.order_by())
        return [*keys, "pk" if keys and last == "-pk" and _ascends(keys[-1]) else last]

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page; of a long list, in an order that has an index."""
        asked = self.params.get(ORDER_VAR)
        if asked and asked != self._swift_part(asked) and listed.count(self.queryset).is_long:
            self.params[ORDER_VAR] = self._swift_part(asked)
            ordering = self.get_ordering(request, self.root_queryset)
            self.queryset = self.queryset.order_by(*ordering)
        super().get_results(request)
        if self.paginator.total.is_long:
            self.sortable_by = set(self.model_admin.swift_orders)
        if self.paginator.has_more:  # beside the search stands no number that is none
            self.full_result_count = self.result_count

    def _swift_part(self, asked: str) -> str:
        """Of the columns that were asked for the first, if an index has its order."""
        first = asked.partition(".")[0]
        columns = {str(place): name for place, name in enumerate(self.list_display)}
        column = columns.get(first.removeprefix("-"))
        return first if column in self.model_admin.swift_orders else ""


def _ascends(key: Any) -> bool:
    """Whether a term of ORDER BY goes up."""
    return not key.startswith("-") if isinstance(key, str) else not key.descending
