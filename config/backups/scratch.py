"""Trying a backup: restored into a database beside ours, compared, and dropped again."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg import sql

from .archive import Archive
from .errors import BackupError
from .inventory import Comparison
from .programs import server_major
from .restoring import NotEqual, load

PREFIX = "stockroom_verify_"
SUFFIX_BYTES = 8
MAY_CREATE = "SELECT rolcreatedb OR rolsuper, rolname FROM pg_roles WHERE rolname = current_user"
PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}
LOCALES_IN_ONE_COLUMN = 17  # the first server with pg_database.datlocale, before that daticulocale
OURS = """
    SELECT pg_encoding_to_char(encoding) AS encoding, datcollate, datctype, datlocprovider,
        {locale} AS locale
    FROM pg_database WHERE datname = current_database()
"""


def verify(archive: Archive) -> list[Comparison]:
    """Compare what the backup restores to with what was backed up; our database is not touched.

    Raises BackupError when it cannot be restored at all, or when the role may not make a database.
    """
    with _database() as name:
        try:
            return load(archive, database=name)
        except NotEqual as error:
            return error.found


@contextmanager
def _database() -> Iterator[str]:
    """An empty database like ours, dropped at the end, however that comes."""
    name = f"{PREFIX}{secrets.token_hex(SUFFIX_BYTES)}"
    with connection.cursor() as cursor:
        _refuse_without_right(cursor)
        options = _options(cursor)
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 {}")
        try:
            cursor.execute(create.format(sql.Identifier(name), options))
            yield name
        finally:
            cursor.execute(drop)


def _refuse_without_right(cursor: Any) -> None:
    cursor.execute(MAY_CREATE)
    may, role = cursor.fetchone()
    if not may:
        raise BackupError(
            f"The role {role} may not make a database, which --verify restores into. Let a "
            f'superuser say: ALTER ROLE "{role}" CREATEDB;'
        )


def _options(cursor: Any) -> sql.Composable:
    """Encoding and locale as our database has them."""
    column = "datlocale" if server_major() >= LOCALES_IN_ONE_COLUMN else "daticulocale"
    cursor.execute(OURS.format(locale=column))
    encoding, collate, ctype, provider, locale = cursor.fetchone()
    name = PROVIDERS[provider]
    options = [
        sql.SQL("ENCODING {}").format(sql.Literal(encoding)),
        sql.SQL("LC_COLLATE {} LC_CTYPE {}").format(sql.Literal(collate), sql.Literal(ctype)),
        sql.SQL("LOCALE_PROVIDER {}").format(sql.Identifier(name)),
    ]
    if locale:
        option = {"icu": "ICU_LOCALE", "builtin": "BUILTIN_LOCALE"}[name]
        options.append(sql.SQL("{} {}").format(sql.SQL(option), sql.Literal(locale)))
    return sql.SQL(" ").join(options)
