"""Triggers that more than one model wants."""

from collections.abc import Collection, Sequence
from typing import Any

import pgtrigger
from django.db import connections

# What a person types sets triggers off at depth 0, and what a trigger does, at 1. As a condition it
# spares each row that a trigger writes the call of a function.
BY_HAND = "pg_trigger_depth() = 0"
# What pgtrigger asks at each trigger (is it to stand aside?) and pghistory at each event (in which
# row of its table of contexts is the cause? in none: each event keeps its own). Theirs each begin a
# subtransaction; of these PostgreSQL makes a part of what asks.
ASKED = """
    CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name name) RETURNS boolean
    LANGUAGE sql STABLE AS $$
        SELECT trigger_name = ANY(nullif(current_setting('pgtrigger.ignore', true), '')::text[])
    $$;
    CREATE OR REPLACE FUNCTION _pgh_attach_context() RETURNS uuid
    LANGUAGE sql STABLE AS $$ SELECT NULL::uuid $$
"""


def install_functions(*, using: str, plan: Sequence[Any] = (), **_: Any) -> None:
    """After migrations, of which many a one brings the functions that the packages have."""
    if plan:
        with connections[using].cursor() as cursor:
            cursor.execute(ASKED)


def after_statement(
    name: str,
    operation: Any,
    func: str,
    *,
    declare: list[tuple[str, str]] | None = None,
    **rows: str,
) -> pgtrigger.Trigger:
    """A trigger that looks once at all `rows` of a statement: as `new` or `old`, under a name."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**rows) if rows else None,  # type: ignore[no-untyped-call]
        declare=declare,
        func=func,
    )


def bookkeeping(*derived: str, versioned: bool = False) -> list[pgtrigger.Trigger]:
    """Keep `updated_at` (and `version`, the count of edits), whoever writes.

    They move with each update that changes more than the `derived` columns, and cannot be written:
    what is written to them is put back first (triggers run in the order of their names).
    """
    kept = ["updated_at", *(["version"] if versioned else [])]
    put_back = " ".join(f"NEW.{column} = OLD.{column};" for column in kept)
    bump = "NEW.version = OLD.version + 1;" if versioned else ""
    return [
        pgtrigger.Trigger(
            name="keep",
            when=pgtrigger.Before,
            operation=pgtrigger.UpdateOf(*kept),  # type: ignore[no-untyped-call]
            condition=pgtrigger.AnyChange(*kept),
            func=f"{put_back} RETURN NEW;",
        ),
        Touch(f"NEW.updated_at = statement_timestamp(); {bump}", without={*derived, *kept}),
    ]


class Touch(pgtrigger.Trigger):
    """Does something `to` a row when an update changes more than the columns `without`.

    A statement that writes nothing else is told by its columns alone. What changes is told by the
    function, not by a condition: PostgreSQL reads that anew for each statement.
    """

    def __init__(self, to: str, *, without: Collection[str]) -> None:
        self._to, self._without = to, without
        super().__init__(name="touch", when=pgtrigger.Before, operation=pgtrigger.Update)

    def compile(self, model: Any) -> Any:
        """As it stands in a migration."""
        self.operation = pgtrigger.UpdateOf(*self._columns(model))  # type: ignore[no-untyped-call]
        return super().compile(model)

    def get_func(self, model: Any) -> str:
        """What is done."""
        old, new = (
            ", ".join(f"{row}.{column}" for column in self._columns(model))
            for row in ("OLD", "NEW")
        )
        return f"IF ({old}) IS DISTINCT FROM ({new}) THEN {self._to} END IF; RETURN NEW;"

    def _columns(self, model: Any) -> list[str]:
        columns = [field.column for field in model._meta.concrete_fields]
        return [column for column in columns if column not in self._without]


def added_up(**columns: int | None) -> list[pgtrigger.Trigger]:
    """Columns that only other triggers write, each with what it begins at: 0, or None for null.

    What is written to them by hand is put back, since a form's save() writes every column.
    """
    begin = " ".join(
        f"NEW.{column} = {'NULL' if value is None else value};" for column, value in columns.items()
    )
    put_back = " ".join(f"NEW.{column} = OLD.{column};" for column in columns)
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
    is_begun = pgtrigger.Q()
    for column, value in columns.items():
        other = {"isnull": False} if value is None else {"df": value}
        is_begun |= pgtrigger.Q(**{f"new__{column}__{k}": v for k, v in other.items()})
    return [
        pgtrigger.Trigger(
            name="begin",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            condition=is_begun,
            func=f"{begin} RETURN NEW;",
        ),
        pgtrigger.Trigger(
            name="added_up",
            when=pgtrigger.Before,
            operation=pgtrigger.UpdateOf(*columns),  # type: ignore[no-untyped-call]
            condition=pgtrigger.Condition(f"{BY_HAND} AND ({changed})"),
            func=f"{put_back} RETURN NEW;",
        ),
    ]
