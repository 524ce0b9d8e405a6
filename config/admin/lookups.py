"""Fields that look a row up while somebody types."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models
from django.http import HttpRequest

from config.admin.filters import is_id


class Lookup(AutocompleteSelect):
    """Offers the rows that a relation may lead to; `among` is one of the words of their admin."""

    def __init__(self, model: type[models.Model], relation: str, *, among: str = "") -> None:
        super().__init__(model._meta.get_field(relation), admin.site)
        self.among = among

    def get_url(self) -> str:
        """Where it asks."""
        return f"{super().get_url()}?among={self.among}"

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        """The row that is chosen, to show it; what is no id chooses none."""
        return super().optgroups(name, [each for each in value if is_id(str(each))], attr)


class LookupView(AutocompleteJsonView):
    """Answers a lookup, to whoever the rows' admin lets look them up.

    An admin may narrow what is offered by `lookup_words` ({word: rows -> rows}), let more people
    ask than may see its pages by `may_be_looked_up(request)`, and say how rows are called by
    `names_for_lookup(request)`.
    """

    def get_queryset(self) -> Any:
        """The rows that match, of those that were asked about."""
        word = self.words.get(self.request.GET.get("among", ""), lambda rows: rows)
        return word(super().get_queryset())

    @property
    def words(self) -> dict[str, Any]:
        """By which one may ask about a part of the rows."""
        words: dict[str, Any] = getattr(self.model_admin, "lookup_words", {})
        return words

    def has_perm(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether whoever asks may look these up."""
        asked = getattr(self.model_admin, "may_be_looked_up", self.model_admin.has_view_permission)
        return bool(asked(request))

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """A row as the field shows it."""
        return {**super().serialize_result(obj, to_field_name), "text": self.called(obj)}

    @cached_property
    def called(self) -> Callable[[Any], str]:
        """How a row is called."""
        if not hasattr(self.model_admin, "names_for_lookup"):
            return str
        names: Callable[[Any], str] = self.model_admin.names_for_lookup(self.request)
        return names
