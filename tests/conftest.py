"""What every test can ask for: the servers, people of each kind, and their clients."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from config import embedded, limits
from tests.client import Api, signed_in
from tests.factories import UserFactory, token_for
from tests.fragile import FragileRedis
from tests.jobs import do_jobs, forget_jobs
from tests.live import ADMIN_EMAIL, Server, drop_template, live_database, live_server
from users import authentication
from users.models import User


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """A PostgreSQL and a Valkey of the tests' own, unless the environment names others."""
    with ExitStack() as running:
        if settings.PRIVATE_DATABASE or settings.PRIVATE_CACHE:
            running.enter_context(embedded.running(settings.STOCKROOM_DATA, durable=False))
        running.callback(drop_template)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    servers: None, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """The servers run before pytest-django makes its database (one for each xdist worker)."""


# ── The cache ─────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(autouse=True)
def _cache_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with an empty cache: its keys begin in a way of their own."""
    cache: Any = settings.CACHES["default"]
    monkeypatch.setitem(cache, "KEY_PREFIX", f"stockroom-test-{uuid4().hex}")
    monkeypatch.setattr(limits, "_leases", {})


@pytest.fixture(autouse=True)
def _no_remembered_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test changes about people holds at once, not within a second."""
    monkeypatch.setattr(authentication, "remembered", authentication.Remembered(most=0))


def _cache_at(settings: Settings, port: int, database: int = 0) -> None:
    default: dict[str, Any] = settings.CACHES["default"]
    location = f"redis://127.0.0.1:{port}/{database}"
    settings.CACHES = {"default": {**default, "LOCATION": location}}


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine at which nobody answers."""
    with socket.socket() as taken:  # bound, and not listening
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def no_cache(settings: Settings, closed_port: int) -> None:
    """A cache that is not there."""
    _cache_at(settings, closed_port)


@pytest.fixture
def fragile_cache(settings: Settings) -> Iterator[FragileRedis]:
    """A way to the cache that a test can cut and mend."""
    with FragileRedis(str(settings.CACHES["default"]["LOCATION"])) as fragile:
        _cache_at(settings, fragile.port, fragile.database)
        yield fragile


# ── Jobs ──────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def work(db: None) -> Callable[[], int]:
    """Does the jobs that wait, here and now, on the test's own connection: how many there were.

    What a job raises is raised, after it has failed.
    """
    forget_jobs()
    return do_jobs


# ── Clients and people ────────────────────────────────────────────────────────────────────────
@pytest.fixture
def anonymous() -> Api:
    """A client without a token."""
    return Api()


@pytest.fixture
def api_of(db: None) -> Callable[[User], Api]:
    """The client of a user."""
    return lambda user: Api(token_for(user))


@pytest.fixture
def nobody(db: None) -> User:
    """Somebody signed in without a group."""
    return UserFactory.create(name="No Group")


@pytest.fixture
def viewer(db: None) -> User:
    """Somebody who reads."""
    return UserFactory.create(name="Vera Viewer", group="Viewer", is_staff=True)


@pytest.fixture
def clerk(db: None) -> User:
    """Somebody who edits items."""
    return UserFactory.create(name="Clara Clerk", group="Clerk", is_staff=True)


@pytest.fixture
def manager(db: None) -> User:
    """Somebody who manages users too."""
    return UserFactory.create(name="Max Manager", group="Manager", is_staff=True)


@pytest.fixture
def admin_user(db: None) -> User:
    """Somebody who may do everything (pytest-django's `admin_client` is signed in as them)."""
    return UserFactory.create(name="Ada Admin", is_staff=True, is_superuser=True)


@pytest.fixture
def api(clerk: User, api_of: Callable[[User], Api]) -> Api:
    """The client of a clerk: the everyday one."""
    return api_of(clerk)


@pytest.fixture
def manager_api(manager: User, api_of: Callable[[User], Api]) -> Api:
    """The client of a manager."""
    return api_of(manager)


@pytest.fixture
def viewer_desk(viewer: User) -> Client:
    """A viewer at the admin."""
    return signed_in(viewer)


@pytest.fixture
def desk(clerk: User) -> Client:
    """A clerk at the admin."""
    return signed_in(clerk)


@pytest.fixture
def manager_desk(manager: User) -> Client:
    """A manager at the admin."""
    return signed_in(manager)


# ── A running server ──────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="session")
def server(servers: None) -> Iterator[Server]:
    """Two workers on an empty register."""
    with live_database(f"live_{os.getpid()}") as url, live_server(url, "--no-sample") as server:
        yield server


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


@pytest.fixture
def by_hand(server: Server) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """A session of somebody at a psql prompt, in a transaction that is rolled back at the end."""
    with psycopg.connect(server.environment["DATABASE_URL"]) as connection:
        yield connection
        connection.rollback()
