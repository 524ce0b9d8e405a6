"""Nobody gains a right by managing users: what one lacks one can neither grant nor take over."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission

from tests.client import Api
from tests.factories import PASSWORD, ItemFactory, UserFactory, token_for
from tests.users.conftest import ClientOf, WithRights
from users.models import User

GOOD_PASSWORD = "plum-tree in the harbour"

# Every way to take over or harm an account.
ATTEMPTS = [
    pytest.param("PATCH", {"name": "Changed"}, id="name"),
    pytest.param("PATCH", {"password": GOOD_PASSWORD}, id="password"),
    pytest.param("PATCH", {"email": "mine@example.org"}, id="email"),
    pytest.param("PATCH", {"is_active": False}, id="deactivate"),
    pytest.param("PATCH", {"is_active": True}, id="activate"),
    pytest.param("PATCH", {"groups": []}, id="groups"),
    pytest.param("PUT", {"name": "Changed", "email": "mine@example.org"}, id="put"),
    pytest.param("DELETE", None, id="delete"),
]
TAKE_OVERS = [ATTEMPTS[n] for n in (1, 2, 4, 6, 7)]


def stored(user: User) -> dict[str, Any]:
    """The row as it is in the database, and its groups."""
    row = User.objects.filter(pk=user.pk).values().get()
    return {**row, "groups": list(user.groups.values_list("name", flat=True))}


@pytest.fixture(params=["superuser", "group"])
def mighty(request: pytest.FixtureRequest, auditors: Group) -> User:
    """Somebody with a right that no Manager has, in one of the ways to have it."""
    user = UserFactory.create(name="Mighty Mouse", is_superuser=request.param == "superuser")
    if request.param == "group":
        user.groups.add(auditors)
    return user


@pytest.mark.parametrize(("method", "body"), ATTEMPTS)
def test_changes_nothing_when_the_account_has_more_rights(
    manager_api: Api, mighty: User, method: str, body: Any
) -> None:
    before = stored(mighty)
    assert manager_api.call(method, f"/users/{mighty.pk}", body).status == 403
    assert stored(mighty) == before


@pytest.mark.parametrize(("method", "body"), TAKE_OVERS)
def test_changes_nothing_when_the_account_with_more_rights_is_inactive(
    manager_api: Api, mighty: User, method: str, body: Any
) -> None:
    User.objects.filter(pk=mighty.pk).update(is_active=False)
    before = stored(mighty)
    assert manager_api.call(method, f"/users/{mighty.pk}", body).status == 403
    assert stored(mighty) == before


def test_changes_nothing_when_the_account_has_a_right_of_its_own(
    manager_api: Api, someone: User
) -> None:
    someone.user_permissions.set(Permission.objects.filter(codename="delete_group"))
    before = stored(someone)
    assert manager_api.patch(f"/users/{someone.pk}", {"name": "Changed"}).status == 403
    assert stored(someone) == before


def test_changes_nothing_when_the_account_may_open_the_admin_and_one_may_not(viewer: User) -> None:
    api = Api(token_for(UserFactory.create(group="Manager", is_staff=False)))
    before = stored(viewer)
    assert api.patch(f"/users/{viewer.pk}", {"password": GOOD_PASSWORD}).status == 403
    assert stored(viewer) == before


def test_changes_the_account_when_it_has_the_same_rights(manager_api: Api) -> None:
    other = UserFactory.create(group="Manager", is_staff=True)
    assert manager_api.patch(f"/users/{other.pk}", {"name": "Changed"}).status == 200


def test_changes_a_superuser_when_one_is_a_superuser(client_of: ClientOf) -> None:
    other = UserFactory.create(is_superuser=True)
    reply = client_of("admin_user").patch(f"/users/{other.pk}", {"is_active": False})
    assert (reply.status, reply.data["is_active"]) == (200, False)


@pytest.mark.parametrize("group", ["Viewer", "Clerk", "Manager"])
def test_grants_the_group_when_one_has_its_rights(
    manager_api: Api, someone: User, group: str
) -> None:
    assert manager_api.patch(f"/users/{someone.pk}", {"groups": [group]}).data["groups"] == [group]


@pytest.mark.parametrize(
    ("method", "rights"),
    [
        ("PATCH", {"groups": ["Auditors"]}),
        ("PATCH", {"groups": ["Clerk", "Auditors"]}),
        ("PUT", {"groups": ["Auditors"], "email": "sam@example.org", "name": "Changed"}),
    ],
)
def test_grants_nothing_when_the_group_has_rights_one_lacks(
    manager_api: Api, someone: User, auditors: Group, method: str, rights: dict[str, Any]
) -> None:
    before = stored(someone)
    reply = manager_api.call(method, f"/users/{someone.pk}", rights)
    assert (reply.status, stored(someone)) == (403, before)


def test_makes_nobody_when_the_group_has_rights_one_lacks(
    manager_api: Api, auditors: Group
) -> None:
    new = {"email": "new@example.org", "name": "New", "groups": ["Auditors"]}
    assert manager_api.post("/users", new).status == 403
    assert not User.objects.filter(email="new@example.org").exists()


def test_grants_any_group_when_one_is_a_superuser(
    client_of: ClientOf, someone: User, auditors: Group
) -> None:
    reply = client_of("admin_user").patch(f"/users/{someone.pk}", {"groups": ["Auditors"]})
    assert reply.data["groups"] == ["Auditors"]


def test_grants_nothing_when_one_has_only_the_right_to_add_users(with_rights: WithRights) -> None:
    api = Api(token_for(with_rights("add_user", "view_user")))
    new = {"email": "new@example.org", "name": "New", "groups": ["Clerk"]}
    assert api.post("/users", new).status == 403


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_opens_the_admin_to_nobody_when_one_may_not_open_it(someone: User, method: str) -> None:
    api = Api(token_for(UserFactory.create(group="Manager", is_staff=False)))
    path = "/users" if method == "POST" else f"/users/{someone.pk}"
    body = {"email": "new@example.org", "name": "New", "is_staff": True}
    assert api.call(method, path, body).status == 403
    assert not User.objects.filter(is_staff=True).exists()


# ── One's own rights ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/users/me", "/users/{pk}"])
@pytest.mark.parametrize("kind", ["nobody", "manager"])
@pytest.mark.parametrize(
    "rights",
    [
        {"is_staff": True},
        {"is_staff": False},
        {"is_active": False},
        {"groups": ["Clerk", "Manager"]},
    ],
    ids=str,
)
def test_keeps_ones_own_rights_when_one_sends_others(
    client_of: ClientOf,
    request: pytest.FixtureRequest,
    kind: str,
    path: str,
    rights: dict[str, Any],
) -> None:
    me = request.getfixturevalue(kind)
    before = stored(me)
    reply = client_of(kind).patch(path.format(pk=me.pk), rights)
    assert (reply.status, stored(me)) == (200, before)


@pytest.mark.parametrize("path", ["/users/me", "/users/{pk}"])
@pytest.mark.parametrize("field", ["is_superuser", "user_permissions"])
def test_refuses_the_field_when_one_makes_oneself_a_superuser(
    client_of: ClientOf, manager: User, path: str, field: str
) -> None:
    reply = client_of("manager").patch(path.format(pk=manager.pk), {field: True})
    assert (reply.status, reply.codes) == (422, {field: "unknown_field"})


def test_keeps_ones_own_rights_when_one_puts_without_them(
    client_of: ClientOf, manager: User
) -> None:
    body = {"email": manager.email, "name": "Max Changed"}
    data = client_of("manager").put(f"/users/{manager.pk}", body).data
    assert (data["name"], data["groups"], data["is_staff"]) == ("Max Changed", ["Manager"], True)


# ── At once ───────────────────────────────────────────────────────────────────────────────────


def test_may_no_longer_when_the_right_was_taken_away(manager: User, manager_api: Api) -> None:
    assert manager_api.get("/users").status == 200
    manager.groups.clear()
    assert manager_api.get("/users").status == 403


def test_may_at_once_when_the_right_was_granted(nobody: User, client_of: ClientOf) -> None:
    api = client_of("nobody")
    assert api.get("/users").status == 403
    nobody.groups.add(Group.objects.get(name="Manager"))
    assert api.get("/users").status == 200


def test_still_owns_the_items_when_deletion_was_refused(manager_api: Api, someone: User) -> None:
    item = ItemFactory.create(owner=someone)
    manager_api.delete(f"/users/{someone.pk}")
    item.refresh_from_db()
    assert item.owner == someone


def test_logs_in_as_before_when_a_take_over_was_refused(manager_api: Api, mighty: User) -> None:
    manager_api.patch(f"/users/{mighty.pk}", {"password": GOOD_PASSWORD})
    statuses = [
        Api().post("/auth/token", {"email": mighty.email, "password": password}).status
        for password in (PASSWORD, GOOD_PASSWORD)
    ]
    assert statuses == [201, 401]
