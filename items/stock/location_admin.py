"""Locations in the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from config.admin.filters import WordFilter
from config.admin.records import RecordAdmin
from config.text import sort_key
from items.stock.models import Location
from items.stock.places import Paths, location_paths


class KindFilter(WordFilter):
    """Places; the persons' are many, and stand for who has what."""

    title = "kind"
    parameter_name = "kind"
    words: ClassVar = {
        "places": ("In store and outside", lambda places: places.impersonal()),
        "storage": ("In store", lambda places: places.of_kind("storage")),
        "outside": ("Outside", lambda places: places.of_kind("outside")),
        "person": ("Persons", lambda places: places.of_kind("person")),
    }


@admin.register(Location)
class LocationAdmin(RecordAdmin):
    """Where things can be."""

    fields = ["name", "kind", "parent", "created_at", "updated_at"]
    autocomplete_fields = ["parent"]
    list_filter = [KindFilter]
    ordering: ClassVar = [sort_key("name"), "pk"]
    lookup_words: ClassVar = {
        kind: lambda places, kind=kind: places.of_kind(kind) for kind in Location.Kind.values
    }

    def get_queryset(self, request: HttpRequest) -> Any:
        """Each with its parent and its user."""
        rows: Any = super().get_queryset(request)
        return rows.with_relations()

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The path of each, and what kind of place it is."""
        paths = Paths()

        @admin.display(description="location")
        def location(place: Location) -> str:
            return paths(place)

        return [location, "kind", "updated_at"]

    def names_for_lookup(self, request: HttpRequest) -> Callable[[Location], str]:
        """By their paths."""
        return Paths()

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Those whose path has every word; persons by their names."""
        words = search_term.lower().split()
        if not words:
            return queryset, False
        found = [
            int(pk)
            for pk, text in location_paths().items()
            if all(word in text.lower() for word in words)
        ]
        named = Q(kind=Location.Kind.PERSON, name__icontains=search_term.replace("\0", " "))
        return queryset.filter(Q(pk__in=found) | named), False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What kind of place it is stays."""
        fixed = [] if obj is None else ["kind"]
        return [*fixed, "created_at", "updated_at"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Of places; a person's is looked at only."""
        return super().has_change_permission(request, obj) and not _is_persons(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Of places; a person's stays, as what they were lent does."""
        return super().has_delete_permission(request, obj) and not _is_persons(obj)

    def formfield_for_choice_field(self, db_field: Any, request: Any, **options: Any) -> Any:
        """A person's place is made when something is first lent to them."""
        if db_field.name == "kind":
            kinds = [kind for kind in Location.Kind.choices if kind[0] != Location.Kind.PERSON]
            options["choices"] = kinds
        return super().formfield_for_choice_field(db_field, request, **options)


def _is_persons(place: Location | None) -> bool:
    return place is not None and place.user_id is not None
