"""PostgreSQL's COPY of a queryset: the quickest way out of the database, a row at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.models import QuerySet
from psycopg import sql

from config.statements import NOTHING, compiled

COPY = sql.SQL("COPY ({}) TO STDOUT {}")
OBJECTS = sql.SQL("SELECT row_to_json(line) FROM ({}) AS line ({})")
CSV, TEXT = sql.SQL("(FORMAT csv)"), sql.SQL("(FORMAT text)")
# A row of JSON as it is: no JSON holds these two characters, so nothing is quoted.
BARE = sql.SQL(r"(FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')")
# What a transaction that only reads begins with: one moment of the database, however long it takes.
ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
WITHOUT_HURRY = "SET LOCAL statement_timeout = 0; SET LOCAL datestyle = ISO"


@contextmanager
def one_moment() -> Iterator[None]:
    """A transaction that sees one moment of the database, and for which there is no time limit.

    Within another one it sees what that sees.
    """
    nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if not nested:
            cursor.execute(ONE_MOMENT)
        cursor.execute(WITHOUT_HURRY)
        yield


@contextmanager
def copied(rows: QuerySet[Any], options: sql.SQL) -> Iterator[psycopg.Copy]:
    """What COPY writes of the rows of a values_list, in the order of their ids."""
    statement = compiled(rows.order_by("pk"))
    with _copied(sql.SQL(statement.sql), options, statement.values) as copy:
        yield copy


@contextmanager
def copied_objects(rows: QuerySet[Any], names: Sequence[str]) -> Iterator[psycopg.Copy]:
    """The same as lines of JSON: objects whose members have these names."""
    statement = compiled(rows.order_by("pk"))
    called = sql.SQL(", ").join(map(sql.Identifier, names))
    query = sql.SQL(statement.sql)
    objects = OBJECTS.format(query, called) if statement is not NOTHING else query
    with _copied(objects, BARE, statement.values) as copy:
        yield copy


@contextmanager
def _copied(query: Any, options: sql.SQL, values: Sequence[Any]) -> Iterator[psycopg.Copy]:
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        psycopg.ClientCursor(connection.connection) as cursor,  # COPY takes no values by itself
        cursor.copy(COPY.format(query, options), values) as copy,
    ):
        yield copy
