"""Rows written as Django would save them, by statements that are kept, and answered at once.

The row that was written is read by the same statement, joined to what its answer shows. References
are looked up by the statement too: where one names nothing it writes nothing, and it is said why.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.http import Http404
from rest_framework.exceptions import ErrorDetail, ValidationError

from config import caching
from config.api.fields import IdField
from config.api.reading import Reading, Shown
from config.history import SETS_CAUSE, cause_at_once
from config.prepared import Statement
from config.statements import BIGINT_MAX, fetch

# The values that Django would only pass on, by the kind of their field.
AS_IT_IS = {
    models.BooleanField: bool,
    models.CharField: str,
    models.DecimalField: Decimal,
    models.ForeignKey: int,
    models.TextField: str,
}


def insert(answer: Reading, values: Mapping[str, Any]) -> Shown:
    """A new row with these values, as it is answered; what is left out gets the field's default.

    (A model's `save` is not called: what must hold of its rows is a constraint or a trigger.)
    Raises ValidationError for references that name nothing, and IntegrityError as PostgreSQL does.
    """
    model: Any = answer.everything.model
    fields = _written_fields(model)
    told = {**values, **_moments(model, adds=True)}
    given = {_field(model, name).attname: value for name, value in told.items()}
    row = [given[f.attname] if f.attname in given else f.get_default() for f in fields]
    asked = _references(fields, row)
    cause = _cause()
    sql = _insertion(model, tuple(asked), has_cause=bool(cause))
    write = Statement(sql, (*_prepared(fields, row), *asked.values(), *cause))
    shown = answer.written(write)
    if shown is None:
        raise _dangling(model, asked)
    caching.invalidate(model._meta.label)
    return shown


def update(answer: Reading, pk: int, values: Mapping[str, Any]) -> Shown:
    """The row of this id with these values in place of what it had, as it is answered.

    Raises Http404 when it is not there, and all else as `insert`.
    """
    model: Any = answer.everything.model
    if values:
        values = {**values, **_moments(model, adds=False)}
    fields = [_field(model, name) for name in values]
    asked = _references(fields, values.values())
    if fields and pk <= BIGINT_MAX:
        cause, names = _cause(), tuple(field.attname for field in fields)
        sql = _change(model, names, tuple(asked), has_cause=bool(cause))
        write = Statement(sql, (*_prepared(fields, values.values()), pk, *asked.values(), *cause))
        if (shown := answer.written(write)) is not None:
            caching.invalidate(model._meta.label)
            return shown
    there = answer.one(pk)
    if there is None:
        raise Http404
    if asked:
        raise _dangling(model, asked)
    return there


def _references(fields: Iterable[Any], values: Iterable[Any]) -> dict[str, int]:
    """The ids of other rows among these values, by their field."""
    pairs = zip(fields, values, strict=True)
    return {f.attname: value for f, value in pairs if f.is_relation and value is not None}


def _dangling(model: Any, asked: Mapping[str, int]) -> ValidationError:
    """What is wrong with references of which one at least named nothing when it was looked up."""
    missing = [name for name, pk in asked.items() if not _names_something(model, name, pk)]
    code = "does_not_exist"
    message = IdField.default_error_messages[code]
    return ValidationError(
        {name: [ErrorDetail(message.format(id=asked[name]), code)] for name in missing or asked}
    )


def _names_something(model: Any, name: str, pk: int) -> bool:
    [(there,)] = fetch(f"SELECT {_there(model, name)}", [pk])
    return bool(there)


def _moments(model: Any, *, adds: bool) -> dict[str, Any]:
    """The values of those fields that tell by themselves when a row was made, or changed."""
    return {name: field.pre_save(model(), adds) for name, field in _of_moments(model, adds=adds)}


@cache
def _of_moments(model: Any, *, adds: bool) -> list[tuple[str, Any]]:
    return [
        (field.name, field)
        for field in model._meta.concrete_fields
        if getattr(field, "auto_now", False) or (adds and getattr(field, "auto_now_add", False))
    ]


@cache
def _written_fields(model: Any) -> list[Any]:
    """The fields of a new row; what the database fills in is none."""
    return [
        field
        for field in model._meta.concrete_fields
        if not (field.primary_key or field.generated or field.has_db_default())
    ]


@cache
def _insertion(model: Any, asked: tuple[str, ...], *, has_cause: bool) -> str:
    fields = _written_fields(model)
    columns = ", ".join(_quoted(field.column) for field in fields)
    places = ", ".join("%s" for _ in fields)
    conditions = _conditions(model, asked, has_cause=has_cause)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    row = f"SELECT {places}{where}"
    return f"INSERT INTO {_quoted(model._meta.db_table)} ({columns}) {row}"


@cache
def _change(model: Any, names: tuple[str, ...], asked: tuple[str, ...], *, has_cause: bool) -> str:
    sets = ", ".join(f"{_quoted(_field(model, name).column)} = %s" for name in names)
    table, pk = _quoted(model._meta.db_table), _quoted(model._meta.pk.column)
    where = " AND ".join([f"{pk} = %s", *_conditions(model, asked, has_cause=has_cause)])
    return f"UPDATE {table} SET {sets} WHERE {where}"  # noqa: S608


def _conditions(model: Any, asked: Iterable[str], *, has_cause: bool) -> list[str]:
    """That each of these references names something; and what sets the cause of the write."""
    return [*(_there(model, name) for name in asked), *([SETS_CAUSE] if has_cause else [])]


def _cause() -> tuple[str, ...]:
    """The cause that the statement itself has to set, where it does."""
    cause = cause_at_once()
    return () if cause is None else (cause,)


def _there(model: Any, name: str) -> str:
    other = _field(model, name).related_model._meta
    table, pk = _quoted(other.db_table), _quoted(other.pk.column)
    return f"EXISTS (SELECT FROM {table} WHERE {pk} = %s)"


def _prepared(fields: Iterable[Any], values: Iterable[Any]) -> tuple[Any, ...]:
    server = connections[DEFAULT_DB_ALIAS]  # its proxy would look for it for each field
    return tuple(
        value
        if value is None or type(value) is AS_IT_IS.get(type(field))
        else field.get_db_prep_save(value, server)
        for field, value in zip(fields, values, strict=True)
    )


@cache
def _field(model: Any, name: str) -> Any:
    return model._meta.get_field(name)


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(name or "")
