"""manage.py load_sample."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from items.models import Category, Item
from tests.client import Api
from tests.factories import CategoryFactory, ItemFactory, UserFactory
from tests.items.helpers import by_cursor, sql
from users.models import User

pytestmark = pytest.mark.django_db


def load(*options: str) -> str:
    """What the command says."""
    out = StringIO()
    call_command("load_sample", *options, stdout=out)
    return out.getvalue()


def test_everything_is_there_when_the_register_was_empty() -> None:
    said = load()
    counts = Item.objects.count(), Category.objects.count(), User.objects.count()
    assert counts == (300, 39, 25)
    assert "300 items, 39 categories, 25 people" in said


def test_nobody_can_log_in_when_loaded() -> None:
    load()
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert not User.objects.filter(is_superuser=True).exists()


def test_all_can_be_read_by_the_api_when_loaded(
    request: pytest.FixtureRequest,
) -> None:
    load()
    api: Api = request.getfixturevalue("api")
    assert len(by_cursor(api, "/items", page_size=200)) == 300


def test_korean_is_found_when_loaded(request: pytest.FixtureRequest) -> None:
    load()
    api: Api = request.getfixturevalue("api")
    reply = api.get("/items?search=노트북")
    assert reply.meta["total"] > 0
    assert "approximate" not in reply.meta


def test_history_names_the_command_when_loaded() -> None:
    load()
    sources = sql("SELECT DISTINCT pgh_context ->> 'via' FROM items_itemevent")
    assert sources == [("command load_sample",)]


@pytest.mark.parametrize("factory", [ItemFactory, UserFactory, CategoryFactory])
def test_refused_when_something_is_there(factory: type[ItemFactory]) -> None:
    factory()
    with pytest.raises(CommandError, match="not empty"):
        load()


@pytest.mark.parametrize("factory", [ItemFactory, UserFactory, CategoryFactory])
def test_quiet_when_something_is_there_and_only_an_empty_one_is_wanted(
    factory: type[ItemFactory],
) -> None:
    factory()
    items = Item.objects.count()
    assert load("--if-empty") == ""
    assert Item.objects.count() == items


def test_loaded_when_empty_and_only_an_empty_one_is_wanted() -> None:
    load("--if-empty")
    assert Item.objects.count() == 300


def test_refused_when_loaded_twice() -> None:
    load()
    with pytest.raises(CommandError, match="not empty"):
        load()


def test_loaded_when_only_an_administrator_is_there() -> None:
    UserFactory.create(is_superuser=True)
    call_command("load_sample", stdout=StringIO())
    assert Item.objects.count() == 300
