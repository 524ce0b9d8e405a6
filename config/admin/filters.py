"""Filters of lists that Django does not have."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.http import HttpRequest

MAX_ID_DIGITS = 19  # of a bigint


def is_id(text: str) -> bool:
    """Whether a text is a number that an id could be."""
    return text.isascii() and text.isdecimal() and len(text) < MAX_ID_DIGITS


class WordFilter(SimpleListFilter):
    """Offers `words` ({value: (label, rows -> rows)}); the first is what nobody has to choose."""

    parameter_name: str
    words: ClassVar[dict[str, Any]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The words."""
        return [(value, label) for value, (label, _) in self.words.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The rows of the chosen word, or else of the first."""
        _, narrow = self.words.get(self.value() or "", next(iter(self.words.values())))
        return narrow(queryset)

    def choices(self, changelist: Any) -> Iterator[Any]:
        """The words, without Django's "All", which is one of them or is not offered."""
        first = next(iter(self.words))
        chosen = self.value() if self.value() in self.words else first
        for value, label in self.lookup_choices:
            asked = {self.parameter_name: value}
            yield {
                "selected": value == chosen,
                "query_string": changelist.get_query_string(asked),
                "display": label,
            }


class RowFilter(SimpleListFilter):
    """Those that belong to one row, whose id is the value; a subclass says how in `narrowed`."""

    parameter_name: str

    def has_output(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.lookup_choices)

    def chosen(self) -> int | None:
        """The id of the row."""
        value = self.value() or ""
        return int(value) if is_id(value) else None

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The rows that belong to it; a value that is no id changes nothing."""
        chosen = self.chosen()
        return queryset if chosen is None else self.narrowed(queryset, chosen)

    def narrowed(self, rows: Any, pk: int) -> Any:
        """Of the rows, those that belong to the one of this id."""
        return rows.filter(**{self.parameter_name: pk})


class ChosenFilter(RowFilter):
    """One row of a relation, which a link has chosen; shown so that one sees it and can let it go.

    A subclass says its `parameter_name`, which is the relation's.
    """

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The chosen row."""
        if (chosen := self.chosen()) is None:
            return []
        related = model_admin.model._meta.get_field(self.parameter_name).related_model
        row = related._default_manager.filter(pk=chosen).first()
        return [] if row is None else [(str(row.pk), str(row))]


def chosen(relation: str) -> type[ChosenFilter]:
    """The filter by one row of a relation."""
    return type(
        "ChosenFilter",
        (ChosenFilter,),
        {"parameter_name": relation, "title": relation, "__doc__": ChosenFilter.__doc__},
    )
