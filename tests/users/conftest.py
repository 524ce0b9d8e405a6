"""People whom the tests of users do things to, and clients by the name of who asks."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from pytest_django import Settings

from tests.client import Api
from tests.factories import UserFactory
from users.models import User

ClientOf = Callable[[str], Api]
WithRights = Callable[..., User]


@pytest.fixture(autouse=True)
def _static_files_on_demand(settings: Settings) -> None:
    """Not every static file is looked up anew for each client."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def client_of(request: pytest.FixtureRequest, api_of: Callable[[User], Api]) -> ClientOf:
    """The client of whoever a fixture's name names; of "anonymous", one without a token."""

    def make(kind: str) -> Api:
        return Api() if kind == "anonymous" else api_of(request.getfixturevalue(kind))

    return make


@pytest.fixture
def someone(db: None) -> User:
    """Somebody whom things are done to."""
    return UserFactory.create(name="Sam One", email="sam@example.org", age=41)


@pytest.fixture
def with_rights(db: None) -> WithRights:
    """Makes somebody with these rights (codenames) out of a group of their own."""

    def make(*codenames: str, **fields: object) -> User:
        group = Group.objects.create(name=f"Only {' '.join(codenames)}")
        group.permissions.set(Permission.objects.filter(codename__in=codenames))
        return UserFactory.create(group=group.name, **fields)

    return make


@pytest.fixture
def auditors(db: None) -> Group:
    """A group with a right that no Manager has."""
    group = Group.objects.create(name="Auditors")
    group.permissions.set(Permission.objects.filter(codename="delete_group"))
    return group


@pytest.fixture
def manager_page(client: Client, manager: User) -> Client:
    """The admin, signed in to as a manager."""
    client.force_login(manager)
    return client


@pytest.fixture
def admin_page(client: Client, admin_user: User) -> Client:
    """The admin, signed in to as a superuser."""
    client.force_login(admin_user)
    return client
