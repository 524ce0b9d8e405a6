"""Statements that are sent past Django's cursor, and seen by all that sees Django's own.

That cursor puts the values into the text of a statement, so that PostgreSQL plans it anew each
time, and makes Python's decimals and times of what is to be written as text again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

from config.prepared import Prepared, Row, Statement, read_as_text

BIGINT_MAX = 2**63 - 1  # PostgreSQL refuses to look for an id beyond
# What we add to Django's connection: what is prepared there, and what is to be sent first.
PREPARED, FIRST = "stockroom_prepared", "stockroom_first"
NOTHING = Statement("SELECT 0 WHERE false", ())


def compiled(rows: QuerySet[Any]) -> Statement:
    """The statement of a queryset, for `fetch`."""
    try:
        return Statement(*rows.query.sql_with_params())
    except EmptyResultSet:  # of what nothing can match Django makes no SQL
        return NOTHING


class Logged(psycopg.ClientCursor[Row]):
    """Puts values into the text, for somebody who wants to read it."""


def fetch(
    sql: str,
    values: Sequence[Any],
    *,
    prepared: bool = True,
    execute: Callable[..., list[Row]] | None = None,
) -> list[Row]:
    """All rows, numbers as their text and moments in UTC.

    Counted, logged and refused like any statement of Django's. One whose best plan depends on its
    values is not to be `prepared`: PostgreSQL would soon make one plan for all of them. What is to
    `execute` it otherwise than at once is called as Django's execute_wrappers call theirs.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    if connection.queries_logged:
        for each in (_taken_first(connection), Statement(sql, tuple(values))):
            rows = _fetch_logged(connection, *each) if each else []
        return rows
    wrapped: Any = execute or _execute
    for wrapper in reversed(connection.execute_wrappers):
        if wrapper is not _send_first:
            wrapped = partial(wrapper, wrapped)
    with connection.wrap_database_errors:
        context = {"connection": connection, "prepared": prepared}
        return wrapped(sql, values, False, context)  # type: ignore[no-any-return]


def prepared_here() -> Prepared:
    """What is prepared on this thread's connection, which is opened where it is not.

    Whoever sends by it passes by all that `fetch` takes care of.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    return _prepared_on(connection)


@contextmanager
def beginning_with(first: Statement) -> Iterator[None]:
    """A transaction that begins with this statement: both are sent with what comes first in it.

    To be entered inside of `atomic`; where nothing comes, nothing is sent.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    setattr(connection, FIRST, first)
    try:
        with connection.execute_wrapper(_send_first):
            yield
    finally:
        setattr(connection, FIRST, None)


def _send_first(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Before a statement of Django's own, what the transaction begins with."""
    if first := _taken_first(context["connection"]):
        fetch(*first)
    return execute(sql, params, many, context)


def _taken_first(connection: Any) -> Statement | None:
    first: Statement | None = getattr(connection, FIRST, None)
    if first is not None:
        setattr(connection, FIRST, None)
    return first


def _fetch_logged(connection: Any, sql: str, values: Sequence[Any]) -> list[Row]:
    with Logged(connection.connection) as cursor:
        read_as_text(cursor)
        connection.make_debug_cursor(cursor).execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def _execute(sql: str, values: Sequence[Any], many: bool, context: dict[str, Any]) -> list[Row]:
    connection = context["connection"]
    statement, first = Statement(sql, tuple(values)), _taken_first(connection)
    return _prepared_on(connection).fetch(statement, first=first, keep=context["prepared"])


def _prepared_on(connection: Any) -> Prepared:
    prepared: Prepared | None = getattr(connection, PREPARED, None)
    if prepared is None or prepared.connection is not connection.connection:
        prepared = Prepared(connection.connection)
        setattr(connection, PREPARED, prepared)  # it lives as long as Django's connection
    return prepared
