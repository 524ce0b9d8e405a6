"""Users over REST: made, replaced, changed, deleted."""

from typing import Any

import pytest

from tests.client import Api, Reply
from tests.factories import PASSWORD, ItemFactory, UserFactory, token_for
from tests.users.conftest import ClientOf
from users.models import User

GOOD_PASSWORD = "plum-tree in the harbour"
ANNA = {"email": "anna@example.org", "name": "Anna Fjord"}


def log_in(email: str, password: str) -> Reply:
    """What the API says to this e-mail and password."""
    return Api().post("/auth/token", {"email": email, "password": password})


def reasons(reply: Reply) -> set[tuple[str, str]]:
    """Each field that is wrong and why."""
    return {(detail["field"], detail["code"]) for detail in reply.error["details"]}


# ── POST ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["manager", "admin_user"])
def test_makes_the_user_when_one_may_add_users(client_of: ClientOf, kind: str) -> None:
    reply = client_of(kind).post("/users", ANNA)
    assert (reply.status, User.objects.get(pk=reply.data["id"]).name) == (201, "Anna Fjord")


@pytest.mark.parametrize("kind", ["nobody", "viewer", "clerk"])
def test_makes_nobody_when_one_may_not_add_users(client_of: ClientOf, kind: str) -> None:
    assert client_of(kind).post("/users", ANNA).status == 403
    assert not User.objects.filter(name="Anna Fjord").exists()


def test_location_leads_to_the_user_when_made(manager_api: Api) -> None:
    reply = manager_api.post("/users", ANNA)
    path = reply["Location"].partition("/api/v1")[2]
    assert manager_api.get(path).data == reply.data


def test_what_is_left_out_has_its_default_when_made(manager_api: Api) -> None:
    data = manager_api.post("/users", ANNA).data
    found = {key: data[key] for key in ("age", "is_active", "is_staff", "groups")}
    assert found == {"age": None, "is_active": True, "is_staff": False, "groups": []}


def test_what_is_sent_is_kept_when_made(manager_api: Api) -> None:
    sent = {**ANNA, "age": 30, "is_active": False, "is_staff": True, "groups": ["Viewer", "Clerk"]}
    data = manager_api.post("/users", sent).data
    assert {key: data[key] for key in sent} == {**sent, "groups": ["Clerk", "Viewer"]}


def test_can_log_in_when_made_with_a_password(manager_api: Api) -> None:
    manager_api.post("/users", {**ANNA, "password": GOOD_PASSWORD})
    assert log_in("anna@example.org", GOOD_PASSWORD).status == 201


def test_the_password_is_never_answered_when_made(manager_api: Api) -> None:
    reply = manager_api.post("/users", {**ANNA, "password": GOOD_PASSWORD})
    assert "password" not in reply.data


def test_the_password_is_kept_as_it_is_when_it_has_spaces_around(manager_api: Api) -> None:
    manager_api.post("/users", {**ANNA, "password": f" {GOOD_PASSWORD} "})
    statuses = [
        log_in(ANNA["email"], text).status for text in (f" {GOOD_PASSWORD} ", GOOD_PASSWORD)
    ]
    assert statuses == [201, 401]


@pytest.mark.parametrize("password", ["!", "None", "x"])
def test_cannot_log_in_when_made_without_a_password(manager_api: Api, password: str) -> None:
    manager_api.post("/users", ANNA)
    assert log_in("anna@example.org", password).status == 401


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("plum-7", "password_too_short"),
        ("password1", "password_too_common"),
        ("8264915037", "password_entirely_numeric"),
        ("anna@example.org", "password_too_similar"),
        ("annafjord1", "password_too_similar"),
        ("", "blank"),
        (None, "null"),
        (12345678, "invalid"),
        ("x" * 129, "max_length"),
        ("plum-tree\0harbour", "null_characters_not_allowed"),
    ],
)
def test_refuses_the_password_when_it_is_bad(
    manager_api: Api, password: object, reason: str
) -> None:
    reply = manager_api.post("/users", {**ANNA, "password": password})
    assert (reply.status, reasons(reply)) == (422, {("password", reason)})


def test_makes_nobody_when_the_password_is_bad(manager_api: Api) -> None:
    manager_api.post("/users", {**ANNA, "password": "password1"})
    assert not User.objects.filter(email=ANNA["email"]).exists()


def test_names_every_reason_when_a_password_is_bad_in_several_ways(manager_api: Api) -> None:
    reply = manager_api.post("/users", {**ANNA, "password": "12345"})
    assert {code for _, code in reasons(reply)} == {
        "password_too_short",
        "password_too_common",
        "password_entirely_numeric",
    }


def test_names_every_field_when_several_are_bad(manager_api: Api) -> None:
    sent = {"email": "x", "name": "y", "age": 151, "groups": ["Nothing"], "colour": "red"}
    reply = manager_api.post("/users", sent)
    assert reply.status == 422
    assert set(reply.codes) == {"email", "name", "age", "groups", "colour"}


def test_names_the_password_too_when_another_field_is_bad(manager_api: Api) -> None:
    reply = manager_api.post("/users", {**ANNA, "age": 151, "password": "12345"})
    assert (reply.status, set(reply.codes)) == (422, {"age", "password"})


@pytest.mark.parametrize("missing", ["email", "name"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_refuses_the_body_when_a_required_field_is_missing(
    manager_api: Api, someone: User, method: str, missing: str
) -> None:
    path = "/users" if method == "POST" else f"/users/{someone.pk}"
    reply = manager_api.call(method, path, {k: v for k, v in ANNA.items() if k != missing})
    assert (reply.status, reasons(reply)) == (422, {(missing, "required")})


@pytest.mark.parametrize(
    "body",
    [b"{", b"nonsense", b"[]", b'"text"', b"null", b'{"name": "a", "name": "b"}', b"\xff"],
)
def test_says_malformed_when_the_body_is_no_json_object(manager_api: Api, body: bytes) -> None:
    reply = manager_api.call("POST", "/users", body)
    assert (reply.status, reply.error["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    "email",
    [
        "",
        "anna",
        "anna@example",
        "an na@example.org",
        "anna@example.org, b@example.org",
        "anna@exam\nple.org",
        "an\0na@example.org",
        f"{'a' * 250}@example.org",
        None,
        ["anna@example.org"],
    ],
)
def test_refuses_the_email_when_it_is_none(manager_api: Api, email: object) -> None:
    reply = manager_api.post("/users", {**ANNA, "email": email})
    assert (reply.status, set(reply.codes)) == (422, {"email"})


def test_keeps_the_email_in_lower_case_when_sent_otherwise(manager_api: Api) -> None:
    reply = manager_api.post("/users", {**ANNA, "email": " Anna.FJORD@Example.ORG "})
    assert reply.data["email"] == "anna.fjord@example.org"


@pytest.mark.parametrize("email", ["sam@example.org", "SAM@Example.org"])
def test_conflicts_when_somebody_has_the_email(manager_api: Api, someone: User, email: str) -> None:
    reply = manager_api.post("/users", {**ANNA, "email": email})
    assert (reply.status, reply.error["code"], set(reply.codes)) == (409, "conflict", {"email"})


def test_says_invalid_rather_than_conflict_when_it_is_both(manager_api: Api, someone: User) -> None:
    reply = manager_api.post("/users", {**ANNA, "email": someone.email, "age": 151})
    assert (reply.status, set(reply.codes)) == (422, {"age"})


@pytest.mark.parametrize("name", ["x" * 100, "王芳", "  Al  "])
def test_takes_the_name_when_it_has_2_to_100_characters(manager_api: Api, name: str) -> None:
    reply = manager_api.post("/users", {**ANNA, "name": name})
    assert (reply.status, reply.data["name"]) == (201, name.strip())


@pytest.mark.parametrize("name", ["", " A ", "x" * 101, None, 12, "A\0B"])
def test_refuses_the_name_when_it_is_none(manager_api: Api, name: object) -> None:
    reply = manager_api.post("/users", {**ANNA, "name": name})
    assert (reply.status, set(reply.codes)) == (422, {"name"})


@pytest.mark.parametrize("age", [0, 150, None, 7])
def test_takes_the_age_when_it_is_from_0_to_150_or_null(manager_api: Api, age: object) -> None:
    reply = manager_api.post("/users", {**ANNA, "age": age})
    assert (reply.status, reply.data["age"]) == (201, age)


@pytest.mark.parametrize("age", [-1, 151, 10**30, 7.5, "7", True])
def test_refuses_the_age_when_it_is_none(manager_api: Api, age: object) -> None:
    reply = manager_api.post("/users", {**ANNA, "age": age})
    assert (reply.status, set(reply.codes)) == (422, {"age"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("is_active", None),
        ("is_active", "true"),
        ("is_staff", 1),
        ("groups", None),
        ("groups", "Clerk"),
        ("groups", [1]),
        ("groups", ["Clerk", "Nothing"]),
    ],
)
def test_refuses_a_value_when_it_is_of_another_type(
    manager_api: Api, field: str, value: object
) -> None:
    reply = manager_api.post("/users", {**ANNA, field: value})
    assert (reply.status, set(reply.codes)) == (422, {field})


@pytest.mark.parametrize(
    ("method", "field"),
    [
        ("POST", "colour"),
        ("PUT", "colour"),
        ("PATCH", "colour"),
        ("POST", "is_superuser"),
        ("PUT", "is_superuser"),
        ("PATCH", "is_superuser"),
        ("PATCH", "user_permissions"),
        ("PATCH", "last_login"),
        ("PATCH", "current_password"),
    ],
)
def test_refuses_a_field_when_the_resource_does_not_have_it(
    manager_api: Api, someone: User, method: str, field: str
) -> None:
    path = "/users" if method == "POST" else f"/users/{someone.pk}"
    reply = manager_api.call(method, path, {**ANNA, field: None})
    assert (reply.status, reasons(reply)) == (422, {(field, "unknown_field")})


def test_ignores_what_is_read_only_when_made(manager_api: Api, someone: User) -> None:
    sent = {**ANNA, "id": someone.pk, "created_at": "2001-01-01T00:00:00Z"}
    data = manager_api.post("/users", sent).data
    assert (data["id"] == someone.pk, data["created_at"][:4] == "2001") == (False, False)


# ── PUT ───────────────────────────────────────────────────────────────────────────────────────


def test_resets_what_is_left_out_when_put(manager_api: Api) -> None:
    user = UserFactory.create(age=41, is_active=False, is_staff=True, group="Clerk")
    data = manager_api.put(f"/users/{user.pk}", ANNA).data
    found = {key: data[key] for key in ("age", "is_active", "is_staff", "groups")}
    assert found == {"age": None, "is_active": True, "is_staff": False, "groups": []}


def test_keeps_the_password_when_put(manager_api: Api, someone: User) -> None:
    manager_api.put(f"/users/{someone.pk}", ANNA)
    assert log_in(ANNA["email"], PASSWORD).status == 201


def test_keeps_the_tokens_when_put(manager_api: Api, someone: User) -> None:
    theirs = Api(token_for(someone))
    manager_api.put(f"/users/{someone.pk}", ANNA)
    assert theirs.get("/users/me").status == 200


def test_changes_nothing_when_what_get_gave_is_put_back(manager_api: Api) -> None:
    path = f"/users/{UserFactory.create(age=41, is_staff=True, group='Clerk').pk}"
    got = manager_api.get(path).data
    assert manager_api.put(path, got).data == got


@pytest.mark.parametrize("kind", ["nobody", "clerk", "manager", "admin_user"])
def test_changes_nothing_when_what_get_gave_of_oneself_is_put_back(
    client_of: ClientOf, request: pytest.FixtureRequest, kind: str
) -> None:
    api, path = client_of(kind), f"/users/{request.getfixturevalue(kind).pk}"
    got = api.get(path).data
    assert api.put(path, got).data == got


# ── PATCH ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "New Name"),
        ("email", "new@example.org"),
        ("age", None),
        ("age", 0),
        ("is_active", False),
        ("is_staff", True),
        ("groups", ["Viewer"]),
        ("groups", []),
    ],
)
def test_changes_only_what_is_sent_when_patched(
    manager_api: Api, field: str, value: object
) -> None:
    path = f"/users/{UserFactory.create(age=41, group='Clerk').pk}"
    before = manager_api.get(path).data
    after = manager_api.patch(path, {field: value}).data
    before.pop("updated_at"), after.pop("updated_at")
    assert after == {**before, field: value}


def test_changes_nothing_when_patched_with_nothing(manager_api: Api, someone: User) -> None:
    before = manager_api.get(f"/users/{someone.pk}").data
    assert manager_api.patch(f"/users/{someone.pk}", {}).data == before


def test_changes_nothing_when_one_field_of_the_patch_is_bad(
    manager_api: Api, someone: User
) -> None:
    before = manager_api.get(f"/users/{someone.pk}").data
    reply = manager_api.patch(f"/users/{someone.pk}", {"name": "New Name", "age": 151})
    assert (reply.status, manager_api.get(f"/users/{someone.pk}").data) == (422, before)


def test_conflicts_when_patched_to_an_email_that_somebody_has(
    manager_api: Api, someone: User, nobody: User
) -> None:
    reply = manager_api.patch(f"/users/{nobody.pk}", {"email": someone.email.upper()})
    assert (reply.status, set(reply.codes)) == (409, {"email"})


def test_logs_in_with_the_new_password_only_when_it_was_patched(
    manager_api: Api, someone: User
) -> None:
    manager_api.patch(f"/users/{someone.pk}", {"password": GOOD_PASSWORD})
    statuses = [log_in(someone.email, text).status for text in (GOOD_PASSWORD, PASSWORD)]
    assert statuses == [201, 401]


def test_ends_their_tokens_when_the_password_was_patched(manager_api: Api, someone: User) -> None:
    theirs = Api(token_for(someone))
    manager_api.patch(f"/users/{someone.pk}", {"password": GOOD_PASSWORD})
    assert theirs.get("/users/me").status == 401


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("password1", "password_too_common"),
        ("sam@example.org", "password_too_similar"),
        (None, "null"),
    ],
)
def test_keeps_the_password_when_a_bad_one_is_patched(
    manager_api: Api, someone: User, password: object, reason: str
) -> None:
    reply = manager_api.patch(f"/users/{someone.pk}", {"password": password})
    assert (reply.status, reasons(reply)) == (422, {("password", reason)})
    assert log_in(someone.email, PASSWORD).status == 201


def test_refuses_their_tokens_at_once_when_deactivated(manager_api: Api, someone: User) -> None:
    theirs = Api(token_for(someone))
    assert theirs.get("/users/me").status == 200
    manager_api.patch(f"/users/{someone.pk}", {"is_active": False})
    assert theirs.get("/users/me").status == 401


# ── DELETE ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["manager", "admin_user"])
def test_deletes_the_user_when_nothing_refers_to_them(
    client_of: ClientOf, someone: User, kind: str
) -> None:
    reply = client_of(kind).delete(f"/users/{someone.pk}")
    assert (reply.status, reply.data) == (200, None)
    assert not User.objects.filter(pk=someone.pk).exists()


def test_says_404_when_deleted_again(manager_api: Api, someone: User) -> None:
    path = f"/users/{someone.pk}"
    assert [manager_api.delete(path).status for _ in range(2)] == [200, 404]


def test_refuses_their_tokens_when_deleted(manager_api: Api, someone: User) -> None:
    theirs = Api(token_for(someone))
    manager_api.delete(f"/users/{someone.pk}")
    assert theirs.get("/users/me").status == 401


def test_conflicts_when_the_user_to_delete_owns_items(manager_api: Api, someone: User) -> None:
    item = ItemFactory.create(owner=someone)
    reply = manager_api.delete(f"/users/{someone.pk}")
    assert (reply.status, reply.error["code"], item.sku in reply.error["message"]) == (
        409,
        "conflict",
        True,
    )
    assert User.objects.filter(pk=someone.pk).exists()


@pytest.mark.parametrize("kind", ["manager", "admin_user"])
def test_conflicts_when_one_deletes_oneself(
    client_of: ClientOf, request: pytest.FixtureRequest, kind: str
) -> None:
    me = request.getfixturevalue(kind)
    assert client_of(kind).delete(f"/users/{me.pk}").status == 409
    assert User.objects.filter(pk=me.pk).exists()


@pytest.mark.parametrize("kind", ["nobody", "viewer", "clerk"])
def test_refuses_to_delete_oneself_when_one_may_not_delete_users(
    client_of: ClientOf, request: pytest.FixtureRequest, kind: str
) -> None:
    assert client_of(kind).delete(f"/users/{request.getfixturevalue(kind).pk}").status == 403


def test_keeps_the_history_when_deleted(manager_api: Api, someone: User) -> None:
    manager_api.delete(f"/users/{someone.pk}")
    labels: list[Any] = list(
        User.events.rel.related_model.objects.filter(pgh_obj_id=someone.pk)  # type: ignore[attr-defined]
        .order_by("pk")
        .values_list("pgh_label", flat=True)
    )
    assert labels == ["insert", "delete"]
