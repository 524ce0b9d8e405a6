"""The history that the database writes: every change, whoever makes it, and for good."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from config import history
from config.history import Change
from tests.client import Api
from tests.factories import UserFactory, token_for
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _static_files_on_demand(settings: Settings) -> None:
    """Not every static file is looked up anew for each client."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def ann() -> User:
    """Somebody with a history of one event."""
    return UserFactory.create(name="Ann", email="ann@example.org", age=30)


def events_of(user: User) -> list[Any]:
    """What the database wrote about a user, the newest first."""
    return list(user.events.order_by("-pk"))  # type: ignore[attr-defined]


def changes_of(user: User) -> list[Change]:
    """The same, compared."""
    return history.changes(events_of(user))


def differences(change: Change) -> dict[str, tuple[Any, Any]]:
    """{column: (before, after)} of a change."""
    return {
        name: (getattr(change.before, name, None), getattr(change.after, name, None))
        for name in change.names
    }


def sql(statement: str, *values: int) -> None:
    """Run a statement by hand."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


# ── What is written ───────────────────────────────────────────────────────────────────────────


def test_tells_every_field_when_created(ann: User) -> None:
    (change,) = changes_of(ann)
    assert (change.action, differences(change)["name"], differences(change)["age"]) == (
        "created",
        (None, "Ann"),
        (None, 30),
    )


def test_tells_only_what_differs_when_updated(ann: User) -> None:
    ann.name, ann.age = "Anna", 30
    ann.save()
    assert (changes_of(ann)[0].action, differences(changes_of(ann)[0])) == (
        "updated",
        {"name": ("Ann", "Anna")},
    )


def test_tells_what_was_when_deleted(ann: User) -> None:
    kept = User(pk=ann.pk)
    ann.delete()
    change = changes_of(kept)[0]
    assert (change.action, differences(change)["name"]) == ("deleted", ("Ann", None))


def test_sees_every_row_when_many_are_updated_at_once() -> None:
    people = UserFactory.create_batch(3)
    User.objects.update(age=7)
    assert [differences(changes_of(user)[0]) for user in people] == [{"age": (None, 7)}] * 3


def test_sees_every_row_when_many_are_made_at_once() -> None:
    people = User.objects.bulk_create(
        User(email=f"bulk{n}@example.org", name=f"Bulk {n}") for n in range(3)
    )
    assert [changes_of(user)[0].action for user in people] == ["created"] * 3


def test_sees_the_change_when_it_is_made_by_sql(ann: User) -> None:
    sql("UPDATE users_user SET name = 'Anna' WHERE id = %s", ann.pk)
    assert differences(changes_of(ann)[0]) == {"name": ("Ann", "Anna")}


@pytest.mark.parametrize(
    "statement",
    ["name = name", "last_login = now()", "password = 'x'", "updated_at = now()"],
)
def test_writes_nothing_when_no_tracked_field_changes(ann: User, statement: str) -> None:
    sql(f"UPDATE users_user SET {statement} WHERE id = %s", ann.pk)
    assert len(events_of(ann)) == 1


def test_writes_nothing_when_the_change_is_rolled_back(ann: User) -> None:
    with transaction.atomic():
        User.objects.update(age=7)
        transaction.set_rollback(True)
    assert len(events_of(ann)) == 1


def test_holds_no_password_when_one_is_set(ann: User) -> None:
    names = {field.attname for event in events_of(ann) for field in event._meta.fields}
    assert "password" not in names


@pytest.mark.parametrize(
    "statement", ["UPDATE users_userevent SET name = 'x'", "DELETE FROM users_userevent"]
)
def test_the_database_refuses_when_the_history_is_to_be_changed(ann: User, statement: str) -> None:
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        sql(statement)


# ── Who it was ────────────────────────────────────────────────────────────────────────────────


def test_names_actor_door_and_request_when_changed_over_the_api(manager: User, ann: User) -> None:
    api = Api(token_for(manager))
    api.patch(f"/users/{ann.pk}", {"name": "Anna"}, **{"X-Request-ID": "abc"})
    change = changes_of(ann)[0]
    actor = {"id": manager.pk, "name": manager.name}
    assert (change.actor, change.via, change.request_id) == (actor, "api", "abc")


def test_names_nobody_when_changed_by_sql_alone(ann: User) -> None:
    sql("UPDATE users_user SET age = 7")
    change = changes_of(ann)[0]
    assert (change.actor, change.via) == (None, None)


def test_names_the_command_when_one_made_it() -> None:
    call_command("ensure_admin", stdout=StringIO())
    assert changes_of(User.objects.get())[0].via == "command ensure_admin"


def test_still_names_the_actor_when_they_are_gone(manager: User, ann: User) -> None:
    with history.written_by(manager, via="api"):
        User.objects.filter(pk=ann.pk).update(age=7)
    name = manager.name
    manager.delete()
    change = changes_of(ann)[0]
    assert change.actor is not None
    assert change.actor["name"] == name


@pytest.mark.django_db(transaction=True)
def test_names_nobody_when_another_transaction_came_before() -> None:
    ann, actor = UserFactory.create_batch(2)
    with history.written_by(actor, via="api"):
        User.objects.filter(pk=ann.pk).update(age=7)
    User.objects.filter(pk=ann.pk).update(age=8)
    assert [change.via for change in changes_of(ann)] == [None, "api", None]


# ── A part of it ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def long_history(ann: User) -> list[Any]:
    """The events of somebody who was changed again and again, the newest first."""
    for age in (31, 32, 33):
        User.objects.filter(pk=ann.pk).update(age=age)
    return events_of(ann)


@pytest.mark.parametrize(
    ("part", "found"),
    [
        (slice(0, 2), [{"age": (32, 33)}, {"age": (31, 32)}]),
        (slice(1, 3), [{"age": (31, 32)}, {"age": (30, 31)}]),
        (slice(2, 3), [{"age": (30, 31)}]),
        (slice(4, 9), []),
    ],
)
def test_compares_with_what_came_before_when_asked_for_a_part(
    long_history: list[Any], part: slice, found: list[dict[str, Any]]
) -> None:
    assert [differences(change) for change in history.changes(long_history[part])] == found


def test_does_not_mix_two_people_when_both_changed(ann: User) -> None:
    other = UserFactory.create(age=50)
    User.objects.filter(pk=other.pk).update(age=51)
    User.objects.filter(pk=ann.pk).update(age=31)
    assert differences(changes_of(ann)[0]) == {"age": (30, 31)}
