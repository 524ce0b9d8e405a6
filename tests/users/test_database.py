"""The last wall: what PostgreSQL refuses and keeps, whoever writes."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction

from tests.client import Api
from tests.factories import UserFactory, token_for
from users.models import User

INSERT = """
INSERT INTO users_user (email, name, age, password, is_superuser, is_active, is_staff)
VALUES (%s, %s, %s, '', false, true, false)
"""


def insert(email: str, name: str, age: int | None) -> None:
    """A user by SQL."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [email, name, age])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("email", "name", "age"),
    [
        ("a@example.org", "Al", None),
        ("a@example.org", "x" * 100, 0),
        ("a@example.org", "王芳", 150),
    ],
)
def test_takes_the_row_when_it_keeps_the_rules(email: str, name: str, age: int | None) -> None:
    insert(email, name, age)
    assert User.objects.get().name == name


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("email", "name", "age", "constraint"),
    [
        ("A@example.org", "Al", None, "user_email_lower_case"),
        ("a@Example.org", "Al", None, "user_email_lower_case"),
        ("taken@example.org", "Al", None, "user_email_unique"),
        ("a@example.org", "A", None, "user_name_length"),
        ("a@example.org", "", None, "user_name_length"),
        ("a@example.org", "     ", None, "user_name_length"),
        ("a@example.org", " A ", None, "user_name_length"),
        ("a@example.org", "Al", 151, "user_age_range"),
        ("a@example.org", "Al", -1, "age"),
    ],
)
def test_refuses_the_row_when_it_breaks_a_rule(
    email: str, name: str, age: int | None, constraint: str
) -> None:
    UserFactory.create(email="taken@example.org")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        insert(email, name, age)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("scope = 'admin'", "api_token_scope_known"),
        ("digest = (SELECT min(digest::text)::bytea FROM users_apitoken)", "digest_unique"),
    ],
)
def test_refuses_the_token_when_it_breaks_a_rule(
    nobody: User, change: str, constraint: str
) -> None:
    token_for(nobody)
    token_for(nobody)
    with (
        pytest.raises(IntegrityError, match=constraint),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE users_apitoken SET {change}")


def touched(user: User, statement: str) -> bool:
    """Whether `updated_at` moves when a statement is run."""
    before = User.objects.get(pk=user.pk).updated_at
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE users_user SET {statement}")
    return bool(User.objects.get(pk=user.pk).updated_at != before)


@pytest.mark.parametrize("statement", ["name = 'Changed'", "age = 7", "password = 'x'"])
def test_notes_the_moment_when_a_field_changes(someone: User, statement: str) -> None:
    assert touched(someone, statement)


@pytest.mark.parametrize("statement", ["last_login = now()", "name = name", "age = age"])
def test_notes_nothing_when_no_field_of_theirs_changes(someone: User, statement: str) -> None:
    assert not touched(someone, statement)


# ── Two at once ───────────────────────────────────────────────────────────────────────────────


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What calls give that start together, each in a thread with a connection of its own."""
    start = threading.Barrier(len(calls))
    found: list[Any] = [None] * len(calls)

    def run(position: int) -> None:
        try:
            start.wait(10)
            found[position] = calls[position]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[n]) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


@pytest.mark.django_db(transaction=True)
def test_one_is_made_and_one_conflicts_when_two_make_the_same_email_at_once() -> None:
    assert Group.objects.filter(name="Manager").exists()
    token = token_for(UserFactory.create(group="Manager"))

    def make(email: str) -> Callable[[], int]:
        return lambda: Api(token).post("/users", {"email": email, "name": "New"}).status

    assert sorted(at_once(make("new@example.org"), make("NEW@example.org"))) == [201, 409]
    assert User.objects.filter(email="new@example.org").count() == 1


@pytest.mark.django_db(transaction=True)
def test_both_edits_last_when_two_change_different_fields_at_once() -> None:
    token = token_for(UserFactory.create(group="Manager"))
    path = f"/users/{UserFactory.create().pk}"

    def edit(body: dict[str, Any]) -> Callable[[], int]:
        return lambda: Api(token).patch(path, body).status

    assert at_once(edit({"name": "Changed"}), edit({"age": 77})) == [200, 200]
    data = Api(token).get(path).data
    assert (data["name"], data["age"]) == ("Changed", 77)
