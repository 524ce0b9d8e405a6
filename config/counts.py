"""How many rows a table has, kept by the database: to count a million at each request takes long.

Each transaction adds what it has made or deleted to a row of `RowCount` that nobody else is
writing, or to a new one: so nobody waits, and there are no more rows than writers at once. Their
sum is exact in every transaction, as it sees the table.
"""

from typing import Any

import pgtrigger
from django.db.models import Model, Subquery, Sum

from config.models import RowCount
from config.triggers import after_statement

NAMES = ("count_made", "count_deleted", "count_emptied")


def counted() -> list[pgtrigger.Trigger]:
    """The triggers of a model whose rows are counted."""
    made, deleted, emptied = NAMES
    return [
        _counting(made, pgtrigger.Insert, "+", new="changed"),
        _counting(deleted, pgtrigger.Delete, "-", old="changed"),
        after_statement(
            emptied,
            pgtrigger.Truncate,
            "DELETE FROM config_rowcount WHERE relation = TG_TABLE_NAME; RETURN NULL;",
        ),
    ]


def _counting(name: str, operation: Any, sign: str, **changed: str) -> pgtrigger.Trigger:
    return after_statement(
        name,
        operation,
        f"""
            SELECT {sign} count(*) INTO difference FROM changed;
            IF difference = 0 THEN
                RETURN NULL;
            END IF;
            UPDATE config_rowcount SET count = count + difference WHERE id = (
                SELECT id FROM config_rowcount WHERE relation = TG_TABLE_NAME
                LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
            );
            IF NOT FOUND THEN
                INSERT INTO config_rowcount (relation, count) VALUES (TG_TABLE_NAME, difference);
            END IF;
            RETURN NULL;
        """,  # noqa: S608  nothing in it comes from outside
        declare=[("difference", "BIGINT")],
        **changed,
    )


def is_counted(model: type[Model]) -> bool:
    """Whether the database keeps the number of a model's rows."""
    return any(trigger.name == NAMES[0] for trigger in getattr(model._meta, "triggers", ()))


def total_of(model: type[Model]) -> Subquery:
    """The number of a model's rows, as a column; null when there has never been one."""
    rows = RowCount.objects.filter(relation=model._meta.db_table).order_by().values("relation")
    return Subquery(rows.annotate(total=Sum("count")).values("total"))


def counted_rows(model: type[Model]) -> int:
    """How many rows a model has, exactly."""
    if not is_counted(model):
        return model._default_manager.count()
    rows = RowCount.objects.filter(relation=model._meta.db_table)
    return int(rows.aggregate(total=Sum("count"))["total"] or 0)
