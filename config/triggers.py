"""Triggers that more than one model wants."""

import pgtrigger

# What a person types sets triggers off at depth 0, and what a trigger does, at 1. As a condition it
# spares each row that a trigger writes the call of a function.
BY_HAND = "pg_trigger_depth() = 0"


def bookkeeping(*derived: str, versioned: bool = False) -> list[pgtrigger.Trigger]:
    """Keep `updated_at` (and `version`, the count of edits), whoever writes.

    They move with each update that changes more than the `derived` columns, and cannot be written:
    what is written to them is put back first (triggers run in the order of their names).
    """
    kept = ["updated_at", *(["version"] if versioned else [])]
    put_back = " ".join(f"NEW.{column} = OLD.{column};" for column in kept)
    bump = "NEW.version = OLD.version + 1; " if versioned else ""
    return [
        pgtrigger.Trigger(
            name="keep",
            when=pgtrigger.Before,
            operation=pgtrigger.Update,
            condition=pgtrigger.AnyChange(*kept),
            func=f"{put_back} RETURN NEW;",
        ),
        pgtrigger.Trigger(
            name="touch",
            when=pgtrigger.Before,
            operation=pgtrigger.Update,
            condition=pgtrigger.AnyChange(exclude=[*derived, *kept]),
            func=f"NEW.updated_at = statement_timestamp(); {bump}RETURN NEW;",
        ),
    ]


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
            operation=pgtrigger.Update,
            condition=pgtrigger.Condition(f"{BY_HAND} AND ({changed})"),
            func=f"{put_back} RETURN NEW;",
        ),
    ]
