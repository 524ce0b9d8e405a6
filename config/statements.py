"""Statements that are prepared once for each connection, and whose rows come as they are needed.

Django's own cursor puts the values into the text of a statement, so that PostgreSQL plans it anew
each time, and makes Python's decimals and times of what is to be written as text again. Psycopg's
cursor does much for each statement that these do not need: here it is libpq's call and psycopg's
conversion alone, which are both in C.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import count
from typing import Any, NamedTuple

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.string import TextLoader

Row = tuple[Any, ...]

MAX_PREPARED = 500  # statements of a connection
ATTRIBUTE = "stockroom_prepared"  # of Django's connection
PLACEHOLDER = re.compile(r"%(s|%)")
GOOD = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK})


class Statement(NamedTuple):
    """SQL, and the values that it was compiled with."""

    sql: str
    values: tuple[Any, ...]

    def about(self, value: Any) -> "Statement":
        """The same, with another last value: that of the last condition."""
        return Statement(self.sql, (*self.values[:-1], value)) if self.values else self


NOTHING = Statement("SELECT 0 WHERE false", ())


def compiled(rows: QuerySet[Any]) -> Statement:
    """The statement of a queryset, for `fetch`."""
    try:
        return Statement(*rows.query.sql_with_params())
    except EmptyResultSet:  # of what nothing can match Django makes no SQL
        return NOTHING


class Logged(psycopg.ClientCursor[Row]):
    """Puts values into the text, for somebody who wants to read it."""


def fetch(sql: str, values: Sequence[Any]) -> list[Row]:
    """All rows, numbers as their text and moments in UTC.

    Counted, logged and refused like any statement of Django's.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    if connection.queries_logged:
        return _fetch_logged(connection, sql, values)
    execute: Any = _execute
    for wrapper in reversed(connection.execute_wrappers):
        execute = partial(wrapper, execute)
    with connection.wrap_database_errors:
        rows: list[Row] = execute(sql, values, False, {"connection": connection})
    return rows


def _fetch_logged(connection: Any, sql: str, values: Sequence[Any]) -> list[Row]:
    with Logged(connection.connection) as cursor:
        _read_as_text(cursor)
        connection.make_debug_cursor(cursor).execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def _execute(sql: str, values: Sequence[Any], many: bool, context: dict[str, Any]) -> list[Row]:
    connection = context["connection"]
    prepared: _Prepared | None = getattr(connection, ATTRIBUTE, None)
    if prepared is None or prepared.connection is not connection.connection:
        prepared = _Prepared(connection.connection)
        setattr(connection, ATTRIBUTE, prepared)  # it lives as long as Django's connection
    return prepared.fetch(sql, values)


def _read_as_text(context: Any) -> None:
    context.adapters.register_loader("numeric", TextLoader)
    context.adapters.register_loader("timestamptz", TimestamptzLoader)  # Django's is in Python


@lru_cache(MAX_PREPARED)
def _numbered(sql: str) -> bytes:
    """A statement with its placeholders as PostgreSQL numbers them: $1, $2."""
    numbers = count(1)
    return PLACEHOLDER.sub(lambda m: f"${next(numbers)}" if m[1] == "s" else "%", sql).encode()


class _Prepared:
    """The statements that are prepared on one connection; one that comes again is."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        cursor = psycopg.Cursor(connection)  # for its adapters, which nobody else shares
        _read_as_text(cursor)
        self.connection = connection
        self._server = connection.pgconn
        self._transformer = Transformer(cursor)
        self._names: OrderedDict[Any, bytes | None] = OrderedDict()
        self._numbers = count(1)

    def fetch(self, sql: str, values: Sequence[Any]) -> list[Row]:
        """The rows of a statement. Raises psycopg's errors."""
        self._begin()
        transformer, text = self._transformer, _numbered(sql)
        given = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        types, formats = transformer.types or (), transformer.formats or ()
        name = self._name(text, types)
        if name is None:
            result = self._server.exec_params(text, given, types, formats)
        else:
            result = self._server.exec_prepared(name, given, formats)  # type: ignore[arg-type]
        self._check(result)
        transformer.set_pgresult(result)
        rows: list[Row] = transformer.load_rows(0, result.ntuples, tuple)
        transformer.set_pgresult(None)
        return rows

    def _begin(self) -> None:
        """Begin the transaction that Django has opened and psycopg would begin now."""
        idle = self._server.transaction_status == pq.TransactionStatus.IDLE
        if idle and not self.connection.autocommit:
            self._check(self._server.exec_(b"BEGIN"))

    def _name(self, text: bytes, types: tuple[int, ...]) -> bytes | None:
        """The name that the statement is prepared under; None when it comes for the first time."""
        key = (text, types)
        if key not in self._names:
            self._names[key] = None
            self._forget()
            return None
        name = self._names[key]
        self._names.move_to_end(key)
        if name is None:
            name = f"stockroom_{next(self._numbers)}".encode()
            self._check(self._server.prepare(name, text, types))
            self._names[key] = name
        return name

    def _forget(self) -> None:
        if len(self._names) > MAX_PREPARED:
            _, name = self._names.popitem(last=False)
            if name is not None:
                self._check(self._server.exec_(b"DEALLOCATE " + name))

    def _check(self, result: Any) -> None:
        if result.status not in GOOD:
            raise error_from_result(result)
