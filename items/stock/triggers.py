"""The ledger as the database keeps it: movements add up, whoever makes them."""

from pathlib import Path
from typing import Any

import pgtrigger

from config.triggers import BY_HAND, after_statement

LEDGER = Path(__file__).with_name("ledger")  # a statement in each file; the movements are `made`
REFUSALS = {"wrong_places": "kind", "not_its_reversal": "reverses_id", "wrong_loan": "loan_id"}
WRITES = ("levels", "sums", "loans")
OWN_KIND = "A location lies in one of its own kind, and that of a person in none."
FEW = 100  # movements in one statement

# Each trigger asks this setting whether it shall be ignored. Where it is not set at all, that
# raises and catches an exception: for each row, and each time PostgreSQL goes through all that is
# deferred to the end of the transaction.
IGNORED = "coalesce(nullif(current_setting('pgtrigger.ignore', true), ''), '{}')"
QUIET = ("ignored", f"TEXT := set_config('pgtrigger.ignore', {IGNORED}, true)")


class Books(pgtrigger.Trigger):
    """After each statement that makes movements: refuse what is unsound, keep levels and sums.

    PostgreSQL keeps the plans of a function's statements, made for as many rows as there were
    when it first ran. So those for a few movements are kept, and with many each is planned anew.
    """

    name = "books"
    level = pgtrigger.Statement
    when = pgtrigger.After
    operation = pgtrigger.Insert
    referencing = pgtrigger.Referencing(new="made")  # type: ignore[no-untyped-call]
    declare = [("wrong", "TEXT"), ("done", "BIGINT"), QUIET]

    def get_func(self, model: Any) -> str:
        """The steps, in either way; without the history, which holds nothing of what they write."""
        silent = ", ".join(f"'{name}'" for name in _histories(model))
        return f"""
            PERFORM set_config(
                'pgtrigger.ignore', (ignored::text[] || ARRAY[{silent}])::text, true);
            IF (SELECT count(*) FROM made) <= {FEW} THEN
                {_steps("{};", "{} INTO {};")}
            ELSE
                {_steps("EXECUTE $sql${}$sql$;", "EXECUTE $sql${}$sql$ INTO {};")}
            END IF;
            PERFORM set_config('pgtrigger.ignore', ignored, true);
            RETURN NULL;
        """  # noqa: S608  nothing in it comes from outside


def _steps(write: str, ask: str) -> str:
    steps = [ask.format(_statement("lock"), "done")]
    for name, column in REFUSALS.items():
        steps.append(ask.format(_statement(name), "wrong"))
        steps.append(f"""
            IF wrong IS NOT NULL THEN
                RAISE check_violation USING TABLE = 'items_movement', COLUMN = '{column}',
                    CONSTRAINT = '{name}', MESSAGE = wrong;
            END IF;""")
    return "\n".join([*steps, *(write.format(_statement(name)) for name in WRITES)])


def _statement(name: str) -> str:
    return (LEDGER / f"{name}.sql").read_text(encoding="utf-8").strip()


def _histories(model: Any) -> list[str]:
    """The triggers that write what is updated of an item or a loan into its history."""
    kept = [model._meta.get_field(name).related_model for name in ("item", "loan")]
    registered: Any = pgtrigger.registered(*(f"{m._meta.label}:update_update" for m in kept))
    return [trigger.get_pgid(model) for model, trigger in registered]


def own_kind() -> pgtrigger.Trigger:
    """A location lies in one of its own kind, and a person's in none; so nothing lies in that."""
    return pgtrigger.Trigger(
        name="own_kind",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("parent_id"),  # type: ignore[no-untyped-call]
        condition=pgtrigger.Q(new__parent__isnull=False),
        func=f"""
            IF NEW.kind = 'person' OR EXISTS (
                SELECT FROM items_location WHERE id = NEW.parent_id AND kind <> NEW.kind
            ) THEN
                {_refusal("parent_id", "own_kind", OWN_KIND)}
            END IF;
            RETURN NULL;
        """,
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
    return after_statement(
        "emptied_whole",
        pgtrigger.Truncate,
        f"""
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
        declare=[QUIET],
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
