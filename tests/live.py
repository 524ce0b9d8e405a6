"""A running server: what `manage.py up` starts, on a database of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
from django.conf import settings
from django.db import connections

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


@contextmanager
def live_database(suffix: str) -> Iterator[str]:
    """The URL of an empty database beside that of the other tests."""
    given = connections["default"].get_connection_params()
    name = f"{settings.DATABASES['default']['NAME'].removeprefix('test_')}_{suffix}"
    where = {key: given[key] for key in ("host", "port", "user", "password") if given.get(key)}
    with psycopg.connect(**where, dbname="postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        query = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in where.items())
        yield f"postgresql:///{name}?{query}"
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def live_server(database_url: str, *options: str) -> Iterator[Server]:
    """`manage.py up` on a free port, with an administrator; stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment: dict[str, str] = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url,
        "REDIS_URL": str(settings.CACHES["default"]["LOCATION"]),
        "SECRET_KEY": settings.SECRET_KEY,
        "ADMIN_EMAIL": ADMIN_EMAIL,
        "ADMIN_PASSWORD": ADMIN_PASSWORD,
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port), *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    server = Server(f"http://127.0.0.1:{port}", environment, process)
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
