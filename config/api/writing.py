"""Rows written as Django would save them, by statements that are kept, and answered at once.

The row that was written is read by the same statement, joined to what its answer shows. A reference
is looked up by the statement too: one that names nothing comes out as null, and is refused.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model
from rest_framework.exceptions import ErrorDetail, ValidationError

from config import caching
from config.api.fields import IdField
from config.api.reading import Reading, Shown
from config.statements import Statement


def insert(answer: Reading, values: Mapping[str, Any]) -> Shown:
    """A new row with these values, as it is answered; what is left out gets the field's default.

    Raises ValidationError for references that name nothing, and IntegrityError as PostgreSQL does.
    """
    model: Any = answer.everything.model
    fields = _written_fields(model)
    given = {_field(model, name).attname: value for name, value in values.items()}
    row = [given[f.attname] if f.attname in given else f.get_default() for f in fields]
    write = Statement(_insertion(model), _prepared(fields, row))
    return _done(answer, write, dict(zip(fields, row, strict=True)))


def update(answer: Reading, row: Model, values: Mapping[str, Any]) -> Shown:
    """The row with these values in place of what it had, as it is answered. Raises as `insert`."""
    fields = [_field(type(row), name) for name in values]
    if not fields:
        shown = answer.one(row.pk)
        assert shown is not None  # it is locked
        return shown
    change = _change(type(row), tuple(field.attname for field in fields))
    write = Statement(change, (*_prepared(fields, values.values()), row.pk))
    return _done(answer, write, dict(zip(fields, values.values(), strict=True)))


def _done(answer: Reading, write: Statement, values: Mapping[Any, Any]) -> Shown:
    asked = {field.attname: value for field, value in values.items() if field.is_relation}
    shown, found = answer.written(write, list(asked))
    missing = [name for name, now in zip(asked, found, strict=True) if now != asked[name]]
    if missing:
        raise ValidationError({name: [_nothing_with(asked[name])] for name in missing})
    caching.invalidate(answer.everything.model._meta.label)
    return shown


def _nothing_with(pk: int) -> ErrorDetail:
    code = "does_not_exist"
    return ErrorDetail(IdField.default_error_messages[code].format(id=pk), code)


@cache
def _written_fields(model: Any) -> list[Any]:
    """The fields of a new row; what the database fills in is none."""
    return [
        field
        for field in model._meta.concrete_fields
        if not (field.primary_key or field.generated or field.has_db_default())
    ]


@cache
def _insertion(model: Any) -> str:
    fields = _written_fields(model)
    columns = ", ".join(_quoted(field.column) for field in fields)
    places = ", ".join(_place(field) for field in fields)
    return f"INSERT INTO {_quoted(model._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608


@cache
def _change(model: Any, names: tuple[str, ...]) -> str:
    fields = [_field(model, name) for name in names]
    sets = ", ".join(f"{_quoted(field.column)} = {_place(field)}" for field in fields)
    table, pk = _quoted(model._meta.db_table), _quoted(model._meta.pk.column)
    return f"UPDATE {table} SET {sets} WHERE {pk} = %s"  # noqa: S608  names of ours


def _place(field: Any) -> str:
    """Where a value stands; that of a reference is what it finds."""
    if not field.is_relation:
        return "%s"
    other = field.related_model._meta
    pk = _quoted(other.pk.column)
    return f"(SELECT {pk} FROM {_quoted(other.db_table)} WHERE {pk} = %s)"  # noqa: S608


def _prepared(fields: Iterable[Any], values: Iterable[Any]) -> tuple[Any, ...]:
    pairs = zip(fields, values, strict=True)
    return tuple(field.get_db_prep_save(value, connection) for field, value in pairs)


@cache
def _field(model: Any, name: str) -> Any:
    return model._meta.get_field(name)


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(name or "")
