"""Databases of a test's own, and a running server: what `manage.py up` starts, on one of them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

import httpx
import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from tests.running import free_port

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
ADMIN_EMAIL, ADMIN_PASSWORD = "admin@example.org", "a long enough passphrase"


@dataclass
class Server:
    """Where it answers, and how to run a command beside it."""

    url: str
    environment: dict[str, str]
    process: "subprocess.Popen[bytes]"

    def manage(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run `manage.py` on the server's database."""
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )

    def client(self, token: str | None = None) -> httpx.Client:
        """An HTTP client of the API."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=30)


def its_server() -> dict[str, Any]:
    """Where the PostgreSQL of the tests is, for a connection beside Django's."""
    given = connections["default"].get_connection_params()
    return {key: given[key] for key in ("host", "port", "user", "password") if given.get(key)}


def server_session(name: str = "postgres") -> "psycopg.Connection[tuple[Any, ...]]":
    """A session of an administrator of the database's server."""
    return psycopg.connect(**its_server(), dbname=name, autocommit=True)


def database_url(name: str) -> str:
    """Where a database of that server is, for another process."""
    query = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in its_server().items())
    return f"postgresql:///{name}?{query}"


@contextmanager
def live_database(suffix: str, *, empty: bool = False) -> Iterator[str]:
    """The URL of a database beside that of the other tests: without rows, or `empty` altogether."""
    name = _name_of(suffix)
    _make(name, template="template0" if empty else _template())
    yield database_url(name)
    _drop(name)


@cache
def _template() -> str:
    """The name of a database with our tables; migrated once for all that are made of it."""
    name = _name_of(f"template_{os.getpid()}")
    _make(name, template="template0")
    migrating = Place(database_url(name)).process("migrate", "--verbosity=0")
    said = migrating.communicate()
    assert migrating.returncode == 0, said
    return name


def drop_template() -> None:
    """Leave no template behind."""
    if _template.cache_info().currsize:
        _drop(_template())
        _template.cache_clear()


def _name_of(suffix: str) -> str:
    return f"{settings.DATABASES['default']['NAME'].removeprefix('test_')}_{suffix}"


def _make(name: str, *, template: str) -> None:
    _drop(name)
    with server_session() as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def _drop(name: str) -> None:
    with server_session() as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class Place:
    """A database of its own, to which Django's connection can be led."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = urlsplit(url).path.removeprefix("/")

    @contextmanager
    def here(self, **others: str) -> Iterator[None]:
        """Django's connection leads here, with `others` of its settings changed as well."""
        before = dict(connections["default"].settings_dict)
        connections["default"].close()
        connections["default"].settings_dict.update({"NAME": self.name, **others})
        try:
            yield
        finally:
            connections["default"].close()
            connections["default"].settings_dict.update(before)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement answers here."""
        with self.here(), connections["default"].cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    @property
    def tables(self) -> list[str]:
        """The names of the tables that are here."""
        found = self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [name for (name,) in found]

    def run(self, *command: str, stdout: Any = None) -> str:
        """What a command says that is run here."""
        out = StringIO()
        with self.here():
            call_command(*command, stdout=out)
        return out.getvalue()

    def process(self, *command: str, **options: Any) -> "subprocess.Popen[str]":
        """A command, as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "DATABASE_URL": self.url,
                "SECRET_KEY": settings.SECRET_KEY,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )


@contextmanager
def live_server(
    database_url: str,
    *options: str,
    environment: Mapping[str, str] | None = None,
    stderr: IO[bytes] | None = None,
) -> Iterator[Server]:
    """`manage.py up` on a free port, with an administrator; stopped at the end."""
    port = free_port()
    whole: dict[str, str] = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url,
        "REDIS_URL": str(settings.CACHES["default"]["LOCATION"]),
        "SECRET_KEY": settings.SECRET_KEY,
        "ADMIN_EMAIL": ADMIN_EMAIL,
        "ADMIN_PASSWORD": ADMIN_PASSWORD,
        **(environment or {}),
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port), *options],
        cwd=ROOT,
        env=whole,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
    )
    server = Server(f"http://127.0.0.1:{port}", whole, process)
    try:
        wait_until_ready(server)
        yield server
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)


def wait_until_ready(server: Server) -> None:
    """Return when the server answers; fail when it does not in time."""
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until:
        try:
            if httpx.get(f"{server.url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server is not ready")
