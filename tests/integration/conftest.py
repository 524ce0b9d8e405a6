"""A running server: the production one, two processes, on a database of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from django.conf import settings
from django.db import connections

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 15
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


@pytest.fixture(scope="session")
def database_url(servers: None) -> Iterator[str]:
    """An empty database beside that of the other tests."""
    values = {**connections["default"].settings_dict}
    name = f"{values['NAME'].removeprefix('test_')}_live"
    where = {
        "host": values["HOST"],
        "port": values["PORT"],
        "user": values["USER"],
        "password": values["PASSWORD"],
    }
    given = {key: value for key, value in where.items() if value}
    with psycopg.connect(**given, dbname="postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        user = f"{given['user']}@" if "user" in given else ""
        host = given.get("host", "")
        where_url = f"/{name}?host={host}" if host.startswith("/") else f"{host}:5432/{name}"
        if not host.startswith("/") and given.get("port"):
            where_url = f"{host}:{given['port']}/{name}"
        yield f"postgresql://{user}{where_url}"
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def server(database_url: str) -> Iterator[Server]:
    """`manage.py up`: migrated, with an administrator and nothing else, two workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url,
        "REDIS_URL": settings.CACHES["default"]["LOCATION"],
        "SECRET_KEY": settings.SECRET_KEY,
        "ADMIN_EMAIL": ADMIN_EMAIL,
        "ADMIN_PASSWORD": ADMIN_PASSWORD,
    }
    running = Server(f"http://127.0.0.1:{port}", environment, None)  # type: ignore[arg-type]
    running.process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--no-sample", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(running)
        yield running
    finally:
        running.process.terminate()
        running.process.wait(STOP_TIMEOUT_S)


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


@pytest.fixture(scope="session")
def admin_token(server: Server) -> str:
    """A token of the administrator."""
    return server.manage("create_token", ADMIN_EMAIL).stdout.strip()


@pytest.fixture
def admin(server: Server, admin_token: str) -> Iterator[httpx.Client]:
    """The API as an administrator."""
    with server.client(admin_token) as client:
        yield client


@pytest.fixture
def many(admin: httpx.Client) -> Iterator[Callable[[int], list[httpx.Client]]]:
    """Several connections of the administrator, for calls at the same moment."""
    with ExitStack() as opened:
        yield lambda count: [
            opened.enter_context(
                httpx.Client(base_url=admin.base_url, headers=admin.headers, timeout=30)
            )
            for _ in range(count)
        ]
