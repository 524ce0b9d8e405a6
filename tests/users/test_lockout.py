"""The admin's log-in form, locked after too many failures: by account and by address apart."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db import connections
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.factories import PASSWORD, UserFactory
from users.models import User

LOG_IN, LIST = "/admin/login/", "/admin/axes/accessattempt/"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.1"


@pytest.fixture(autouse=True)
def _near_limits(settings: Settings) -> None:
    """A limit that a test can reach."""
    settings.THROTTLE_LOGIN = "3/min"


@pytest.fixture
def staff(db: None) -> User:
    """Somebody who may log in."""
    return UserFactory.create(email="staff@example.org", is_staff=True)


def log_in(email: str, password: str = PASSWORD, address: str = HERE) -> Any:
    """What the form answers: a 302 to who gets in."""
    body = {"username": email, "password": password}
    return Client(REMOTE_ADDR=address).post(LOG_IN, body)


def fail(email: str, times: int, address: str = HERE) -> list[int]:
    """The statuses of so many failures."""
    return [log_in(email, f"wrong {n}", address).status_code for n in range(times)]


def test_locked_at_the_limit_and_not_before_when_one_account_is_tried(staff: User) -> None:
    assert fail(staff.email, 2) == [200, 200]
    assert fail(staff.email, 1, ELSEWHERE) == [429]
    assert log_in(staff.email, address="203.0.113.7").status_code == 429


def test_gets_in_when_the_last_try_before_the_limit_is_right(staff: User) -> None:
    fail(staff.email, 2)
    assert log_in(staff.email).status_code == 302


def test_locked_when_one_address_tries_many_accounts(staff: User) -> None:
    for n in range(3):
        fail(f"{n}@example.org", 1)
    assert log_in(staff.email).status_code == 429
    assert log_in(staff.email, address=ELSEWHERE).status_code == 302


def test_another_gets_in_from_elsewhere_when_one_is_locked(staff: User) -> None:
    other = UserFactory.create(is_staff=True)
    fail(staff.email, 3)
    assert log_in(other.email, address=ELSEWHERE).status_code == 302


def test_one_account_when_its_email_is_written_differently(staff: User) -> None:
    for email in ("Staff@Example.org", "STAFF@EXAMPLE.ORG", " staff@example.org"):
        fail(email, 1)
    assert log_in(staff.email, address=ELSEWHERE).status_code == 429
    assert {a.username for a in AccessAttempt.objects.all()} == {staff.email}


def test_one_client_when_its_addresses_are_of_one_network(staff: User) -> None:
    for n in range(3):
        fail(f"{n}@example.org", 1, f"2001:db8::{n + 1}")
    assert log_in(staff.email, address="2001:db8::ffff").status_code == 429


def test_locked_when_the_address_is_none(staff: User) -> None:
    assert fail(staff.email, 3, "") == [200, 200, 429]


def test_forgiven_when_one_gets_in(staff: User) -> None:
    fail(staff.email, 2)
    log_in(staff.email)
    assert fail(staff.email, 2) == [200, 200]


def test_only_the_own_failures_are_forgiven_when_one_gets_in(staff: User) -> None:
    other = UserFactory.create(is_staff=True)
    fail(staff.email, 2)
    assert log_in(other.email).status_code == 302
    assert fail(staff.email, 1) == [429]


def test_open_again_when_the_wait_is_over(staff: User) -> None:
    fail(staff.email, 3)
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(seconds=61))
    assert log_in(staff.email).status_code == 302


def test_not_locked_for_longer_when_one_goes_on_trying(staff: User) -> None:
    fail(staff.email, 3)
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(seconds=50))
    reply = log_in(staff.email)
    assert (reply.status_code, 1 <= int(reply["Retry-After"]) <= 10) == (429, True)


@pytest.mark.parametrize("email", ["staff@example.org", "unknown@example.org"])
def test_a_page_of_the_admin_says_how_long_when_locked(email: str, staff: User) -> None:
    fail(email, 3)
    reply = log_in(email)
    page = reply.content.decode()
    assert (reply.status_code, 1 <= int(reply["Retry-After"]) <= 60) == (429, True)
    assert "stockroom/admin.css" in page
    assert "Too many attempts" in page
    assert f"Wait {reply['Retry-After']} seconds" in page
    assert "_auth_user_id" not in reply.client.session


def test_the_wait_is_that_of_the_account_when_another_address_asks(staff: User) -> None:
    fail(staff.email, times=3)
    almost_over = timezone.now() - timedelta(seconds=50)
    AccessAttempt.objects.update(attempt_time=almost_over)
    page = log_in(staff.email, address="203.0.113.77")
    assert (page.status_code, 1 <= int(page["Retry-After"]) <= 10) == (429, True)


def test_the_form_can_be_opened_when_locked(staff: User) -> None:
    fail(staff.email, 3)
    assert Client(REMOTE_ADDR=HERE).get(LOG_IN).status_code == 200


def test_the_database_does_not_grow_when_log_ins_go_on(staff: User) -> None:
    fail("someone@example.org", 2, ELSEWHERE)
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(seconds=61))
    log_in(staff.email)
    kinds: tuple[Any, ...] = (AccessAttempt, AccessLog, AccessFailureLog)
    assert [kind.objects.count() for kind in kinds] == [0, 0, 0]


def test_no_password_is_kept_or_logged_when_a_log_in_fails(
    staff: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    log_in("hunter2 in the wrong field", "hunter3")
    row = AccessAttempt.objects.values().get()
    assert "hunter3" not in str(row) + caplog.text
    assert "hunter2" not in caplog.text


def test_all_are_counted_when_many_fail_at_once(transactional_db: None) -> None:
    def attempt(n: int) -> int:
        try:
            return int(log_in("staff@example.org", f"wrong {n}").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(attempt, range(12)))
    assert log_in("staff@example.org", address=ELSEWHERE).status_code == 429


# ── To unlock ─────────────────────────────────────────────────────────────────────────────────
def test_unlocked_at_once_when_a_superuser_forgets_the_failures(
    staff: User, admin_page: Client
) -> None:
    fail(staff.email, 3)
    page = admin_page.get(LIST).content.decode()
    assert (staff.email in page, HERE in page) == (True, True)
    chosen = [str(attempt.pk) for attempt in AccessAttempt.objects.all()]
    admin_page.post(LIST, {"action": "unlock", "_selected_action": chosen})
    assert log_in(staff.email).status_code == 302


def test_one_attempt_can_be_looked_at_when_opened(staff: User, admin_page: Client) -> None:
    fail(staff.email, 1)
    page = admin_page.get(f"{LIST}{AccessAttempt.objects.get().pk}/change/")
    assert (page.status_code, staff.email in page.content.decode()) == (200, True)


@pytest.mark.parametrize("path", ["", "add/"])
def test_closed_when_a_manager_asks(path: str, manager_page: Client) -> None:
    assert manager_page.get(f"{LIST}{path}").status_code == 403


@pytest.mark.parametrize("kind", ["accesslog", "accessfailurelog"])
def test_no_page_when_nothing_is_kept_there(kind: str, admin_page: Client) -> None:
    assert admin_page.get(f"/admin/axes/{kind}/").status_code == 404
