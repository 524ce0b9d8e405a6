"""Rows of one file that are about the same thing: all but the first are refused."""

from __future__ import annotations

from psycopg import sql

from items.exchange.rooms import Room
from items.exchange.staged import SHOWN_LENGTH, UNIT


def refuse_doubles(
    room: Room, table: str, column: str, *, field: str, whatever_case: bool = False
) -> None:
    """Refuse the rows of a plan in whose `column` is what a row before them has.

    `field` is the one that is said to be wrong, naming the line of the first. Rows that are refused
    already are no matter.
    """
    value = sql.Identifier("plan", column)
    same = sql.SQL('lower({}) COLLATE "C"' if whatever_case else "{}").format(value)
    room.run_file(
        "refuse_doubles",
        plan=room.table(table),
        value=value,
        same=same,
        twice=sql.Literal(f"{field} twice:"),
        unit=sql.Literal(UNIT),
        shown=sql.SQL("''") if column == "target_id" else value,
        shown_length=sql.Literal(SHOWN_LENGTH),
    )
