"""Users and tokens from the command line."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.client import Api
from tests.factories import PASSWORD, UserFactory, token_for
from users.models import ApiToken, User

pytestmark = pytest.mark.django_db


def run(name: str, *arguments: str, **options: Any) -> tuple[str, str]:
    """What a command writes to standard output and to standard error."""
    out, err = StringIO(), StringIO()
    call_command(name, *arguments, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


# ── create_token ──────────────────────────────────────────────────────────────────────────────


def test_prints_the_token_and_nothing_else_when_made(nobody: User) -> None:
    out, _ = run("create_token", nobody.email)
    (token,) = out.splitlines()
    assert Api(token).get("/users/me").data["id"] == nobody.pk


def test_tells_about_it_on_standard_error_when_made(nobody: User) -> None:
    out, err = run("create_token", nobody.email)
    assert (nobody.email in err, "write" in err, out.strip() in err) == (True, True, False)


def test_finds_the_user_when_the_email_is_in_another_case(nobody: User) -> None:
    run("create_token", nobody.email.upper())
    assert ApiToken.objects.get().user == nobody


def test_the_token_only_reads_when_made_so(nobody: User) -> None:
    out, _ = run("create_token", nobody.email, "--scope", "read")
    assert Api(out.strip()).patch("/users/me", {"age": 3}).status == 403


def test_the_token_has_its_name_when_given_one(nobody: User) -> None:
    run("create_token", nobody.email, "--name", "web shop")
    assert ApiToken.objects.get().name == "web shop"


def test_the_token_ends_sooner_when_made_for_fewer_days(nobody: User) -> None:
    run("create_token", nobody.email)
    run("create_token", nobody.email, "--days", "0.5")
    long, short = ApiToken.objects.order_by("pk")
    assert short.expires_at is not None
    assert long.expires_at is not None
    assert short.expires_at < long.expires_at


@pytest.mark.parametrize(
    "arguments",
    [
        ["unknown@example.org"],
        ["inactive@example.org"],
        [],
        ["known@example.org", "--scope", "admin"],
        ["known@example.org", "--days", "x"],
        ["known@example.org", "--days", "0"],
        ["known@example.org", "--days", "-1"],
        ["known@example.org", "--days", "nan"],
        ["known@example.org", "--days", "1e9"],
        ["known@example.org", "--name", "x" * 101],
        ["known@example.org", "--name", ""],
    ],
)
def test_makes_no_token_when_an_argument_is_bad(arguments: list[str]) -> None:
    UserFactory.create(email="known@example.org")
    UserFactory.create(email="inactive@example.org", is_active=False)
    with pytest.raises(CommandError):
        run("create_token", *arguments)
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("email", ["unknown@example.org", "UNKNOWN@example.org"])
def test_names_the_email_when_there_is_no_such_user(email: str) -> None:
    with pytest.raises(CommandError, match=r"unknown@example\.org"):
        run("create_token", email)


# ── revoke_token ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("length", [9, None], ids=["prefix", "whole"])
def test_ends_the_token_when_it_is_given(nobody: User, length: int | None) -> None:
    text = token_for(nobody)
    out, _ = run("revoke_token", text[:length])
    assert (nobody.email in out, Api(text).get("/users/me").status) == (True, 401)


def test_does_not_print_the_token_when_it_ended_it(nobody: User) -> None:
    text = token_for(nobody)
    assert text not in "".join(run("revoke_token", text))


def test_leaves_the_other_tokens_when_it_ended_one(nobody: User) -> None:
    one, other = token_for(nobody), token_for(nobody)
    run("revoke_token", one)
    assert Api(other).get("/users/me").status == 200


@pytest.mark.parametrize("mangle", ["{}x", "sr_", "", "x{}", "sr_nothing", "é{}"])
def test_ends_nothing_when_no_token_fits(nobody: User, mangle: str) -> None:
    text = token_for(nobody)
    with pytest.raises(CommandError):
        run("revoke_token", mangle.format(text))
    assert Api(text).get("/users/me").status == 200


def test_ends_nothing_when_several_tokens_fit(nobody: User) -> None:
    texts = [token_for(nobody), token_for(nobody)]
    ApiToken.objects.update(prefix="sr_AbCdEf")
    with pytest.raises(CommandError, match="2 tokens"):
        run("revoke_token", "sr_AbCdEf")
    assert [Api(text).get("/users/me").status for text in texts] == [200, 200]


# ── ensure_admin ──────────────────────────────────────────────────────────────────────────────


def password_in(out: str) -> str:
    """The password that the command has printed."""
    return out.partition("Password:")[2].split()[0]


def test_makes_an_administrator_who_can_log_in_when_there_is_none() -> None:
    out, _ = run("ensure_admin")
    user = User.objects.get()
    body = {"email": user.email, "password": password_in(out)}
    assert (user.is_superuser, user.is_staff) == (True, True)
    assert Api().post("/auth/token", body).status == 201


def test_does_nothing_when_there_is_an_administrator(admin_user: User) -> None:
    assert run("ensure_admin") == ("", "")
    assert User.objects.get() == admin_user


def test_does_nothing_when_run_again() -> None:
    run("ensure_admin")
    assert run("ensure_admin") == ("", "")


def test_takes_email_and_password_when_the_settings_have_them(settings: Settings) -> None:
    settings.ADMIN_EMAIL, settings.ADMIN_PASSWORD = "Boss@Example.org", PASSWORD
    run("ensure_admin")
    body = {"email": "boss@example.org", "password": PASSWORD}
    assert Api().post("/auth/token", body).status == 201


def test_does_not_print_the_password_when_the_settings_have_it(settings: Settings) -> None:
    settings.ADMIN_PASSWORD = PASSWORD
    assert PASSWORD not in "".join(run("ensure_admin"))


def test_makes_another_when_the_only_administrator_is_inactive() -> None:
    UserFactory.create(is_superuser=True, is_active=False)
    run("ensure_admin")
    assert User.objects.filter(is_superuser=True, is_active=True).count() == 1


@pytest.mark.parametrize("rights", [{}, {"is_superuser": True, "is_active": False}], ids=str)
def test_names_the_email_when_it_belongs_to_somebody_else(
    settings: Settings, rights: dict[str, bool]
) -> None:
    UserFactory.create(email="taken@example.org", **rights)
    settings.ADMIN_EMAIL = "taken@example.org"
    with pytest.raises(CommandError, match=r"taken@example\.org"):
        run("ensure_admin")


def test_makes_nobody_when_the_email_in_the_settings_is_none(settings: Settings) -> None:
    settings.ADMIN_EMAIL = "nonsense"
    with pytest.raises(CommandError, match="ADMIN_EMAIL"):
        run("ensure_admin")
    assert not User.objects.exists()
