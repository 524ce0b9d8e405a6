"""Serializer fields that take only their own JSON type, and those that Stockroom adds."""

import json
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, ClassVar

import orjson
from django.core.validators import RegexValidator
from django.db.models import DecimalField as NumberColumn
from django.db.models import Func, Model, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from config.api.envelope import raw_json
from config.api.reads import Read
from config.decimals import plain
from config.prepared import Statement
from config.sizes import KB
from config.statements import BIGINT_MAX, compiled, fetch

ID_SCHEMA = {"type": "integer", "format": "int64", "minimum": 1, "maximum": BIGINT_MAX}
NUMBER = NumberColumn()
SHOWN_LENGTH = 100  # of a name that somebody made up
MANY_DIGITS = 28  # Python's decimals have as many; none of our numbers has more
SURROGATE = re.compile("[\ud800-\udfff]")
DECIMAL_TEXT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
JSON_MAX_DEPTH = 32
JSON_MAX_BYTES = 64 * KB  # every list that shows the resource carries it
JSON_MAX_INTEGER = 2**63 - 1  # beyond, too many readers give up
ONE_LINE = RegexValidator(r"^[^\x00-\x1f\x7f]+$", "This may hold no control characters.", "control")


class NoSurrogates(ProhibitSurrogateCharactersValidator):
    """DRF's validator, which looks at each character, for a text that may hold a surrogate."""

    def __call__(self, value: Any) -> None:
        """Raise ValidationError for a text with half of a surrogate pair."""
        if SURROGATE.search(value):
            super().__call__(value)


def without_long_looks(validators: Iterable[Any]) -> list[Any]:
    """The validators of a text, of which none takes long over a long one."""
    slow = ProhibitSurrogateCharactersValidator
    return [NoSurrogates() if isinstance(each, slow) else each for each in validators]


class TextField(serializers.CharField):
    """A string; a number or a boolean is refused rather than turned into one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.validators = without_long_looks(self.validators)

    def to_internal_value(self, data: Any) -> str:
        """The text. Raises ValidationError for anything but a string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class EmailField(serializers.EmailField):
    """An e-mail address as a string."""

    def to_internal_value(self, data: Any) -> str:
        """The text. Raises ValidationError for anything but a string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ChoiceField(serializers.ChoiceField):
    """One of the choices, as a string."""

    default_error_messages: ClassVar = {
        "invalid_choice": '"{input}" is not one of them; there are: {known}.'
    }

    def to_internal_value(self, data: Any) -> Any:
        """The choice. Raises ValidationError for anything but one of them, and names them."""
        known = self.choice_strings_to_values
        is_blank = data == "" and self.allow_blank
        if not isinstance(data, str) or not (is_blank or data in known):
            self.fail("invalid_choice", input=str(data)[:SHOWN_LENGTH], known=", ".join(known))
        return super().to_internal_value(data)


class IntegerField(serializers.IntegerField):
    """A whole number in JSON; in a query string (`from_text=True`) its digits."""

    def __init__(self, *, from_text: bool = False, **options: Any) -> None:
        self.from_text = from_text
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> int:
        """The number. Raises ValidationError for fractions, booleans and (in JSON) strings."""
        if isinstance(data, Decimal) and data.adjusted() < MANY_DIGITS and data % 1 == 0:
            data = int(data)
        whole = isinstance(data, int) and not isinstance(data, bool)
        if not (whole or (self.from_text and isinstance(data, str) and _is_number(data))):
            self.fail("invalid")
        return int(super().to_internal_value(data))


def _is_number(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit()


class BooleanField(serializers.BooleanField):
    """true or false, nothing that merely looks like one."""

    def to_internal_value(self, data: Any) -> bool:
        """The truth value. Raises ValidationError for anything but a JSON boolean."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class DecimalField(serializers.DecimalField):
    """An exact decimal: a string or a number on the way in, never through a float."""

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """As for any field: an empty string is no null."""
        return serializers.Field.validate_empty_values(self, data)

    def to_internal_value(self, data: Any) -> Decimal:
        """The number. Raises ValidationError for what is none, or has too many digits."""
        if isinstance(data, bool) or not isinstance(data, str | int | Decimal):
            self.fail("invalid")
        if isinstance(data, str) and not DECIMAL_TEXT.fullmatch(data):
            self.fail("invalid")
        return super().to_internal_value(data)


class QuantityField(DecimalField):
    """A quantity: exact, three places, written without padding zeros ("3", "2.5")."""

    def to_representation(self, value: Decimal) -> str:
        """The shortest writing of the number, never with an exponent."""
        return plain(Decimal(value))

    def read(self, column: str) -> Read:
        """The same, by PostgreSQL."""
        return Read([Func(column, function="trim_scale", output_field=NUMBER)])


class IdField(IntegerField):
    """The id of another row, of those that may be named."""

    default_error_messages = {"does_not_exist": "There is nothing with the id {id}."}

    def __init__(self, rows: QuerySet[Model], **options: Any) -> None:
        self.rows = rows
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Any:
        """The id. Raises ValidationError when it is none."""
        asked = super().to_internal_value(data)
        if not 0 < asked <= BIGINT_MAX:
            self.fail("does_not_exist", id=str(asked)[:20])
        return asked


@extend_schema_field(ID_SCHEMA)
class ReferenceField(IdField):
    """The id of another row (`category_id`). The value is the id: nothing is loaded.

    Whether it names something, the statement that writes it finds out; where nothing is written
    anyhow, `check` says it with all else that is wrong.
    """

    def check(self, pk: int) -> None:
        """Raise ValidationError when there is no such row."""
        if not fetch(*self._finding.about(pk)):
            self.fail("does_not_exist", id=pk)

    @cached_property
    def _finding(self) -> Statement:
        return compiled(self.rows.order_by().filter(pk=0).values_list("pk"))


@extend_schema_field(ID_SCHEMA)
class RowField(IdField):
    """The id of another row; the value is that row, as a service wants it."""

    def to_internal_value(self, data: Any) -> Any:
        """The row. Raises ValidationError when the id is none, or names nothing."""
        asked = super().to_internal_value(data)
        found = self.rows.filter(pk=asked).first()
        if found is None:
            self.fail("does_not_exist", id=asked)
        return found


class ShortListField(serializers.ListField):
    """A list whose length is looked at before its members are."""

    def to_internal_value(self, data: Any) -> list[Any]:
        """The list. Raises ValidationError for one that is too long, whatever it holds."""
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            message = f"At most {self.max_length}; {len(data)} were given."
            raise serializers.ValidationError(message, code="max_length")
        return super().to_internal_value(data)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class JSONObjectField(serializers.JSONField):
    """An object of free JSON values, which PostgreSQL and every reader can hold as they are."""

    default_error_messages = {
        "not_an_object": "Expected an object.",
        "null_characters": "Text may not hold the NUL character.",
        "too_large": f"More than {JSON_MAX_BYTES // KB} KB of JSON.",
        "too_deep": f"Nested more than {JSON_MAX_DEPTH} levels deep.",
        "out_of_range": "The number {number} cannot be kept exactly; send it as a string.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The object. Raises ValidationError for what could not be kept as it is."""
        if not isinstance(data, dict):
            self.fail("not_an_object")
        kept = {self._text(key): self._kept(value, 1) for key, value in data.items()}
        if len(json.dumps(kept, ensure_ascii=False).encode()) > JSON_MAX_BYTES:
            self.fail("too_large")
        return kept

    def to_representation(self, value: Any) -> Any:
        """The object as it is; numbers of any size pass through."""
        return raw_json(value)

    def read(self, column: str) -> Read:
        """The text of the object, which nobody reads on the way."""
        return Read([column], orjson.Fragment)

    def _kept(self, value: Any, depth: int) -> Any:
        if depth > JSON_MAX_DEPTH:
            self.fail("too_deep")
        if isinstance(value, dict):
            return {self._text(key): self._kept(inner, depth + 1) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._kept(inner, depth + 1) for inner in value]
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Decimal):
            return self._float(value)
        if isinstance(value, int) and abs(value) > JSON_MAX_INTEGER:
            self.fail("out_of_range", number=str(value)[:32])
        return value

    def _text(self, text: str) -> str:
        if "\0" in text:
            self.fail("null_characters")
        return text

    def _float(self, number: Decimal) -> float:
        """JSON's readers use floats: a number that a float would change is refused."""
        if abs(number.adjusted()) >= MANY_DIGITS or (
            number % 1 == 0 and abs(number) > JSON_MAX_INTEGER
        ):
            self.fail("out_of_range", number=str(number)[:32])
        nearest = float(number)
        try:
            same = Decimal(repr(nearest)) == number
        except InvalidOperation:
            same = False
        if not same:
            self.fail("out_of_range", number=str(number)[:32])
        return nearest
