"""Triggers that more than one model wants."""

import pgtrigger


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
