"""A file's rows into the database, as text, by COPY."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable

from django.db import connection
from psycopg import sql

from items.exchange.rooms import Room
from items.exchange.staged import STAGED

# By what rows are looked up and matched.
JOINED = (
    *("subject", "key", "sku", "barcode", "serial_number"),
    *("category", "owner", "location", "holder", "due_at"),
)
BLOCK_CHARS = 256 * 1024  # as much is handed over at once

Told = Callable[[], None]


def make_raw(room: Room) -> None:
    """Make the table of the file's rows: a column of text for each of STAGED."""
    columns = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in STAGED)
    make = sql.SQL("CREATE UNLOGGED TABLE {} (line bigint, {})")
    room.run(make.format(room.table("raw"), columns))


def copy_rows(
    room: Room, columns: Iterable[str], rows: Iterable[tuple[int, list[str]]], told: Told
) -> int:
    """Copy shaped rows; blank cells become null. How many there were.

    `told` is called after each block, to say how far it is.
    """
    names = sql.SQL(", ").join(map(sql.Identifier, ("line", *columns)))
    copy = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(room.table("raw"), names)
    count = 0
    block = io.StringIO()
    write = csv.writer(block, lineterminator="\n").writerow
    with connection.cursor() as cursor, cursor.copy(copy) as copying:
        for line, cells in rows:
            write((line, *cells))
            count += 1
            if block.tell() > BLOCK_CHARS:
                _hand_over(block, copying.write)
                told()
        _hand_over(block, copying.write)
    room.analyze("raw", *JOINED)
    return count


def _hand_over(block: io.StringIO, write: Callable[[str], None]) -> None:
    write(block.getvalue())
    block.seek(0)
    block.truncate()
