"""Statements that are prepared once for each connection, and whose rows come as they are needed.

Django's own cursor puts the values into the text of a statement, so that PostgreSQL plans it anew
each time, and makes Python's decimals and times of what is to be written as text again.
"""

from typing import Any

import psycopg
from django.db import connection
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.string import TextLoader

Row = tuple[Any, ...]


class Prepared(psycopg.Cursor[Row]):
    """Binds values on the server."""


class Logged(psycopg.ClientCursor[Row]):
    """Puts values into the text, for somebody who wants to read it."""


def fetch(sql: str, values: tuple[Any, ...]) -> list[Row]:
    """All rows, numbers as their text and moments in UTC.

    Counted, logged and refused like any statement of Django's.
    """
    connection.ensure_connection()
    logged = connection.queries_logged
    cursor: Any = (Logged if logged else Prepared)(connection.connection)
    cursor.adapters.register_loader("numeric", TextLoader)
    cursor.adapters.register_loader("timestamptz", TimestamptzLoader)  # Django's is in Python
    with cursor:
        wrap = connection.make_debug_cursor if logged else connection.make_cursor
        wrap(cursor).execute(sql, values)
        rows: list[Row] = cursor.fetchall()
        return rows
