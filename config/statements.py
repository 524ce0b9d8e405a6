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


class RowCursor(psycopg.Cursor[Row]):
    """Binds values on the server; numbers come as their text, moments in UTC."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        super().__init__(connection)
        self.adapters.register_loader("numeric", TextLoader)
        self.adapters.register_loader("timestamptz", TimestamptzLoader)  # Django's is in Python


def fetch(sql: str, values: tuple[Any, ...]) -> list[Row]:
    """All rows; counted, logged and refused like those of any statement of Django's."""
    connection.ensure_connection()
    with RowCursor(connection.connection) as cursor:
        plain: Any = cursor
        logged = connection.queries_logged
        wrap = connection.make_debug_cursor if logged else connection.make_cursor
        wrap(plain).execute(sql, values)
        return cursor.fetchall()
