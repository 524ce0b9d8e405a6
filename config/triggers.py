"""Triggers that more than one model wants."""

import pgtrigger


def touch(*ignored: str, bump_version: bool = False) -> pgtrigger.Trigger:
    """Keep `updated_at`, and count edits in `version` where there is one, whoever writes.

    Both stay as they are when nothing but the `ignored` fields (derived ones) changes.
    """
    bump = "NEW.version = OLD.version + 1; " if bump_version else ""
    return pgtrigger.Trigger(
        name="touch",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange(exclude=[*ignored, "updated_at"]),
        func=f"NEW.updated_at = statement_timestamp(); {bump}RETURN NEW;",
    )
