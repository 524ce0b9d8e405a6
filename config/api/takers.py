"""How each field takes a value that is plainly well, as nearly all are.

DRF asks a dozen questions of each value, most of them about what never comes. Here one function is
made for each field. What is not plainly well is left to the field itself, which takes it in another
form or says what is wrong with it. (tests/config/api/test_takers.py proves: both take the same.)
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from typing import Any

import orjson
from django.core import validators
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from config.api import fields
from config.statements import BIGINT_MAX

Taker = Callable[[Any], Any]

# What is true of each printable text: it holds no NUL, no surrogate and no control character.
PRINTABLE = (
    validators.ProhibitNullCharactersValidator,
    ProhibitSurrogateCharactersValidator,
    fields.NoSurrogates,
    fields.ONE_LINE,
)
# In JSON that is written densely: with spaces after commas and colons it is twice as long at most.
DENSE_BYTES = fields.JSON_MAX_BYTES // 2


def taker_of(field: Any) -> Taker:
    """The function that takes a value for a field: as it is validated. Raises ValidationError."""
    make = TAKERS.get(type(field).to_internal_value)
    take = make(field) if make is not None else None
    if take is None:
        whole: Taker = field.run_validation
        return whole
    return _or_null(take) if field.allow_null else take


def _or_null(take: Taker) -> Taker:
    return lambda value: None if value is None else take(value)


def _text(field: Any) -> Taker | None:
    bounds = Bounds.of(field, besides=PRINTABLE)
    if bounds is None:
        return None
    least, most = max(bounds.shortest, 0 if field.allow_blank else 1), bounds.longest
    trims, otherwise = field.trim_whitespace, field.run_validation

    def take(value: Any) -> Any:
        if type(value) is str and value.isprintable():
            text = value.strip() if trims else value
            if least <= len(text) <= most:
                return text
        return otherwise(value)

    return take


def _choice(field: Any) -> Taker | None:
    known, otherwise = field.choice_strings_to_values, field.run_validation

    def take(value: Any) -> Any:
        return known[value] if type(value) is str and value in known else otherwise(value)

    return None if field.validators or "" in known else take


def _integer(field: Any) -> Taker | None:
    return _whole_number(field, -fields.JSON_MAX_INTEGER, fields.JSON_MAX_INTEGER)


def _id(field: Any) -> Taker | None:
    return _whole_number(field, 1, BIGINT_MAX)


def _whole_number(field: Any, least: int, most: int) -> Taker | None:
    bounds = Bounds.of(field)
    if bounds is None:
        return None
    least, most = max(least, bounds.least), min(most, bounds.most)
    otherwise = field.run_validation

    def take(value: Any) -> Any:
        return value if type(value) is int and least <= value <= most else otherwise(value)

    return take


def _decimal(field: Any) -> Taker | None:
    bounds = Bounds.of(field)
    whole, places = field.max_whole_digits, field.decimal_places
    if bounds is None or field.rounding or field.max_digits > fields.MANY_DIGITS or not whole:
        return None
    least, most, otherwise = bounds.least, bounds.most, field.run_validation
    plain = re.compile(rf"[0-9]{{1,{whole}}}(\.[0-9]{{1,{places}}})?")
    unit = Decimal(1).scaleb(-places)

    def take(value: Any) -> Any:
        if type(value) is str and plain.fullmatch(value):
            number = Decimal(value).quantize(unit)
            if least <= number <= most:
                return number
        return otherwise(value)

    return take


def _truth(field: Any) -> Taker | None:
    otherwise = field.run_validation

    def take(value: Any) -> Any:
        return value if value is True or value is False else otherwise(value)

    return None if field.validators else take


def _list(field: Any) -> Taker | None:
    bounds = Bounds.of(field)
    if bounds is None:
        return None
    least, most = max(bounds.shortest, 0 if field.allow_empty else 1), bounds.longest
    take_one, otherwise = taker_of(field.child), field.run_validation

    def take(value: Any) -> Any:
        if type(value) is list and least <= len(value) <= most:
            return [take_one(each) for each in value]
        return otherwise(value)

    return take


def _json_object(field: Any) -> Taker | None:
    otherwise = field.run_validation

    def take(value: Any) -> Any:
        return value if type(value) is dict and _is_plain_json(value) else otherwise(value)

    return None if field.validators else take


def _is_plain_json(value: dict[str, Any]) -> bool:
    """Whether PostgreSQL and every reader can hold it, by looking at no more than its text."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
    except TypeError:  # of a Decimal, say, or a number that is too large
        return False
    brackets = text.count(b"{") + text.count(b"[")  # it is nested no deeper than that
    return len(text) <= DENSE_BYTES and brackets <= fields.JSON_MAX_DEPTH and rb"\u0000" not in text


# By what the class of a field makes of a value: one that has its own way to do that takes by it.
TAKERS: dict[Any, Callable[[Any], Taker | None]] = {
    fields.TextField.to_internal_value: _text,
    fields.ChoiceField.to_internal_value: _choice,
    fields.IntegerField.to_internal_value: _integer,
    fields.IdField.to_internal_value: _id,
    fields.DecimalField.to_internal_value: _decimal,
    fields.BooleanField.to_internal_value: _truth,
    fields.ShortListField.to_internal_value: _list,
    fields.JSONObjectField.to_internal_value: _json_object,
}


@dataclass
class Bounds:
    """Between what a value, and its length, have to be."""

    least: Any = -inf
    most: Any = inf
    shortest: float = 0
    longest: float = inf

    @classmethod
    def of(cls, field: Any, *, besides: tuple[Any, ...] = ()) -> "Bounds | None":
        """Those that its validators set; None where one is neither that nor one of `besides`."""
        bounds = cls()
        for each in field.validators:
            if isinstance(each, validators.MinValueValidator):
                bounds.least = max(bounds.least, each.limit_value)
            elif isinstance(each, validators.MaxValueValidator):
                bounds.most = min(bounds.most, each.limit_value)
            elif isinstance(each, validators.MinLengthValidator):
                bounds.shortest = max(bounds.shortest, each.limit_value)
            elif isinstance(each, validators.MaxLengthValidator):
                bounds.longest = min(bounds.longest, each.limit_value)
            elif each not in besides and type(each) not in besides:
                return None
        return bounds
