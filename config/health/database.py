"""Probes of the database: is it there, is it new enough, does it see every script."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from config.health.probing import PROBE_TIMEOUT_S, Probe, Unwell

LEAST_VERSION = 15
HANGUL = "가나"
ENCODING = "UTF8"
LOCALE_REMEDY = (
    "Make a database in a locale that knows letters beyond ASCII, and move the data there with "
    "pg_dump and pg_restore: CREATE DATABASE stockroom OWNER stockroom TEMPLATE template0 "
    "ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
)


@contextmanager
def asking() -> Iterator[Any]:
    """A cursor whose statements end by themselves when a probe's time is over."""
    with transaction.atomic(), connection.cursor() as cursor:
        limit = f"{PROBE_TIMEOUT_S * 1000:.0f}ms"
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [limit])
        yield cursor


def _ask(question: str, *values: str) -> Any:
    with asking() as cursor:
        cursor.execute(question, values)
        row = cursor.fetchone()
    return row[0] if row else None


def reachable() -> str:
    """Where the database is that answers."""
    name = _ask("SELECT current_database()")
    given = connection.get_connection_params()
    return f"{name} at {given.get('host') or 'the default socket'} answers"


def version() -> str:
    """The server's version, which is new enough."""
    return new_enough(int(_ask("SELECT current_setting('server_version_num')")))


def new_enough(number: int) -> str:
    """PostgreSQL's version out of its number, 150020. Raises Unwell for one that is too old."""
    major, minor = divmod(number, 10_000)
    found = f"PostgreSQL {major}.{minor}"
    if major < LEAST_VERSION:
        raise Unwell(f"{found} is too old: {LEAST_VERSION} or newer is needed")
    return found


def encoding() -> str:
    """The encoding, which can write everything."""
    found = str(_ask("SELECT current_setting('server_encoding')"))
    if found != ENCODING:
        raise Unwell(f"the database is in {found}, not in {ENCODING}: it cannot write every script")
    return found


def extension() -> str:
    """The extension that text search works with."""
    found = _ask("SELECT extversion FROM pg_extension WHERE extname = 'pg_trgm'")
    if found is None:
        raise Unwell("the extension pg_trgm is not in the database")
    return f"pg_trgm {found}"


def text_search() -> str:
    """That text search sees letters beyond ASCII."""
    seen = _ask("SELECT cardinality(show_trgm(%s))", HANGUL)
    if not seen:
        raise Unwell("text search sees no Hangul, nor any letter beyond ASCII, and finds nothing")
    return f"sees {HANGUL}"


def migrations() -> str:
    """That every migration has been applied."""
    with asking():
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise Unwell(f"{len(missing)} migrations are missing")
    return f"{len(executor.loader.applied_migrations)} are applied"


def size() -> str:
    """How large the database is."""
    return str(_ask("SELECT pg_size_pretty(pg_database_size(current_database()))"))


DATABASE = Probe(
    "database",
    reachable,
    "See that the server runs and that DATABASE_URL names it (the private one is started by "
    "`manage.py up`, or by `manage.py services start`).",
)
MIGRATIONS = Probe("migrations", migrations, "Run `manage.py migrate`.", needs="database")
TEXT_SEARCH = Probe("text search", text_search, LOCALE_REMEDY, needs="pg_trgm")
PROBES = (
    DATABASE,
    Probe("server version", version, "Upgrade the database's server.", needs="database"),
    Probe("encoding", encoding, LOCALE_REMEDY, needs="database"),
    MIGRATIONS,
    Probe(
        "pg_trgm",
        extension,
        "Run `manage.py migrate`; where its role may not, an administrator of the database runs "
        "CREATE EXTENSION pg_trgm in it (Debian and Red Hat have it in postgresql-contrib).",
        needs="database",
    ),
    TEXT_SEARCH,
    Probe("database size", size, "", essential=False, needs="database"),
)
