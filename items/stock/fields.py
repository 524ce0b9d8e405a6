"""The fields of the forms that book: quantities, places and days."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth import get_user_model
from django.utils import timezone

from config.admin.lookups import Lookup
from config.decimals import plain
from items.catalogue.models import LEAST_QUANTITY, QUANTITY_DECIMALS, QUANTITY_DIGITS, Item
from items.stock.models import Loan, Location, Movement
from items.stock.places import Paths

END_OF_DAY = time(23, 59, 59)


class QuantityField(forms.DecimalField):
    """How many: exact, three places, more than nothing unless another `min_value` is said."""

    def __init__(self, **options: Any) -> None:
        exact = {"max_digits": QUANTITY_DIGITS, "decimal_places": QUANTITY_DECIMALS}
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "size": 8})
        super().__init__(**{"min_value": LEAST_QUANTITY, "widget": widget, **exact, **options})

    def prepare_value(self, value: Any) -> Any:
        """A number as people write it."""
        return plain(value) if isinstance(value, Decimal) else value


class AddedPlace(RelatedFieldWidgetWrapper):
    """Beside a place, a button that makes one of its kind without leaving the form."""

    widget: Lookup

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """What the template says; the page that opens offers the kind that is wanted."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        return {**context, "url_params": f"{context['url_params']}&kind={self.widget.among}"}


class PlaceField(forms.ModelChoiceField):
    """A location of one kind, looked up by its path."""

    def __init__(self, kind: Location.Kind, **options: Any) -> None:
        widget = Lookup(Movement, "destination", among=kind)
        places: Any = Location.objects.of_kind(kind)
        super().__init__(places, **{"widget": widget, **options})

    def label_from_instance(self, place: Any) -> str:
        """The path as it is now: the field lives as long as its form's class."""
        return Paths()(place)

    def offer_to_add(self) -> None:
        """Let a place that is not there yet be made without leaving the form."""
        relation = Movement._meta.get_field("destination").remote_field
        self.widget = AddedPlace(self.widget, relation, admin.site, can_add_related=True)


class StockedPlaceField(forms.ModelChoiceField):
    """One of the places in store where there is some of an item, and how many there."""

    def __init__(self, item: Item, **options: Any) -> None:
        self.there = {
            level.location_id: item.in_units(level.quantity) for level in item.levels.in_store()
        }
        places: Any = Location.objects.with_ids(list(self.there)).by_name()
        only = next(iter(self.there)) if len(self.there) == 1 else None
        errors = {"invalid_choice": "There is none of it there."}
        super().__init__(places, **{"initial": only, "error_messages": errors, **options})
        self.path_of = Paths()

    def label_from_instance(self, place: Any) -> str:
        """The path, and how many."""
        return f"{self.path_of(place)} ({self.there[place.pk]})"


class BorrowerField(forms.ModelChoiceField):
    """Somebody who may be lent to, looked up by their name."""

    def __init__(self, **options: Any) -> None:
        people: Any = get_user_model().objects.filter(is_active=True)
        widget = Lookup(Loan, "holder", among="active")
        super().__init__(people, **{"widget": widget, **options})


class DueField(forms.DateField):
    """The last day on which something may be out; until its end, in the time zone of the site."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(**{"widget": widget, "input_formats": ["%Y-%m-%d"], **options})

    def clean(self, value: Any) -> datetime | None:
        """The moment at which the day ends. Refuses a day that is over."""
        day: date | None = super().clean(value)
        if day is None:
            return None
        if day < timezone.localdate():
            raise forms.ValidationError("That day is over already.")
        return timezone.make_aware(datetime.combine(day, END_OF_DAY))
