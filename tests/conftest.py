"""What every test can ask for: the servers, people of each kind, and their clients."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from django.conf import settings

from config import embedded
from tests.client import Api
from tests.factories import UserFactory, token_for
from tests.live import ADMIN_EMAIL, Server, live_database, live_server
from users.models import User


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """A PostgreSQL and a Valkey of the tests' own, unless the environment names others."""
    if not (settings.PRIVATE_DATABASE or settings.PRIVATE_CACHE):
        yield
        return
    with embedded.running(settings.STOCKROOM_DATA, durable=False):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    servers: None, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """The servers run before pytest-django makes its database (one for each xdist worker)."""


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
