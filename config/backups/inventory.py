"""What is in a database: of each table how many rows and a checksum, of each sequence how far.

Computed inside the database, the same before a backup and after it is restored. A checksum is the
sum of a hash of each row, so that it does not depend on their order; generated columns are left
out, for their text may be another on another version of PostgreSQL.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from config.management.progress import progress

# Runs one statement, wherever that is, and gives its rows, each value as text.
Ask: TypeAlias = Callable[[str], Sequence[Sequence[str]]]

# Whatever has an influence on a value's text, and no limit to how long this takes.
SETTINGS = """
    SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD';
    SET LOCAL IntervalStyle = 'iso_8601'; SET LOCAL extra_float_digits = 1;
    SET LOCAL bytea_output = 'hex'; SET LOCAL search_path = ''; SET LOCAL lock_timeout = 0;
    SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0
"""
TABLES = """
    SELECT relname, format('%I.%I', 'public', relname),
        string_agg(format('%I', attname), ', ' ORDER BY attnum)
    FROM pg_class table_
    LEFT JOIN pg_attribute ON attrelid = table_.oid
        AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT EXISTS (
        SELECT FROM pg_depend WHERE objid = table_.oid AND deptype = 'e'
    )
    GROUP BY relname ORDER BY relname
"""
CONTENT = """
    SELECT count(*)::text,
        coalesce(sum(('x' || left(md5(ROW({columns})::text), 16))::bit(64)::bigint), 0)::text
    FROM {table}
"""
SEQUENCES = """
    SELECT sequencename, coalesce(last_value, 0)::text FROM pg_sequences
    WHERE schemaname = 'public' ORDER BY sequencename
"""


@dataclass(frozen=True)
class Content:
    """What one table holds."""

    rows: int
    checksum: str


@dataclass(frozen=True)
class Inventory:
    """What a database holds, by name; a sequence's number is the last it gave."""

    tables: dict[str, Content] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows there are in all tables."""
        return sum(content.rows for content in self.tables.values())


@dataclass(frozen=True)
class Comparison:
    """How one table or sequence is after a restore, and what is wrong with it, if anything."""

    name: str
    found: int | None
    problem: str | None


def take(ask: Ask) -> Inventory:
    """What is there, in one transaction that `ask` has begun.

    The sequences come last: a number that a row in sight has was given before.
    """
    ask(SETTINGS)
    tables = {}
    listed = ask(TABLES)
    with progress(len(listed), " tables", "counting and summing") as bar:
        for name, table, columns in listed:
            [(rows, checksum)] = ask(CONTENT.format(table=table, columns=columns or ""))
            tables[name] = Content(int(rows), checksum)
            bar.update()
    return Inventory(tables, {name: int(last) for name, last in ask(SEQUENCES)})


def compare(wanted: Inventory, found: Inventory) -> list[Comparison]:
    """Each table and sequence that either has, and whether `found` is what was wanted.

    A sequence may be further than that: it moves, also while the backup is made. It must not be
    behind, or it would give a number that a row has.
    """
    tables = [
        _table(name, wanted.tables.get(name), found.tables.get(name))
        for name in sorted(wanted.tables | found.tables)
    ]
    sequences = [
        _sequence(name, wanted.sequences.get(name), found.sequences.get(name))
        for name in sorted(wanted.sequences | found.sequences)
    ]
    return tables + sequences


def _table(name: str, wanted: Content | None, found: Content | None) -> Comparison:
    if found is None:
        return Comparison(name, None, "is missing")
    problem = None
    if wanted is None:
        problem = "is not in the manifest"
    elif found.rows != wanted.rows:
        problem = f"has {found.rows:,} rows instead of {wanted.rows:,}"
    elif found.checksum != wanted.checksum:
        problem = "has as many rows, but not the same"
    return Comparison(name, found.rows, problem)


def _sequence(name: str, wanted: int | None, found: int | None) -> Comparison:
    if found is None:
        return Comparison(name, None, "is missing")
    problem = None
    if wanted is None:
        problem = "is not in the manifest"
    elif found < wanted:
        problem = f"stands at {found:,}, behind {wanted:,}"
    return Comparison(name, found, problem)
