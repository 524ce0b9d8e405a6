"""Tokens in the admin: made and shown once, listed, revoked."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.client import Api
from tests.factories import UserFactory, token_for
from users.models import ApiToken, User

LIST = "/admin/users/apitoken/"


def make(page: Client, whose: User, **fields: Any) -> Any:
    """Send the form for a new token."""
    return page.post(f"{LIST}add/", {"user": whose.pk, "name": "script", "scope": "read", **fields})


def shown_in(page: Any) -> str:
    """The token that a page shows."""
    found = re.search(r'value="(sr_[^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


def revoke(page: Client, *tokens: ApiToken) -> Any:
    """Revoke these in the list."""
    sent = {"action": "revoke", "_selected_action": [token.pk for token in tokens]}
    return page.post(LIST, sent, follow=True)


@pytest.mark.parametrize(
    ("kind", "status"), [("viewer", 403), ("clerk", 403), ("manager", 200), ("admin_user", 200)]
)
@pytest.mark.parametrize("path", ["", "add/"])
def test_opens_when_one_may_manage_tokens(
    client: Client, request: pytest.FixtureRequest, kind: str, status: int, path: str
) -> None:
    client.force_login(request.getfixturevalue(kind))
    assert client.get(f"{LIST}{path}").status_code == status


# ── Making ────────────────────────────────────────────────────────────────────────────────────


def test_the_token_opens_when_made(manager_page: Client, someone: User) -> None:
    page = make(manager_page, someone)
    assert Api(shown_in(page)).get("/users/me").data["id"] == someone.pk


def test_one_token_is_made_when_the_form_is_sent(manager_page: Client, someone: User) -> None:
    make(manager_page, someone)
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("button", ["_save", "_addanother", "_continue"])
def test_nothing_else_holds_the_token_when_made(
    manager_page: Client, someone: User, button: str
) -> None:
    page = make(manager_page, someone, **{button: "1"})
    text = shown_in(page)
    held = [
        *(str(message) for message in get_messages(page.wsgi_request)),
        *(morsel.value for morsel in page.cookies.values()),
        *(morsel.value for morsel in manager_page.cookies.values()),
        *map(str, manager_page.session.values()),
        *(f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()),
        *map(str, page.headers.values()),
    ]
    assert not [place for place in held if text in place]


def test_no_cache_keeps_the_page_when_made(manager_page: Client, someone: User) -> None:
    assert "no-store" in make(manager_page, someone).headers["Cache-Control"]


@pytest.mark.parametrize("path", ["", "{pk}/change/", "{pk}/history/"])
def test_no_page_shows_token_or_digest_when_it_was_made(
    manager_page: Client, someone: User, path: str
) -> None:
    text = shown_in(make(manager_page, someone))
    token = ApiToken.objects.get()
    page = manager_page.get(f"{LIST}{path.format(pk=token.pk)}")
    shown = page.content.decode()
    assert (page.status_code, text in shown, bytes(token.digest).hex() in shown) == (
        200,
        False,
        False,
    )


@pytest.fixture(params=["superuser", "group", "staff"])
def mighty(request: pytest.FixtureRequest, auditors: Group) -> User:
    """Somebody with a right that no Manager has."""
    user = UserFactory.create(is_superuser=request.param == "superuser", is_staff=True)
    if request.param != "superuser":
        user.groups.add(auditors)
    return user


def test_makes_no_token_when_the_user_has_more_rights(manager_page: Client, mighty: User) -> None:
    page = make(manager_page, mighty)
    assert (page.status_code, ApiToken.objects.exists()) == (200, False)
    assert "user" in page.context["adminform"].form.errors


def test_makes_the_token_when_it_is_ones_own(manager_page: Client, manager: User) -> None:
    make(manager_page, manager, scope="write")
    assert ApiToken.objects.get().user == manager


def test_makes_a_token_for_a_superuser_when_one_is_one(admin_page: Client) -> None:
    other = UserFactory.create(is_superuser=True)
    make(admin_page, other)
    assert ApiToken.objects.get().user == other


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"scope": "admin"},
        {"user": ""},
        {"user": "99999999"},
        {"expires_at_0": "2001-01-01", "expires_at_1": "10:00:00"},
        {"expires_at_0": "nonsense", "expires_at_1": "10:00:00"},
    ],
    ids=str,
)
def test_makes_no_token_when_a_field_is_bad(
    manager_page: Client, someone: User, fields: dict[str, str]
) -> None:
    page = make(manager_page, someone, **fields)
    assert (page.status_code, ApiToken.objects.exists()) == (200, False)


def test_makes_no_token_when_the_user_is_inactive(manager_page: Client) -> None:
    page = make(manager_page, UserFactory.create(is_active=False))
    assert (page.status_code, ApiToken.objects.exists()) == (200, False)


def test_finds_the_user_when_the_form_completes_a_name(manager_page: Client, someone: User) -> None:
    query = {"app_label": "users", "model_name": "apitoken", "field_name": "user", "term": "sam o"}
    found = manager_page.get("/admin/autocomplete/", query).json()["results"]
    assert [row["id"] for row in found] == [str(someone.pk)]


# ── The list ──────────────────────────────────────────────────────────────────────────────────


def test_runs_as_many_queries_for_30_as_for_3_when_listed(manager_page: Client) -> None:
    for user in UserFactory.create_batch(3):
        token_for(user)
    manager_page.get(LIST)
    with CaptureQueriesContext(connection) as few:
        manager_page.get(LIST)
    for user in UserFactory.create_batch(27):
        token_for(user)
    with CaptureQueriesContext(connection) as many:
        page = manager_page.get(LIST)
    assert (len(many), len(page.context["cl"].result_list)) == (len(few), 30)


def test_finds_the_token_when_searched_by_its_prefix(manager_page: Client, someone: User) -> None:
    token_for(someone)
    wanted = token_for(someone)
    page = manager_page.get(LIST, {"q": wanted[:9]})
    assert [token.prefix for token in page.context["cl"].result_list] == [wanted[:9]]


def test_is_never_edited_when_made(admin_page: Client, someone: User) -> None:
    token_for(someone)
    token = ApiToken.objects.get()
    assert admin_page.post(f"{LIST}{token.pk}/change/", {"name": "other"}).status_code == 403


def test_is_never_deleted_when_made(admin_page: Client, someone: User) -> None:
    token_for(someone)
    token = ApiToken.objects.get()
    assert admin_page.post(f"{LIST}{token.pk}/delete/", {"post": "yes"}).status_code == 403


def test_offers_only_to_revoke_when_listed(admin_page: Client, someone: User) -> None:
    token_for(someone)
    page = unescape(admin_page.get(LIST).content.decode())
    assert ('value="revoke"' in page, "delete_selected" in page) == (True, False)


def test_tells_which_still_open_when_listed(admin_page: Client, someone: User) -> None:
    for name in ("valid", "expired", "revoked"):
        token_for(someone)
        ApiToken.objects.filter(name="test").update(name=name)
    ApiToken.objects.filter(name="expired").update(expires_at=timezone.now())
    ApiToken.objects.filter(name="revoked").update(revoked_at=timezone.now())
    page = admin_page.get(LIST).content.decode()
    assert re.findall(r'field-state">(\w+)<', page) == ["revoked", "expired", "valid"]


def test_tells_when_it_was_used_and_revoked_when_it_is_looked_at(
    admin_page: Client, someone: User
) -> None:
    Api(token_for(someone)).get("/users/me")
    revoke(admin_page, ApiToken.objects.get())
    page = admin_page.get(f"{LIST}{ApiToken.objects.get().pk}/change/").content.decode()
    told = re.findall(r"<label>(.+?):</label>\s*<div class=\"readonly\">(.+?)</div>", page)
    assert {"Last used at", "Revoked at"} <= {name for name, value in told if value != "-"}


# ── Revoking ──────────────────────────────────────────────────────────────────────────────────


def test_opens_nothing_when_revoked(manager_page: Client, someone: User) -> None:
    api = Api(token_for(someone))
    revoke(manager_page, *ApiToken.objects.all())
    assert api.get("/users/me").status == 401


def test_says_how_many_when_revoked(manager_page: Client, someone: User) -> None:
    token_for(someone)
    token_for(someone)
    page = revoke(manager_page, *ApiToken.objects.all())
    assert [str(m) for m in page.context["messages"]] == ["2 tokens are revoked."]


def test_stays_when_its_user_has_more_rights(manager_page: Client, mighty: User) -> None:
    api = Api(token_for(mighty))
    page = revoke(manager_page, *ApiToken.objects.all())
    assert api.get("/users/me").status == 200
    assert any("rights that you do not have" in str(m) for m in page.context["messages"])


def test_keeps_its_date_when_revoked_again(manager_page: Client, someone: User) -> None:
    token_for(someone)
    before = timezone.now() - timedelta(days=1)
    ApiToken.objects.update(revoked_at=before)
    revoke(manager_page, *ApiToken.objects.all())
    assert ApiToken.objects.get().revoked_at == before


def test_revokes_nothing_when_one_may_only_look(client: Client, someone: User) -> None:
    auditor = UserFactory.create(is_staff=True)
    group = Group.objects.create(name="Lookers")
    group.permissions.set(
        Group.objects.get(name="Manager").permissions.filter(codename="view_apitoken")
    )
    auditor.groups.add(group)
    client.force_login(auditor)
    api = Api(token_for(someone))
    revoke(client, *ApiToken.objects.all())
    assert api.get("/users/me").status == 200
