"""Instances of a model by a statement that is kept: Django makes its SQL anew each time.

Or by none, until it is known that one is needed.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import DecimalField, JSONField, Model, QuerySet

from config.prepared import Row, Statement
from config.statements import BIGINT_MAX, compiled, fetch


@dataclass(frozen=True)
class KeptInstances:
    """The statement that finds a row by its id, and how it is read."""

    model: type[Model]
    names: list[str]
    readers: list[Callable[[Any], Any] | None]
    statement: Statement

    @classmethod
    def of(cls, rows: QuerySet[Any]) -> "KeptInstances":
        """Those that `rows` finds, whose last condition is that of the id."""
        fields = rows.model._meta.concrete_fields
        names = [field.attname for field in fields]
        found = compiled(rows.order_by().values_list(*names))
        return cls(rows.model, names, [_reader_of(field) for field in fields], found)

    def one(self, pk: int) -> Any | None:
        """The instance of this id, or None where there is none."""
        rows = fetch(*self.statement.about(pk)) if pk <= BIGINT_MAX else []
        return self.made(rows[0]) if rows else None

    def made(self, row: Row) -> Any:
        """The instance of a row."""
        values = [
            value if value is None or read is None else read(value)
            for value, read in zip(row, self.readers, strict=True)
        ]
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, values)


class Unread:
    """A row of which no more than the id is known, until something else is asked of it.

    Then it is read by `read`, which locks it: so a rule that depends on what is there holds, and
    where none does, the row is locked by what writes it.
    """

    def __init__(self, pk: int, read: Callable[[], Any]) -> None:
        self.pk = pk
        self.read = cache(read)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.read(), name)


def _reader_of(field: Any) -> Callable[[Any], Any] | None:
    """What makes a field's value of what `fetch` gives, where that is not the same."""
    if isinstance(field, DecimalField):
        return Decimal
    return json.loads if isinstance(field, JSONField) else None
