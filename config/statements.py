"""Statements that are prepared once for each connection, and whose rows come as they are needed.

Django's own cursor puts the values into the text of a statement, so that PostgreSQL plans it anew
each time, and makes Python's decimals and times of what is to be written as text again. Psycopg's
cursor does much for each statement that these do not need: here it is libpq's call and psycopg's
conversion alone, which are both in C.
"""

import re
import select
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from itertools import count
from typing import Any, NamedTuple

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import TextLoader

Row = tuple[Any, ...]

BIGINT_MAX = 2**63 - 1  # PostgreSQL refuses to look for an id beyond
MAX_PREPARED = 500  # statements of a connection
# What we add to Django's connection: what is prepared there, and what is to be sent first.
PREPARED, FIRST = "stockroom_prepared", "stockroom_first"
PLACEHOLDER = re.compile(r"%(s|%)")
# A statement that somebody has deallocated; one whose result has other columns since a migration.
OUTDATED = (errors.InvalidSqlStatementName, errors.FeatureNotSupported)
GOOD = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK})


class Statement(NamedTuple):
    """SQL, and the values that it was compiled with."""

    sql: str
    values: tuple[Any, ...]

    def about(self, *values: Any) -> "Statement":
        """The same, with other last values: those of its last conditions."""
        if not self.values:  # it finds nothing, whatever is asked
            return self
        return Statement(self.sql, (*self.values[: -len(values)], *values))


NOTHING = Statement("SELECT 0 WHERE false", ())
BEGIN = Statement("BEGIN", ())


def compiled(rows: QuerySet[Any]) -> Statement:
    """The statement of a queryset, for `fetch`."""
    try:
        return Statement(*rows.query.sql_with_params())
    except EmptyResultSet:  # of what nothing can match Django makes no SQL
        return NOTHING


class Logged(psycopg.ClientCursor[Row]):
    """Puts values into the text, for somebody who wants to read it."""


def fetch(sql: str, values: Sequence[Any], *, prepared: bool = True) -> list[Row]:
    """All rows, numbers as their text and moments in UTC.

    Counted, logged and refused like any statement of Django's. One whose best plan depends on its
    values is not to be `prepared`: PostgreSQL would soon make one plan for all of them.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    if connection.queries_logged:
        for each in (_taken_first(connection), Statement(sql, tuple(values))):
            rows = _fetch_logged(connection, *each) if each else []
        return rows
    execute: Any = _execute
    for wrapper in reversed(connection.execute_wrappers):
        if wrapper is not _send_first:
            execute = partial(wrapper, execute)
    with connection.wrap_database_errors:
        context = {"connection": connection, "prepared": prepared}
        return execute(sql, values, False, context)  # type: ignore[no-any-return]


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
        _read_as_text(cursor)
        connection.make_debug_cursor(cursor).execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def _execute(sql: str, values: Sequence[Any], many: bool, context: dict[str, Any]) -> list[Row]:
    connection = context["connection"]
    prepared: _Prepared | None = getattr(connection, PREPARED, None)
    if prepared is None or prepared.connection is not connection.connection:
        prepared = _Prepared(connection.connection)
        setattr(connection, PREPARED, prepared)  # it lives as long as Django's connection
    statement, first = Statement(sql, tuple(values)), _taken_first(connection)
    return prepared.fetch(statement, first=first, keep=context["prepared"])


def _read_as_text(context: Any) -> None:
    context.adapters.register_loader("numeric", TextLoader)
    context.adapters.register_loader("timestamptz", TimestamptzLoader)  # Django's is in Python
    context.adapters.register_dumper(int, Int8Dumper)  # one type, whatever the number: one plan


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
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(connection.pgconn.socket, select.POLLIN)
        self._writable.register(connection.pgconn.socket, select.POLLIN | select.POLLOUT)
        self._transformer = Transformer(cursor)
        self._names: OrderedDict[Any, bytes | None] = OrderedDict()
        self._numbers = count(1)

    def fetch(
        self, statement: Statement, *, first: Statement | None = None, keep: bool = True
    ) -> list[Row]:
        """The rows of a statement, to `keep` or not; `first` is sent with it.

        Raises psycopg's errors.
        """
        idle = self._server.transaction_status == pq.TransactionStatus.IDLE
        begins = idle and not self.connection.autocommit  # as psycopg would now
        ready = [self._ready(each) for each in (begins and BEGIN, first) if each]
        ready.append(self._ready(statement, keep=keep))
        result = self._in_one_trip(ready) if len(ready) > 1 else self._alone(*ready[0])
        self._transformer.set_pgresult(result)
        rows: list[Row] = self._transformer.load_rows(0, result.ntuples, tuple)
        self._transformer.set_pgresult(None)
        return rows

    def _ready(
        self, statement: Statement, *, keep: bool = True
    ) -> tuple[bytes | None, bytes, Any, Any, Any]:
        """Its name, where it is prepared; its text; its values, their types and formats."""
        text, transformer = _numbered(statement.sql), self._transformer
        auto = [PyFormat.AUTO] * len(statement.values)
        values = transformer.dump_sequence(statement.values, auto)
        types, formats = transformer.types or (), transformer.formats or ()
        name = self._name(text, types) if keep else None
        return name, text, values, types, formats

    def _alone(self, name: bytes | None, text: bytes, values: Any, types: Any, formats: Any) -> Any:
        if name is None:
            return self._checked(self._server.exec_params(text, values, types, formats))
        return self._checked(self._server.exec_prepared(name, values, formats))

    def _in_one_trip(self, statements: list[tuple[bytes | None, bytes, Any, Any, Any]]) -> Any:
        """The result of the last of them, all sent at once. The first that fails is raised."""
        server = self._server
        server.enter_pipeline_mode()
        try:
            for name, text, values, types, formats in statements:
                if name is None:
                    server.send_query_params(text, values, types, formats)
                else:
                    server.send_query_prepared(name, values, formats)
            server.pipeline_sync()
            self._flush()
            results = [self._next_result() for _ in statements]
            self._wait()
            server.get_result()  # that of the sync
        finally:
            with suppress(psycopg.OperationalError):  # of a connection that is lost anyhow
                server.exit_pipeline_mode()
        for result in results:
            self._checked(result)
        return results[-1]

    def _next_result(self) -> Any:
        self._wait()
        result = self._server.get_result()
        self._wait()
        self._server.get_result()  # None: the end of this statement's
        return result

    def _flush(self) -> None:
        """Send what was queued, while the server may have something to say first."""
        while self._server.flush():
            self._writable.poll()
            self._server.consume_input()

    def _wait(self) -> None:
        """Wait until a result is there: `get_result` itself would keep all threads waiting."""
        while self._server.is_busy():
            self._readable.poll()
            self._server.consume_input()

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
            self._checked(self._server.prepare(name, text, types))
            self._names[key] = name
        return name

    def _forget(self) -> None:
        while len(self._names) > MAX_PREPARED:
            _, name = self._names.popitem(last=False)
            if name is not None:
                self._checked(self._server.exec_(b"DEALLOCATE " + name))

    def _checked(self, result: Any) -> Any:
        if result is None or result.status not in GOOD:
            raise self._error_of(result)
        return result

    def _error_of(self, result: Any) -> psycopg.Error:
        if result is None:  # the server has gone
            return psycopg.OperationalError(self._server.get_error_message())
        error = error_from_result(result)
        if isinstance(error, OUTDATED):  # the tables are others now: it is prepared anew
            self._names.clear()
        return error
