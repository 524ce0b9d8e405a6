"""From PostgreSQL's refusal back to the field and the sentence that the model has for it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models
from django.db.models import CheckConstraint, F, UniqueConstraint
from psycopg import errors

REFERENCE_MESSAGE = "There is nothing with this id."
IN_USE_MESSAGE = "It is still in use; change what refers to it first."


@dataclass(frozen=True)
class Broken:
    """A rule that a write would have broken. `is_conflict`: it depends on what others hold."""

    field: str
    code: str
    message: str
    is_conflict: bool = False


def broken_by(error: IntegrityError) -> Broken | None:
    """The rule behind a refused write, or None for one that no model declares."""
    cause = error.__cause__
    if not isinstance(cause, errors.IntegrityError):
        return None
    name, column = cause.diag.constraint_name or "", cause.diag.column_name or ""
    if isinstance(cause, errors.NotNullViolation):
        return Broken(column, "null", "This may not be null.")
    if isinstance(cause, errors.ForeignKeyViolation):
        return _broken_reference(name)
    if isinstance(cause, errors.CheckViolation) and column:  # one of our triggers: it says it all
        return Broken(column, name, cause.diag.message_primary or "")
    return _declared().get(name)


@cache
def _declared() -> dict[str, Broken]:
    """What every model's named constraints say when broken."""
    found = {}
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            unique = isinstance(constraint, UniqueConstraint)
            found[constraint.name] = Broken(
                field=_field_of(constraint),
                code="unique" if unique else constraint.violation_error_code or "invalid",
                message=str(constraint.get_violation_error_message()),
                is_conflict=unique,
            )
        found.update(_unique_fields(model))
    return found


def _unique_fields(model: type[models.Model]) -> Iterator[tuple[str, Broken]]:
    """A field that is unique by itself: PostgreSQL names its constraint table_column_key."""
    names = {"model_name": model._meta.verbose_name}
    for field in model._meta.local_fields:
        if field.unique and not field.primary_key:
            message = field.error_messages["unique"] % {**names, "field_label": field.verbose_name}
            name = f"{model._meta.db_table}_{field.column}_key"
            yield name, Broken(field.attname, "unique", message, is_conflict=True)


def _field_of(constraint: models.BaseConstraint) -> str:
    """The first field that a constraint speaks of: the one to look at."""
    if isinstance(constraint, UniqueConstraint) and constraint.fields:
        return constraint.fields[-1]
    if isinstance(constraint, UniqueConstraint):
        return next(_names(constraint.expressions), "")
    assert isinstance(constraint, CheckConstraint)
    return next(_names([constraint.condition]), "")


def _names(expressions: Iterable[Any]) -> Iterator[str]:
    for expression in expressions:
        if isinstance(expression, F):
            yield str(getattr(expression, "name"))  # noqa: B009  the stubs lack it
        elif isinstance(expression, tuple):
            yield expression[0].split("__")[0]
        elif isinstance(expression, models.Q):
            yield from _names(expression.children)
        elif hasattr(expression, "get_source_expressions"):
            yield from _names(expression.get_source_expressions())


def _broken_reference(name: str) -> Broken:
    """A foreign key: Django names it table_column_hash_fk_table_column."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.is_relation and name.startswith(f"{model._meta.db_table}_{field.column}_"):
                return Broken(field.attname, "does_not_exist", REFERENCE_MESSAGE)
    return Broken("", "in_use", IN_USE_MESSAGE, is_conflict=True)
