"""How often a password may be tried: at the log-in and where one's own is asked for again."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from config.models import RateCount
from tests.client import Api, Reply
from tests.factories import PASSWORD, UserFactory, token_for
from users.models import User

NEW = "a quite different passphrase"


@pytest.fixture(autouse=True)
def _near_limits(settings: Settings) -> None:
    """A limit that a test can reach."""
    settings.THROTTLE_LOGIN = "3/min"


def log_in(email: str, password: str = PASSWORD, address: str = "192.0.2.1") -> Reply:
    """What the API says to a log-in from an address."""
    return Api(address=address).post("/auth/token", {"email": email, "password": password})


def statuses(replies: list[Reply]) -> list[int]:
    return [reply.status for reply in replies]


def test_refused_when_one_account_is_tried_from_many_addresses(nobody: User) -> None:
    replies = [log_in(nobody.email, "wrong", f"192.0.2.{n}") for n in range(4)]
    assert statuses(replies) == [401, 401, 401, 429]
    assert log_in(nobody.email, address="192.0.2.99").status == 429


def test_refused_when_many_accounts_are_tried_from_one_address(db: None) -> None:
    replies = [log_in(f"{n}@example.org", "wrong") for n in range(4)]
    assert statuses(replies) == [401, 401, 401, 429]
    assert replies[-1].error["code"] == "throttled"


def test_others_log_in_from_elsewhere_when_one_account_is_refused(nobody: User) -> None:
    other = UserFactory.create()
    for n in range(4):
        log_in(nobody.email, "wrong", f"192.0.2.{n}")
    assert log_in(other.email, address="198.51.100.1").status == 201


@pytest.mark.parametrize("email", ["192.0.2.1", "address 192.0.2.1", "user {pk}"])
def test_nobody_else_is_refused_when_an_email_looks_like_something_else(
    email: str, nobody: User
) -> None:
    for _ in range(4):
        log_in(email.format(pk=nobody.pk), "wrong", "198.51.100.1")
    assert log_in(nobody.email, address="192.0.2.1").status == 201
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert Api(token_for(nobody)).post("/users/me/password", body).status == 200


def test_one_account_when_its_email_is_written_differently(nobody: User) -> None:
    forms = [nobody.email, nobody.email.upper(), f"  {nobody.email.title()} "]
    for n, form in enumerate(forms):
        log_in(form, "wrong", f"192.0.2.{n}")
    assert log_in(nobody.email, address="192.0.2.99").status == 429


def test_nothing_is_asked_of_the_database_when_a_log_in_is_refused(nobody: User) -> None:
    for _ in range(3):
        log_in(nobody.email, "wrong")
    with CaptureQueriesContext(connection) as captured:
        assert log_in(nobody.email).status == 429
    assert len(captured) == 0  # so no password can have been hashed either


@pytest.mark.parametrize("body", [b"{", b"[]", {"email": 7}, {}, b""], ids=str)
def test_counted_for_the_address_when_a_body_names_no_account(body: Any, nobody: User) -> None:
    for _ in range(3):
        reply = Api(address="192.0.2.1").post("/auth/token", body)
        assert reply.status in {400, 422}
    assert Api(address="192.0.2.1").post("/auth/token", body).status == 429
    assert log_in(nobody.email).status == 429
    assert log_in(nobody.email, address="192.0.2.2").status == 201


def test_counted_when_the_body_is_of_another_type(nobody: User) -> None:
    api = Api(address="192.0.2.1")
    replies = [api.post("/auth/token", b"x", content_type="text/plain") for _ in range(4)]
    assert statuses(replies) == [415, 415, 415, 429]


def test_the_nearest_limit_is_told_when_both_count(nobody: User, settings: Settings) -> None:
    settings.THROTTLE_ANONYMOUS = "100/min"
    assert log_in(nobody.email)["RateLimit-Remaining"] == "2"
    settings.THROTTLE_ANONYMOUS = "3/min"
    settings.THROTTLE_LOGIN = "100/min"
    reply = log_in(nobody.email)
    assert (reply["RateLimit-Limit"], reply["RateLimit-Remaining"]) == ("3", "1")


def test_logging_out_is_no_guess_when_it_is_done_often(nobody: User) -> None:
    assert {Api(token_for(nobody)).delete("/auth/token").status for _ in range(5)} == {200}


# ── One's own password, asked for again ───────────────────────────────────────────────────────
def test_refused_when_ones_password_is_guessed_at_to_change_it(nobody: User) -> None:
    api = Api(token_for(nobody))
    body = {"current_password": "wrong", "new_password": NEW}
    replies = [api.post("/users/me/password", body) for _ in range(4)]
    assert statuses(replies) == [422, 422, 422, 429]
    right = {"current_password": PASSWORD, "new_password": NEW}
    assert Api(token_for(nobody), "192.0.2.9").post("/users/me/password", right).status == 429
    assert log_in(nobody.email).status == 201


@pytest.mark.parametrize("path", ["/users/me", "/users/{id}"])
def test_refused_when_ones_password_is_guessed_at_to_change_the_email(
    path: str, nobody: User
) -> None:
    api = Api(token_for(nobody))
    body = {"current_password": "wrong", "email": "new@example.org"}
    replies = [api.patch(path.format(id=nobody.pk), body) for _ in range(4)]
    assert statuses(replies) == [422, 422, 422, 429]


def test_as_often_as_one_likes_when_no_password_is_tried(nobody: User) -> None:
    api = Api(token_for(nobody))
    replies = [api.patch("/users/me", {"name": f"Name {n}"}) for n in range(5)]
    assert statuses(replies) == [200] * 5


# ── Without the cache ─────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_cache")
def test_refused_by_the_database_when_the_cache_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    user = UserFactory.create()
    replies = [log_in(user.email, "wrong", f"192.0.2.{n}") for n in range(4)]
    assert statuses(replies) == [401, 401, 401, 429]
    assert replies[0]["RateLimit-Remaining"] == "2"
    assert int(replies[3]["Retry-After"]) > 0
    assert sorted(row.count for row in RateCount.objects.all()) == [1, 1, 1, 1, 4]
    assert len([r for r in caplog.records if r.name == "config.redis"]) == 1
