"""People in the admin: who may do what to whom, and what the pages show."""

from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.client import Api
from tests.factories import PASSWORD, ItemFactory, UserFactory, token_for
from users.models import User

LIST = "/admin/users/user/"
GOOD_PASSWORD = "plum-tree in the harbour"
NEW = {
    "email": "New@Example.org",
    "name": "New Person",
    "usable_password": "true",
    "password1": GOOD_PASSWORD,
    "password2": GOOD_PASSWORD,
}
SUPERUSER_FIELDS = ["is_superuser", "user_permissions"]


def change_url(user: User) -> str:
    """Where a user is changed."""
    return f"{LIST}{user.pk}/change/"


def text_of(page: Any) -> str:
    """A page as a person reads it."""
    return unescape(page.content.decode())


def filled(page: Any, **changes: Any) -> dict[str, Any]:
    """What a browser would send from an opened form, with some fields changed."""
    form = page.context["adminform"].form
    values = {bound.name: bound.value() for bound in form if not bound.field.disabled}
    sent = {
        name: [getattr(v, "pk", v) for v in value] if isinstance(value, list) else value
        for name, value in values.items()
        if value is not None and value is not False
    }
    return {name: value for name, value in {**sent, **changes}.items() if value is not None}


def save(page: Client, user: User, **changes: Any) -> Any:
    """Open a user's form, change some fields, and send it."""
    return page.post(change_url(user), filled(page.get(change_url(user)), **changes))


def errors_of(page: Any) -> str:
    """Everything that the page says is wrong."""
    return unescape(str(page.context["adminform"].form.errors))


# ── Who gets in ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "status"), [("viewer", 403), ("clerk", 403), ("manager", 200), ("admin_user", 200)]
)
def test_opens_the_list_when_one_may_read_users(
    client: Client, request: pytest.FixtureRequest, kind: str, status: int
) -> None:
    client.force_login(request.getfixturevalue(kind))
    assert client.get(LIST).status_code == status


def test_leads_to_the_log_in_when_one_may_not_open_the_admin(client: Client, db: None) -> None:
    client.force_login(UserFactory.create(group="Manager"))
    assert client.get(LIST).headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("email", ["person@example.org", "PERSON@Example.org"])
def test_signs_in_when_the_password_is_right(client: Client, db: None, email: str) -> None:
    UserFactory.create(email="person@example.org", is_staff=True)
    reply = client.post("/admin/login/", {"username": email, "password": PASSWORD})
    assert (reply.status_code, "_auth_user_id" in client.session) == (302, True)


# ── The list ──────────────────────────────────────────────────────────────────────────────────


def test_runs_as_many_queries_for_30_as_for_3_when_listed(manager_page: Client) -> None:
    UserFactory.create_batch(2, group="Clerk")
    manager_page.get(LIST)
    with CaptureQueriesContext(connection) as few:
        manager_page.get(LIST)
    UserFactory.create_batch(27, group="Viewer")
    with CaptureQueriesContext(connection) as many:
        page = manager_page.get(LIST)
    assert (len(many), len(page.context["cl"].result_list)) == (len(few), 30)


def test_finds_the_person_when_searched_without_accents(manager_page: Client) -> None:
    UserFactory.create(name="Zoë Brontë")
    page = manager_page.get(LIST, {"q": "bronte"})
    assert [user.name for user in page.context["cl"].result_list] == ["Zoë Brontë"]


def test_shows_the_groups_when_listed(manager_page: Client, clerk: User) -> None:
    assert '<td class="field-group_names">Clerk</td>' in text_of(manager_page.get(LIST))


@pytest.mark.parametrize("kind", ["manager", "admin_user"])
def test_offers_no_deletion_of_many_when_listed(
    client: Client, request: pytest.FixtureRequest, someone: User, kind: str
) -> None:
    client.force_login(request.getfixturevalue(kind))
    assert "delete_selected" not in text_of(client.get(LIST))


def test_deletes_nobody_when_the_action_is_sent_all_the_same(
    admin_page: Client, someone: User
) -> None:
    sent = {"action": "delete_selected", "_selected_action": [someone.pk], "post": "yes"}
    admin_page.post(LIST, sent)
    assert User.objects.filter(pk=someone.pk).exists()


# ── Adding ────────────────────────────────────────────────────────────────────────────────────


def test_makes_the_person_when_the_form_is_right(manager_page: Client) -> None:
    assert manager_page.post(f"{LIST}add/", NEW).status_code == 302
    reply = Api().post("/auth/token", {"email": "new@example.org", "password": GOOD_PASSWORD})
    assert reply.status == 201


def test_makes_a_person_who_cannot_log_in_when_no_password_is_wanted(
    manager_page: Client,
) -> None:
    sent = {"email": "new@example.org", "name": "New", "usable_password": "false"}
    assert manager_page.post(f"{LIST}add/", sent).status_code == 302
    assert not User.objects.get(email="new@example.org").has_usable_password()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nonsense"),
        ("name", "A"),
        ("name", " A "),
        ("name", "x" * 101),
        ("age", "151"),
        ("age", "-1"),
        ("password2", "password1"),
    ],
)
def test_makes_nobody_when_a_field_is_bad(
    manager_page: Client, someone: User, field: str, value: str
) -> None:
    before = User.objects.count()
    page = manager_page.post(f"{LIST}add/", {**NEW, field: value})
    assert (page.status_code, User.objects.count()) == (200, before)
    assert field in page.context["adminform"].form.errors


@pytest.mark.parametrize("email", ["sam@example.org", "SAM@example.org"])
def test_makes_nobody_when_somebody_has_the_email(
    manager_page: Client, someone: User, email: str
) -> None:
    page = manager_page.post(f"{LIST}add/", {**NEW, "email": email})
    assert (page.status_code, "has this e-mail" in errors_of(page)) == (200, True)


@pytest.mark.parametrize("password", ["password1", "8264915037", "plum-7", "newperson1"])
def test_makes_nobody_when_the_password_is_bad(manager_page: Client, password: str) -> None:
    sent = {**NEW, "password1": password, "password2": password}
    assert manager_page.post(f"{LIST}add/", sent).status_code == 200
    assert not User.objects.filter(email="new@example.org").exists()


# ── Changing ──────────────────────────────────────────────────────────────────────────────────


def test_changes_the_person_when_the_form_is_right(manager_page: Client, someone: User) -> None:
    clerks = Group.objects.get(name="Clerk")
    sent = {"name": "New Name", "email": "New@Example.org", "groups": [clerks.pk]}
    assert save(manager_page, someone, **sent).status_code == 302
    someone.refresh_from_db()
    assert (someone.name, someone.email) == ("New Name", "new@example.org")
    assert list(someone.groups.all()) == [clerks]


def test_changes_nothing_when_the_form_is_sent_as_it_was(manager_page: Client, clerk: User) -> None:
    before = User.objects.filter(pk=clerk.pk).values().get()
    assert save(manager_page, clerk).status_code == 302
    assert User.objects.filter(pk=clerk.pk).values().get() == before
    assert clerk.groups.get().name == "Clerk"


def test_deactivates_the_person_when_unticked(manager_page: Client, someone: User) -> None:
    api = Api(token_for(someone))
    save(manager_page, someone, is_active=None)
    assert api.get("/users/me").status == 401


@pytest.fixture(params=["superuser", "group", "inactive"])
def mighty(request: pytest.FixtureRequest, auditors: Group) -> User:
    """Somebody with a right that no Manager has."""
    superuser, active = request.param == "superuser", request.param != "inactive"
    user = UserFactory.create(name="Mighty Mouse", is_superuser=superuser, is_active=active)
    if not superuser:
        user.groups.add(auditors)
    return user


def test_shows_but_does_not_change_when_the_person_has_more_rights(
    manager_page: Client, mighty: User
) -> None:
    page = manager_page.get(change_url(mighty))
    assert (page.status_code, page.context["has_change_permission"]) == (200, False)


@pytest.mark.parametrize("path", ["change/", "password/", "delete/"])
def test_refuses_the_form_when_the_person_has_more_rights(
    manager_page: Client, mighty: User, path: str
) -> None:
    before = User.objects.filter(pk=mighty.pk).values().get()
    sent = {**NEW, "post": "yes", "seen": "anything", "is_active": "on"}
    assert manager_page.post(f"{LIST}{mighty.pk}/{path}", sent).status_code == 403
    assert User.objects.filter(pk=mighty.pk).values().get() == before


@pytest.mark.parametrize("field", SUPERUSER_FIELDS)
def test_hides_what_goes_beyond_groups_when_one_is_no_superuser(
    manager_page: Client, someone: User, field: str
) -> None:
    assert f"field-{field}" not in text_of(manager_page.get(change_url(someone)))


@pytest.mark.parametrize("field", SUPERUSER_FIELDS)
def test_shows_what_goes_beyond_groups_when_one_is_a_superuser(
    admin_page: Client, someone: User, field: str
) -> None:
    assert f"field-{field}" in text_of(admin_page.get(change_url(someone)))


def test_makes_no_superuser_when_the_field_is_sent_all_the_same(
    manager_page: Client, someone: User
) -> None:
    save(manager_page, someone, is_superuser="on", user_permissions=[1, 2, 3])
    someone.refresh_from_db()
    assert (someone.is_superuser, someone.user_permissions.count()) == (False, 0)


def test_offers_only_groups_one_has_the_rights_of_when_one_is_no_superuser(
    manager_page: Client, someone: User, auditors: Group
) -> None:
    form = manager_page.get(change_url(someone)).context["adminform"].form
    offered = {group.name for group in form.fields["groups"].queryset}
    assert offered == {"Viewer", "Clerk", "Manager"}


def test_grants_nothing_when_another_group_is_sent_all_the_same(
    manager_page: Client, someone: User, auditors: Group
) -> None:
    page = save(manager_page, someone, groups=[auditors.pk], name="Changed")
    assert (page.status_code, someone.groups.count()) == (200, 0)
    assert "groups" in page.context["adminform"].form.errors


@pytest.mark.parametrize("kind", ["manager", "admin_user"])
def test_keeps_ones_own_rights_when_one_sends_others(
    client: Client, request: pytest.FixtureRequest, kind: str
) -> None:
    me = request.getfixturevalue(kind)
    client.force_login(me)
    groups = [Group.objects.get(name="Viewer").pk]
    sent = {"is_staff": None, "is_active": None, "is_superuser": "", "groups": groups}
    assert save(client, me, **sent, name="New Name").status_code == 302
    found = User.objects.get(pk=me.pk)
    rights = (found.name, found.is_staff, found.is_active, found.is_superuser, found.groups.count())
    assert rights == ("New Name", True, True, me.is_superuser, me.groups.count())


# ── Somebody saved meanwhile ──────────────────────────────────────────────────────────────────


def test_saves_nothing_and_shows_both_versions_when_the_form_is_stale(
    manager_page: Client, someone: User
) -> None:
    opened = manager_page.get(change_url(someone))
    User.objects.filter(pk=someone.pk).update(name="Theirs", age=51)
    page = manager_page.post(change_url(someone), filled(opened, name="Mine", age="61"))
    shown = errors_of(page)
    assert [word in shown for word in ("Theirs", "Mine", "51", "61")] == [True] * 4
    assert User.objects.get(pk=someone.pk).name == "Theirs"


def test_says_so_when_somebody_deleted_the_person_meanwhile(
    manager_page: Client, someone: User
) -> None:
    opened = manager_page.get(change_url(someone))
    User.objects.filter(pk=someone.pk).delete()
    page = manager_page.post(change_url(someone), filled(opened, name="Mine"))
    assert page.status_code in {302, 404}


def test_saves_when_only_the_last_log_in_changed_meanwhile(
    manager_page: Client, someone: User
) -> None:
    opened = manager_page.get(change_url(someone))
    Client().force_login(someone)
    assert User.objects.get(pk=someone.pk).last_login is not None
    page = manager_page.post(change_url(someone), filled(opened, name="Mine"))
    assert page.status_code == 302


@pytest.mark.parametrize("seen", [None, "", "nonsense"])
def test_saves_nothing_when_the_form_does_not_say_what_was_seen(
    manager_page: Client, someone: User, seen: str | None
) -> None:
    page = save(manager_page, someone, name="Mine", seen=seen)
    assert (page.status_code, User.objects.get(pk=someone.pk).name) == (200, "Sam One")


def test_grants_no_group_again_when_it_was_taken_away_meanwhile(
    manager_page: Client, clerk: User
) -> None:
    opened = manager_page.get(change_url(clerk))
    clerk.groups.clear()
    manager_page.post(change_url(clerk), filled(opened, name="Mine"))
    assert clerk.groups.count() == 0


def test_no_page_shows_the_hash_of_the_password_when_opened(
    admin_page: Client, someone: User
) -> None:
    pages = [change_url(someone), f"{LIST}{someone.pk}/history/", LIST]
    assert not [url for url in pages if someone.password in text_of(admin_page.get(url))]


# ── Passwords ─────────────────────────────────────────────────────────────────────────────────


def set_password(page: Client, user: User, **fields: str) -> HttpResponse:
    """Send the form for somebody's password."""
    found = page.post(f"{LIST}{user.pk}/password/", {"usable_password": "true", **fields})
    assert isinstance(found, HttpResponse)
    return found


def test_ends_their_tokens_when_the_password_was_set(manager_page: Client, someone: User) -> None:
    api = Api(token_for(someone))
    reply = set_password(manager_page, someone, password1=GOOD_PASSWORD, password2=GOOD_PASSWORD)
    assert (reply.status_code, api.get("/users/me").status) == (302, 401)


def test_ends_their_tokens_when_the_password_was_taken_away(
    manager_page: Client, someone: User
) -> None:
    api = Api(token_for(someone))
    reply = set_password(manager_page, someone, usable_password="false", **{"unset-password": "1"})
    assert (reply.status_code, User.objects.get(pk=someone.pk).has_usable_password()) == (
        302,
        False,
    )
    assert api.get("/users/me").status == 401


def test_keeps_password_and_tokens_when_a_bad_one_was_sent(
    manager_page: Client, someone: User
) -> None:
    api = Api(token_for(someone))
    set_password(manager_page, someone, password1="password1", password2="password1")
    assert User.objects.get(pk=someone.pk).check_password(PASSWORD)
    assert api.get("/users/me").status == 200


# ── Deleting ──────────────────────────────────────────────────────────────────────────────────


def delete(page: Client, user: User) -> int:
    """The answer to the confirmed deletion."""
    return page.post(f"{LIST}{user.pk}/delete/", {"post": "yes"}).status_code


def test_deletes_the_person_when_confirmed(manager_page: Client, someone: User) -> None:
    assert delete(manager_page, someone) == 302
    assert not User.objects.filter(pk=someone.pk).exists()


@pytest.mark.parametrize("kind", ["manager", "admin_user"])
def test_deletes_the_person_when_they_have_tokens(
    client: Client, request: pytest.FixtureRequest, someone: User, kind: str
) -> None:
    client.force_login(request.getfixturevalue(kind))
    token_for(someone)
    assert delete(client, someone) == 302
    assert not User.objects.filter(pk=someone.pk).exists()


def test_deletes_nobody_when_they_own_items(manager_page: Client, someone: User) -> None:
    ItemFactory.create(owner=someone)
    delete(manager_page, someone)
    assert User.objects.filter(pk=someone.pk).exists()


@pytest.mark.parametrize("kind", ["manager", "admin_user"])
def test_deletes_nobody_when_it_is_oneself(
    client: Client, request: pytest.FixtureRequest, kind: str
) -> None:
    me = request.getfixturevalue(kind)
    client.force_login(me)
    assert delete(client, me) == 403


# ── History ───────────────────────────────────────────────────────────────────────────────────


def test_the_history_shows_before_and_after_when_a_field_changed(
    manager_page: Client, someone: User
) -> None:
    save(manager_page, someone, name="New Name")
    page = text_of(manager_page.get(f"{LIST}{someone.pk}/history/"))
    assert '<td class="before">Sam One</td><td class="after">New Name</td>' in page


@pytest.mark.parametrize("door", ["admin", "api"])
def test_the_history_names_who_and_how_when_a_field_changed(
    manager_page: Client, manager_api: Api, someone: User, door: str
) -> None:
    if door == "admin":
        save(manager_page, someone, name="New Name")
    else:
        manager_api.patch(f"/users/{someone.pk}", {"name": "New Name"})
    page = text_of(manager_page.get(f"{LIST}{someone.pk}/history/"))
    assert ("Updated by Max Manager" in page, f"through {door}" in page) == (True, True)


def test_the_history_shows_the_groups_when_they_changed(
    manager_page: Client, someone: User
) -> None:
    save(manager_page, someone, groups=[Group.objects.get(name="Clerk").pk])
    assert "Clerk" in text_of(manager_page.get(f"{LIST}{someone.pk}/history/"))


def test_the_history_is_refused_when_one_may_not_read_users(
    client: Client, clerk: User, someone: User
) -> None:
    client.force_login(clerk)
    assert client.get(f"{LIST}{someone.pk}/history/").status_code == 403


def test_the_history_escapes_when_a_name_holds_html(manager_page: Client) -> None:
    user = UserFactory.create(name="<script>alert(1)</script>")
    page = manager_page.get(f"{LIST}{user.pk}/history/").content.decode()
    assert "<script>alert(1)" not in page


# ── Others write at the same time ─────────────────────────────────────────────────────────────


def test_what_the_form_did_not_change_stays_when_it_changed_meanwhile(
    admin_page: Client, someone: User
) -> None:
    opened = admin_page.get(change_url(someone))
    User.objects.filter(pk=someone.pk).update(last_login="2030-01-01T00:00:00Z")
    admin_page.post(change_url(someone), filled(opened, name="Renamed"))
    someone.refresh_from_db()
    assert (someone.name, someone.last_login is not None) == ("Renamed", True)


def test_tokens_stay_when_a_form_for_a_first_password_is_refused(admin_page: Client) -> None:
    program = UserFactory.create(password=None)
    token = token_for(program)
    form = {
        "password1": "plum-tree in the harbour",
        "password2": "another",
        "usable_password": "true",
    }
    admin_page.post(f"{LIST}{program.pk}/password/", form)
    assert Api(token).get("/users/me").status == 200
