"""Between which ids the movements of a time lie: they are asked for by time, and listed by id.

Mostly both go the same way, but nothing makes them: a long transaction commits late, an import
brings days of its own. So of each week the first and the last id are looked up, each by a step
into an index; PostgreSQL then goes along the ids of those weeks, and not through all others.
"""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import DateTimeField, Func

from config.statements import fetch

OF_ROW = "date_trunc('week', created_at AT TIME ZONE 'UTC')"
OF_MOMENT = "date_trunc('week', %s::timestamptz AT TIME ZONE 'UTC')"
NONE_BEFORE, NONE_AFTER = "-infinity", "infinity"


class Week(Func):
    """The beginning of the week of a moment, in UTC; there is an index of it, with the id."""

    template = "date_trunc('week', %(expressions)s AT TIME ZONE 'UTC')"
    output_field = DateTimeField()


class Span(NamedTuple):
    """The first id and the last; of nothing, none."""

    first: int | None
    last: int | None


def span(model: Any, *, since: datetime | None = None, until: datetime | None = None) -> Span:
    """Where those of a time are, with what else was made in its first and last week."""
    table = f'"{model._meta.db_table}"'
    sql = f"""
        WITH RECURSIVE weeks (week) AS (
            SELECT min({OF_ROW}) FROM {table} WHERE {OF_ROW} >= {OF_MOMENT}
            UNION ALL
            SELECT (SELECT min({OF_ROW}) FROM {table} WHERE {OF_ROW} > week)
            FROM weeks WHERE week < {OF_MOMENT}
        )
        SELECT
            min((SELECT min(id) FROM {table} WHERE {OF_ROW} = week)),
            max((SELECT max(id) FROM {table} WHERE {OF_ROW} = week))
        FROM weeks WHERE week <= {OF_MOMENT}
    """  # noqa: S608  the table's name is the model's own
    end = until or NONE_AFTER
    [found] = fetch(sql, (since or NONE_BEFORE, end, end))
    return Span(*found)
