"""The ledger as the database keeps it: movements add up, whoever makes them."""

from pathlib import Path

import pgtrigger

from config.triggers import BY_HAND

LEDGER = Path(__file__).with_name("ledger.sql").read_text(encoding="utf-8")


def books() -> pgtrigger.Trigger:
    """After each statement that makes movements: refuse what is unsound, keep levels and sums."""
    return pgtrigger.Trigger(
        name="books",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="made"),  # type: ignore[no-untyped-call]
        declare=[("wrong", "RECORD")],
        func=LEDGER,
    )


def append_only() -> pgtrigger.Trigger:
    """What has been booked stays as it is."""
    return pgtrigger.Trigger(
        name="append_only",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=_refusal("id", "append_only", "A movement stays as it is; reverse it instead."),
    )


def emptied_whole() -> pgtrigger.Trigger:
    """Truncated together with all that belongs to the ledger, or not at all."""
    return pgtrigger.Trigger(
        name="emptied_whole",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Truncate,
        func=f"""
            IF EXISTS (SELECT FROM items_movement) OR EXISTS (SELECT FROM items_stocklevel)
                OR EXISTS (SELECT FROM items_loan)
                OR EXISTS (SELECT FROM items_item WHERE (on_hand, on_loan) <> (0, 0))
            THEN
                {_refusal("id", "emptied_whole", "The ledger is never truncated in part.")}
            END IF;
            RETURN NULL;
        """,  # noqa: S608  nothing in it comes from outside
    )


def opened() -> pgtrigger.Trigger:
    """By the end of its transaction a loan has the check-out that opens it."""
    return pgtrigger.Trigger(
        name="opened",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=f"""
            IF NOT EXISTS (
                SELECT FROM items_movement WHERE loan_id = NEW.id AND kind = 'check_out'
            ) AND EXISTS (SELECT FROM items_loan WHERE id = NEW.id) THEN
                {_refusal("id", "opened", "A loan is opened by a check-out; make one.")}
            END IF;
            RETURN NULL;
        """,  # noqa: S608  nothing in it comes from outside
    )


def ledger_only(column: str) -> pgtrigger.Trigger:
    """Rows that the ledger keeps, and nobody else."""
    return pgtrigger.Trigger(
        name="ledger_only",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        condition=pgtrigger.Condition(BY_HAND),
        func=_refusal(column, "ledger_only", "Levels follow from movements; make one."),
    )


def fixed(*columns: str, why: str) -> pgtrigger.Trigger:
    """Columns that stay as they were made."""
    return pgtrigger.Trigger(
        name="fixed",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange(*columns),
        func=_refusal(columns[0], "fixed", why),
    )


def _refusal(column: str, name: str, message: str) -> str:
    return f"""
        RAISE check_violation USING TABLE = TG_TABLE_NAME, COLUMN = '{column}',
            CONSTRAINT = '{name}', MESSAGE = '{message}';
    """
