"""Oneself over REST: read, edited, given another e-mail and another password."""

from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpRequest
from pytest_django import Settings

from tests.client import Api, Reply
from tests.factories import PASSWORD, token_for
from tests.users.conftest import ClientOf
from users.models import ApiToken, User

GOOD_PASSWORD = "plum-tree in the harbour"
MY_PATHS = ["/users/me", "/users/{pk}"]

my_paths = pytest.mark.parametrize("path", MY_PATHS)


@pytest.fixture
def mine(nobody: User) -> Api:
    """The client of somebody without a group."""
    return Api(token_for(nobody))


def log_in(user: User, password: str) -> Reply:
    """What the API says to this e-mail and password."""
    return Api().post("/auth/token", {"email": user.email, "password": password})


@my_paths
@pytest.mark.parametrize("kind", ["nobody", "manager", "admin_user"])
def test_changes_oneself_when_patched(
    client_of: ClientOf, request: pytest.FixtureRequest, kind: str, path: str
) -> None:
    me = request.getfixturevalue(kind)
    data = client_of(kind).patch(path.format(pk=me.pk), {"name": "New Name", "age": 33}).data
    assert (data["name"], data["age"]) == ("New Name", 33)


@my_paths
@pytest.mark.parametrize("field", ["password", "is_superuser"])
def test_refuses_the_field_when_one_does_not_edit_it_so(
    mine: Api, nobody: User, path: str, field: str
) -> None:
    reply = mine.patch(path.format(pk=nobody.pk), {field: GOOD_PASSWORD})
    assert (reply.status, reply.codes) == (422, {field: "unknown_field"})


@my_paths
@pytest.mark.parametrize(
    "proof",
    [{}, {"current_password": "wrong"}, {"current_password": ""}],
    ids=str,
)
def test_keeps_ones_email_when_the_password_is_not_given(
    mine: Api, nobody: User, path: str, proof: dict[str, Any]
) -> None:
    reply = mine.patch(path.format(pk=nobody.pk), {"email": "new@example.org", **proof})
    assert (reply.status, set(reply.codes)) == (422, {"current_password"})
    assert User.objects.get(pk=nobody.pk).email == nobody.email


@my_paths
def test_changes_ones_email_when_the_password_is_given(mine: Api, nobody: User, path: str) -> None:
    sent = {"email": "New@Example.org", "current_password": PASSWORD}
    reply = mine.patch(path.format(pk=nobody.pk), sent)
    assert (reply.status, reply.data["email"]) == (200, "new@example.org")


@my_paths
def test_needs_no_password_when_the_email_stays_the_same(
    mine: Api, nobody: User, path: str
) -> None:
    reply = mine.patch(path.format(pk=nobody.pk), {"email": nobody.email.upper()})
    assert (reply.status, reply.data["email"]) == (200, nobody.email)


def test_keeps_ones_email_when_it_is_put_without_the_password(mine: Api, nobody: User) -> None:
    body = {"email": "new@example.org", "name": "New Name"}
    assert mine.put(f"/users/{nobody.pk}", body).status == 422


def test_keeps_ones_email_when_there_is_no_password_to_give(nobody: User, mine: Api) -> None:
    nobody.set_unusable_password()
    nobody.save()
    sent = {"email": "new@example.org", "current_password": ""}
    assert mine.patch("/users/me", sent).status == 422


def test_conflicts_when_ones_new_email_is_somebodys(mine: Api, someone: User) -> None:
    reply = mine.patch("/users/me", {"email": someone.email, "current_password": PASSWORD})
    assert (reply.status, set(reply.codes)) == (409, {"email"})


def test_does_not_answer_the_password_when_it_was_sent(mine: Api) -> None:
    reply = mine.patch("/users/me", {"name": "New Name", "current_password": PASSWORD})
    assert "current_password" not in reply.data


def test_resets_the_age_when_one_puts_without_it(mine: Api, nobody: User) -> None:
    mine.patch("/users/me", {"age": 33})
    body = {"email": nobody.email, "name": nobody.name}
    assert mine.put(f"/users/{nobody.pk}", body).data["age"] is None


# ── The password ──────────────────────────────────────────────────────────────────────────────


def change(api: Api, current: object, new: object) -> Reply:
    """What the API says to a change of password."""
    body = {"current_password": current, "new_password": new}
    return api.post("/users/me/password", body)


def test_logs_in_with_the_new_password_only_when_it_was_changed(mine: Api, nobody: User) -> None:
    reply = change(mine, PASSWORD, GOOD_PASSWORD)
    assert (reply.status, reply.data) == (200, None)
    assert [log_in(nobody, text).status for text in (GOOD_PASSWORD, PASSWORD)] == [201, 401]


def test_ends_every_token_when_the_password_was_changed(mine: Api, nobody: User) -> None:
    other = Api(token_for(nobody))
    change(mine, PASSWORD, GOOD_PASSWORD)
    assert [api.get("/users/me").status for api in (mine, other)] == [401, 401]


def test_leaves_the_tokens_of_others_when_the_password_was_changed(
    mine: Api, someone: User
) -> None:
    theirs = Api(token_for(someone))
    change(mine, PASSWORD, GOOD_PASSWORD)
    assert theirs.get("/users/me").status == 200


@pytest.mark.parametrize(
    ("current", "new", "named"),
    [
        ("wrong", GOOD_PASSWORD, {"current_password"}),
        ("", GOOD_PASSWORD, {"current_password"}),
        (PASSWORD, "password1", {"new_password"}),
        (PASSWORD, "plum-7", {"new_password"}),
        (PASSWORD, "8264915037", {"new_password"}),
        (PASSWORD, "nogroup1", {"new_password"}),
        (PASSWORD, None, {"new_password"}),
        (None, None, {"current_password", "new_password"}),
    ],
)
def test_keeps_password_and_tokens_when_either_is_bad(
    mine: Api, nobody: User, current: object, new: object, named: set[str]
) -> None:
    reply = change(mine, current, new)
    assert (reply.status, set(reply.codes)) == (422, named)
    assert (mine.get("/users/me").status, log_in(nobody, PASSWORD).status) == (200, 201)


def test_keeps_the_tokens_when_only_the_hash_was_upgraded(
    nobody: User, mine: Api, settings: Settings
) -> None:
    weak = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)
    User.objects.filter(pk=nobody.pk).update(password=weak)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    assert authenticate(HttpRequest(), username=nobody.email, password=PASSWORD) == nobody
    assert User.objects.get(pk=nobody.pk).password.startswith("md5")
    assert not ApiToken.objects.filter(user=nobody, revoked_at__isnull=False).exists()
