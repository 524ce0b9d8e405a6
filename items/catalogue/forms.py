"""The form of an item in the admin: values as people write them, checked as the API does."""

import csv
import io
import json
from typing import Any

from django import forms
from rest_framework.exceptions import ParseError
from rest_framework.exceptions import ValidationError as Refused

from config import currencies
from config.admin.stale import StaleGuardForm
from config.api.exceptions import flatten
from config.api.fields import JSONObjectField
from config.api.parsing import parse_json
from config.decimals import plain
from items.catalogue.models import MAX_TAGS, TAG_MAX_LENGTH, Item


class TagsField(forms.CharField):
    """Tags on one line, separated by commas; one that holds a comma stands in double quotes."""

    def prepare_value(self, value: Any) -> Any:
        """The tags as one line."""
        if not isinstance(value, list):
            return value
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(value)
        return line.getvalue()

    def clean(self, value: Any) -> Any:
        """The tags, each once. Raises ValidationError for too many, or one that is too long."""
        line = super().clean(value)
        try:
            rows = list(csv.reader([line], skipinitialspace=True)) if line else [[]]
        except csv.Error as error:
            raise forms.ValidationError(
                f"This cannot be read as a line of tags: {error}."
            ) from error
        tags = list(dict.fromkeys(tag.strip() for tag in rows[0] if tag.strip()))
        if len(tags) > MAX_TAGS:
            raise forms.ValidationError(f"{len(tags)} tags are too many; at most {MAX_TAGS}.")
        for tag in tags:
            if len(tag) > TAG_MAX_LENGTH:
                raise forms.ValidationError(f"“{tag}” is longer than {TAG_MAX_LENGTH} characters.")
        return tags

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the line says something else than the tags."""
        return super().has_changed(self.prepare_value(initial), data)


class AttributesField(forms.CharField):
    """A JSON object, by the same strict rules as in the API's bodies."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """The object, a line for each attribute."""
        if not isinstance(value, dict):
            return value
        return json.dumps(value, ensure_ascii=False, indent=2)

    def clean(self, value: Any) -> Any:
        """The object; nothing typed is an empty one. Raises ValidationError with the reason."""
        text = super().clean(value)
        try:
            typed = parse_json(text.encode(errors="surrogatepass")) if text else {}
            return JSONObjectField().run_validation(typed)
        except ParseError as error:
            raise forms.ValidationError(str(error.detail)) from error
        except Refused as error:
            raise forms.ValidationError([d.message for d in flatten(error.detail)]) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the text says something else than the object."""
        return super().has_changed(self.prepare_value(initial), data)


class ItemForm(StaleGuardForm):
    """An item, its numbers written as people write them."""

    tags = TagsField(
        required=False, help_text='Separated by commas; "one, with a comma" in double quotes.'
    )
    attributes = AttributesField(
        required=False, help_text="Whatever else is known of it, as a JSON object."
    )

    class Meta:
        model = Item
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        item = self.instance
        if item.pk and item.unit_price is not None:
            self.initial["unit_price"] = currencies.written(item.unit_price, item.currency)
        if item.pk and item.reorder_point is not None:
            self.initial["reorder_point"] = plain(item.reorder_point)
