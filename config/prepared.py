"""Statements that are prepared once for each connection, sent alone or several in one trip.

Psycopg's cursor does much for each statement that these do not need: here it is libpq's call and
psycopg's conversion alone, which are both in C.
"""

import re
import select
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

import psycopg
from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import TextLoader

Row = tuple[Any, ...]

MAX_PREPARED = 500  # statements of a connection
PLACEHOLDER = re.compile(r"%(s|%)")
# A statement that somebody has deallocated; one whose result has other columns since a migration.
OUTDATED = (errors.InvalidSqlStatementName, errors.FeatureNotSupported)
GOOD = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK, pq.ExecStatus.PIPELINE_SYNC})


class Statement(NamedTuple):
    """SQL, and the values that it was compiled with."""

    sql: str
    values: tuple[Any, ...]

    def about(self, *values: Any) -> "Statement":
        """The same, with other last values: those of its last conditions."""
        if not self.values:  # it finds nothing, whatever is asked
            return self
        return Statement(self.sql, (*self.values[: -len(values)], *values))


BEGIN = Statement("BEGIN", ())


class Undone(Exception):
    """One of the statements of a transaction was refused, so that none is done; the cause says why.

    `at` is its place among them; behind the last stands the commit.
    """

    def __init__(self, at: int) -> None:
        super().__init__(f"The statement at {at} was refused, and so all of its transaction.")
        self.at = at


def read_as_text(context: Any) -> None:
    """Have numbers come as their text and moments in UTC, and every int sent as one type."""
    context.adapters.register_loader("numeric", TextLoader)
    context.adapters.register_loader("timestamptz", TimestamptzLoader)  # Django's is in Python
    context.adapters.register_dumper(int, Int8Dumper)  # one type, whatever the number: one plan


@lru_cache(MAX_PREPARED)
def _numbered(sql: str) -> bytes:
    """A statement with its placeholders as PostgreSQL numbers them: $1, $2."""
    numbers = count(1)
    return PLACEHOLDER.sub(lambda m: f"${next(numbers)}" if m[1] == "s" else "%", sql).encode()


class Prepared:
    """The statements that are prepared on one connection; one that comes again is."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        cursor = psycopg.Cursor(connection)  # for its adapters, which nobody else shares
        read_as_text(cursor)
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
        if len(ready) == 1:
            return self.rows(self._alone(*ready[0]))
        *results, end = self._in_one_trip(ready)
        for result in results:
            self._checked(result)
        self._checked(end)
        return self.rows(results[-1])

    def do_together(self, statements: Sequence[Statement], *, first: Statement) -> list[Any]:
        """Do these statements, which with `first` are one transaction; the results, for `rows`.

        Outside of any other. Raises Undone where one of them is refused, and OperationalError when
        the connection is lost: then nobody knows.
        """
        ready = [self._ready(first)]
        for at, statement in enumerate(statements):
            try:
                ready.append(self._ready(statement))
            except Exception as error:
                raise Undone(at) from error
        begun, *results, end = self._in_one_trip(ready)
        if self._is_lost:
            raise self._error_of(end)
        if not _is_good(begun):
            raise Undone(len(statements)) from self._error_of(begun)
        for at, result in enumerate((*results, end)):
            if not _is_good(result):
                raise Undone(at) from self._error_of(result)
        return results

    def rows(self, result: Any) -> list[Row]:
        """The rows of a result. Raises psycopg's errors where Python has no such value."""
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

    def _in_one_trip(
        self, statements: list[tuple[bytes | None, bytes, Any, Any, Any]]
    ) -> list[Any]:
        """The result of each, all sent at once, and of their end, where they may be committed."""
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
            results.append(self._end())
        finally:
            try:
                server.exit_pipeline_mode()
            except psycopg.OperationalError:  # it was cut short: nobody is to read what still comes
                server.finish()
        return results

    def _next_result(self) -> Any:
        self._wait()
        result = self._server.get_result()
        self._wait()
        self._server.get_result()  # None: the end of this statement's
        return result

    def _end(self) -> Any:
        """The result of the end: where the commit failed, it is why."""
        self._wait()
        end = self._server.get_result()
        if not _is_good(end):
            self._next_result()
        return end

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
        if not _is_good(result):
            raise self._error_of(result)
        return result

    @property
    def _is_lost(self) -> bool:
        return bool(self._server.status == pq.ConnStatus.BAD)

    def _error_of(self, result: Any) -> psycopg.Error:
        if result is None or self._is_lost:
            return psycopg.OperationalError(self._server.get_error_message())
        error = error_from_result(result)
        if isinstance(error, OUTDATED):  # the tables are others now: it is prepared anew
            self._names.clear()
        return error


def _is_good(result: Any) -> bool:
    return result is not None and result.status in GOOD
