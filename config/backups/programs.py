"""PostgreSQL's own programs: where they are, and how they reach the database."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection
from psycopg.pq import Conninfo

from config.embedded import ServicesError
from config.embedded.account import ENVIRONMENT, Account
from config.embedded.binaries import postgres_programs

from .errors import BackupError

NAMES = ("pg_dump", "pg_restore", "psql")
PLACES = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin")  # as Debian and Red Hat have them
ASK_TIMEOUT_S = 10


@dataclass(frozen=True)
class Programs:
    """A folder that has them all, of one major version."""

    folder: Path
    major: int

    @classmethod
    def of(cls, at_least: int) -> "Programs":
        """Those of the lowest major version that is not below `at_least`.

        They must not be older than the server, and the nearer to it the better an older one
        understands what they write. Raises BackupError when there are none.
        """
        found = sorted(_found(), key=lambda programs: programs.major)
        for programs in found:
            if programs.major >= at_least:
                return programs
        there = ", ".join(f"{each.major} in {each.folder}" for each in found) or "none at all"
        raise BackupError(
            f"This needs {', '.join(NAMES)} of PostgreSQL {at_least} or newer, and there is "
            f"{there}. Install the package postgresql-client-{at_least}, or what your system calls "
            "it."
        )

    def __getitem__(self, name: str) -> Path:
        return self.folder / name


def passing_schemas() -> list[str]:
    """How the schemas begin that no backup holds, and that others may drop while it is made."""
    return [each for app in apps.get_app_configs() for each in getattr(app, "passing_schemas", ())]


def server_major() -> int:
    """The major version of the server."""
    connection.ensure_connection()
    return int(connection.connection.info.server_version) // 10_000


def environment(database: str = "") -> dict[str, str]:
    """Variables by which libpq comes to the same database as we do, or to `database` beside it.

    They hold the password, which a command line would show to everyone on the machine.
    """
    connection.ensure_connection()
    info: Any = connection.connection.info
    known = {**info.get_parameters(), "password": info.password}
    if database:
        known["dbname"] = database
    variables = {
        option.envvar.decode(): str(known[option.keyword.decode()])
        for option in Conninfo.get_defaults()
        if option.envvar and known.get(option.keyword.decode())
    }
    return {**ENVIRONMENT, **variables, "PGAPPNAME": "stockroom", "PGCLIENTENCODING": "UTF8"}


def _found() -> Iterator[Programs]:
    for folder in _folders():
        if all((folder / name).exists() for name in NAMES) and (major := _major(folder)):
            yield Programs(folder, major)


def _folders() -> Iterator[Path]:
    if on_path := shutil.which(NAMES[0]):
        yield Path(on_path).parent
    for place in PLACES:
        yield from sorted(Path("/").glob(place))
    try:  # unlike the server, these run as root too
        yield postgres_programs(Account(os.geteuid(), os.getegid()))
    except ServicesError:  # not installed, which is right where the server is a real one
        return


def _major(folder: Path) -> int | None:
    """None for what does not run here."""
    try:
        said = subprocess.run(  # noqa: S603  a program found where PostgreSQL's are
            [folder / NAMES[0], "--version"],
            env=ENVIRONMENT,
            capture_output=True,
            timeout=ASK_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(rb"\d+", said.stdout)
    return int(number.group()) if number else None
