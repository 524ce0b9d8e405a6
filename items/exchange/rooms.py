"""The schema in which the rows of one import are: made, asked, and dropped again.

Each import has one of its own, so that its tables hold nothing but it, are planned by what it is
like, and are gone at once. They are made of our own names alone; what a file says is only ever a
parameter, or a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg import sql

WORK_MEMORY = "64MB"
STATEMENTS = Path(__file__).parent / "sql"


class Room:
    """The schema of one import."""

    def __init__(self, name: str) -> None:
        self.name = name

    def table(self, name: str) -> sql.Composed:
        """A table of it, as SQL names it."""
        return sql.SQL("{}.{}").format(sql.Identifier(self.name), sql.Identifier(name))

    def run(self, statement: sql.Composable | str, parameters: Any = None) -> int:
        """Run a statement, in which {raw}, say, is the table of that name; how many rows it met."""
        with connection.cursor() as cursor:
            cursor.execute(self.composed(statement), parameters)
            return int(cursor.rowcount)

    def ask(self, statement: sql.Composable | str, parameters: Any = None) -> list[Any]:
        """The rows that a statement finds."""
        with connection.cursor() as cursor:
            cursor.execute(self.composed(statement), parameters)
            return list(cursor.fetchall())

    def run_file(self, name: str, parameters: Any = None, **parts: sql.Composable) -> int:
        """Run the statement in sql/<name>.sql; `parts` are what it names beside its tables."""
        return self.run(self.text(name, **parts), parameters)

    def text(self, name: str, **parts: sql.Composable) -> sql.Composable:
        """The statement in sql/<name>.sql."""
        text = (STATEMENTS / f"{name}.sql").read_text(encoding="utf-8")
        return self.composed(text, **parts)

    def columns(self, table: str) -> list[str]:
        """The names of a table's columns, in their order."""
        found = self.ask(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 "
            "AND NOT attisdropped ORDER BY attnum",
            [f"{self.name}.{table}"],
        )
        return [name for (name,) in found]

    def composed(self, statement: sql.Composable | str, **parts: sql.Composable) -> sql.Composable:
        """The statement with the names of this schema's tables in it."""
        if not isinstance(statement, str):
            return statement
        text: Any = statement
        return sql.SQL(text).format(**{**_Tables(self), **parts})

    def make(self) -> None:
        """Make it, empty."""
        self.drop()
        self.run(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(self.name)))

    def settle(self) -> None:
        """Let what this transaction asks be planned for many rows.

        A hash table larger than PostgreSQL's usual 4 MB spares writing it to the disk.
        """
        self.run(f"SET LOCAL work_mem = '{WORK_MEMORY}'")

    def drop(self) -> None:
        """Drop it, if it is there, with all that is in it."""
        drop = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
        self.run(drop.format(sql.Identifier(self.name)))

    def has(self, table: str) -> bool:
        """Whether it has a table."""
        return bool(self.ask(sql.SQL("SELECT to_regclass(%s)"), [f"{self.name}.{table}"])[0][0])

    def forget_plans(self) -> None:
        """Let triggers plan anew: what they have planned for a row or two takes ages for many."""
        self.run("DISCARD PLANS")

    def analyze(self, table: str, *columns: str) -> None:
        """Let the planner know what is in a table, in those columns by which it is asked."""
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        self.run(sql.SQL("ANALYZE {} ({})").format(self.table(table), names))


TABLES: Sequence[str] = (
    *("raw", "node", "new_node", "person", "new_person", "day"),
    *("plan_item", "plan_person", "plan_place", "plan_level", "stock", "rows"),
    *("needed_node", "lent", "undone"),
)


class _Tables(dict[str, sql.Composable]):
    def __init__(self, room: Room) -> None:
        super().__init__({name: room.table(name) for name in TABLES})
