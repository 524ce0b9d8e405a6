"""Who speaks: log-in, and the bearer token of a request."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.client import BASE, Api
from tests.factories import PASSWORD, UserFactory, token_for
from users import authentication
from users.authentication import AGAIN_S, REMEMBERED_S, SOON_S, Remembered
from users.models import LAST_USE_STEP, ApiToken, User

SECOND = timedelta(seconds=1)


def credentials(user: User) -> dict[str, str]:
    """What `user` logs in with."""
    return {"email": user.email, "password": PASSWORD}


# ── Log-in ────────────────────────────────────────────────────────────────────────────────────


def test_answers_a_token_that_opens_when_logged_in(anonymous: Api, nobody: User) -> None:
    reply = anonymous.post("/auth/token", credentials(nobody))
    assert reply.status == 201
    assert Api(reply.data["token"]).get("/users/me").data["id"] == nobody.pk


def test_says_when_the_token_ends_when_logged_in(anonymous: Api, nobody: User) -> None:
    data = anonymous.post("/auth/token", credentials(nobody)).data
    assert (data["expires_at"][-1], data["scope"]) == ("Z", "write")


def test_location_leads_to_the_token_when_logged_in(anonymous: Api, nobody: User) -> None:
    reply = anonymous.post("/auth/token", credentials(nobody))
    assert reply.response.has_header("Location")
    path = reply["Location"].partition(BASE)[2]
    assert Api(reply.data["token"]).get(path).data["id"] == reply.data["id"]


def test_logs_in_when_the_email_is_in_another_case(anonymous: Api, nobody: User) -> None:
    body = {"email": nobody.email.upper(), "password": PASSWORD}
    assert anonymous.post("/auth/token", body).status == 201


def test_logs_in_when_the_header_holds_an_old_token(nobody: User) -> None:
    assert Api("sr_old").post("/auth/token", credentials(nobody)).status == 201


@pytest.fixture
def refusal(anonymous: Api, nobody: User) -> object:
    """The answer to a wrong password."""
    reply = anonymous.post("/auth/token", {"email": nobody.email, "password": "wrong"})
    assert (reply.status, reply["WWW-Authenticate"]) == (401, "Bearer")
    return reply.error


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("unknown@example.org", PASSWORD),
        ("inactive@example.org", PASSWORD),
        ("register@example.org", ""),
        ("register@example.org", "!"),
        ("known@example.org", PASSWORD.upper()),
        ("known@example.org", f"{PASSWORD} "),
    ],
)
def test_says_the_same_as_to_a_wrong_password_when_refused(
    anonymous: Api, refusal: object, email: str, password: str
) -> None:
    UserFactory.create(email="known@example.org")
    UserFactory.create(email="inactive@example.org", is_active=False)
    UserFactory.create(email="register@example.org", password=None)
    reply = anonymous.post("/auth/token", {"email": email, "password": password or " "})
    assert (reply.status, reply.error) == (401, refusal)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, {"email", "password"}),
        ({"email": "a@example.org"}, {"password"}),
        ({"email": "a", "password": "b"}, {"email"}),
        ({"email": "a@example.org", "password": 7}, {"password"}),
        ({"email": "a@example.org", "password": "x" * 129}, {"password"}),
        ({"email": "a@example.org", "password": "b", "scope": "write"}, {"scope"}),
        ({"email": "a\0@example.org", "password": "b\0"}, {"email", "password"}),
    ],
)
def test_refuses_the_body_when_it_is_no_log_in(
    db: None, anonymous: Api, body: dict[str, object], named: set[str]
) -> None:
    reply = anonymous.post("/auth/token", body)
    assert (reply.status, set(reply.codes)) == (422, named)


def test_is_no_url_to_read_when_asked_with_get(nobody: User) -> None:
    assert Api(token_for(nobody)).get("/auth/token").status == 405


# ── Log-out ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scope", ["read", "write"])
def test_ends_the_token_in_use_when_logged_out(nobody: User, scope: str) -> None:
    api = Api(token_for(nobody, scope))
    reply = api.delete("/auth/token")
    assert (reply.status, reply.data, api.get("/users/me").status) == (200, None, 401)


def test_leaves_the_other_tokens_when_logged_out(nobody: User) -> None:
    one, other = Api(token_for(nobody)), Api(token_for(nobody))
    one.delete("/auth/token")
    assert other.get("/users/me").status == 200


# ── The header ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "form", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {}", "Bearer {} "]
)
def test_opens_when_the_header_holds_the_token(nobody: User, form: str) -> None:
    header = form.format(token_for(nobody))
    assert Api().get("/users/me", Authorization=header).status == 200


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "Bearer",
        "Bearer ",
        "Bearer {}x",
        "Bearer {} {}",
        "Bearer, {}",
        "Basic {}",
        "Bearer é{}",
        "Bearer {}\xff",
        "Bearer {}\0",
        "\0",
        "é",
        "Bearer ' OR 1=1 --",
        "Bearer " + "x" * 5000,
    ],
)
def test_opens_nothing_when_the_header_is_mangled(nobody: User, form: str) -> None:
    token = token_for(nobody)
    reply = Api().get("/users/me", Authorization=form.replace("{}", token))
    assert (reply.status, reply.error["code"], reply["WWW-Authenticate"]) == (
        401,
        "not_authenticated",
        "Bearer",
    )


def test_opens_nothing_when_the_case_of_the_token_is_changed(nobody: User) -> None:
    assert Api(token_for(nobody).swapcase()).get("/users/me").status == 401


@pytest.mark.parametrize("kept", ["prefix", "digest"])
def test_opens_nothing_when_what_is_kept_of_the_token_is_sent(nobody: User, kept: str) -> None:
    token_for(nobody)
    value = getattr(ApiToken.objects.get(), kept)
    text = value if isinstance(value, str) else bytes(value).hex()
    assert Api(text).get("/users/me").status == 401


def test_opens_nothing_when_the_token_has_expired(nobody: User) -> None:
    api = Api(token_for(nobody))
    assert api.get("/users/me").status == 200
    ApiToken.objects.update(expires_at=timezone.now() - SECOND)
    assert api.get("/users/me").status == 401


def test_opens_when_the_token_has_no_end(nobody: User) -> None:
    api = Api(token_for(nobody))
    ApiToken.objects.update(expires_at=None)
    assert api.get("/users/me").status == 200


def test_opens_nothing_when_the_token_was_revoked(nobody: User) -> None:
    api = Api(token_for(nobody))
    ApiToken.objects.update(revoked_at=timezone.now())
    assert api.get("/users/me").status == 401


def test_opens_nothing_when_the_user_is_inactive(nobody: User) -> None:
    api = Api(token_for(nobody))
    User.objects.filter(pk=nobody.pk).update(is_active=False)
    assert api.get("/users/me").status == 401


@pytest.mark.parametrize("state", ["unknown", "expired", "revoked", "inactive"])
def test_says_the_same_when_a_token_does_not_open(nobody: User, state: str) -> None:
    token = token_for(nobody)
    if state == "unknown":
        ApiToken.objects.all().delete()
    if state == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - SECOND)
    if state == "revoked":
        ApiToken.objects.update(revoked_at=timezone.now())
    if state == "inactive":
        User.objects.update(is_active=False)
    assert Api(token).get("/users/me").error == Api("sr_nothing").get("/users/me").error


def test_the_session_of_the_admin_opens_nothing_when_there_is_no_token(
    admin_page: Client,
) -> None:
    assert admin_page.get(f"{BASE}/users").status_code == 401


def test_a_token_in_the_query_opens_nothing_when_there_is_no_header(nobody: User) -> None:
    assert Api().get(f"/users/me?token={token_for(nobody)}").status == 401


# ── What is kept ──────────────────────────────────────────────────────────────────────────────


def test_nothing_in_the_row_tells_the_token_when_it_was_made(nobody: User) -> None:
    text = token_for(nobody)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM users_apitoken t")
        (row,) = cursor.fetchone()
    assert (text in row, text[9:] in row, text.encode().hex() in row) == (False, False, False)


def test_writes_the_use_when_the_token_is_used_first(nobody: User) -> None:
    Api(token_for(nobody)).get("/users/me")
    assert ApiToken.objects.get().last_used_at is not None


def test_writes_no_use_when_the_last_is_under_ten_minutes_old(nobody: User) -> None:
    api = Api(token_for(nobody))
    ApiToken.objects.update(last_used_at=timezone.now() - LAST_USE_STEP + timedelta(minutes=1))
    with CaptureQueriesContext(connection) as captured:
        api.get("/users/me")
    assert not [q for q in captured.captured_queries if q["sql"].startswith("UPDATE")]


def test_writes_the_use_again_when_the_last_is_over_ten_minutes_old(nobody: User) -> None:
    api = Api(token_for(nobody))
    long_ago = timezone.now() - LAST_USE_STEP - SECOND
    ApiToken.objects.update(last_used_at=long_ago)
    api.get("/users/me")
    assert ApiToken.objects.get().last_used_at != long_ago


def test_runs_one_query_when_the_token_opens(nobody: User) -> None:
    api = Api(token_for(nobody))
    api.get("/users/me")
    with CaptureQueriesContext(connection) as captured:
        api.get("/users/me")
    asked = [q["sql"] for q in captured.captured_queries if "users_apitoken" in q["sql"]]
    assert len(asked) == 1


# ── What is remembered ────────────────────────────────────────────────────────────────────────
@dataclass
class Clock:
    """The time, as the tokens' memory has it."""

    now: float = 0.0

    def monotonic(self) -> float:
        """What `time.monotonic` would say."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Tokens are remembered, and time passes when a test says so."""
    clock = Clock()
    monkeypatch.setattr(authentication, "remembered", Remembered())
    monkeypatch.setattr(authentication, "time", clock)
    return clock


@pytest.fixture
def many(db: None) -> list[Api]:
    """Clients of several people, who may read users."""
    return [Api(token_for(UserFactory.create(group="Manager"))) for _ in range(3)]


def statements(clients: list[Api], path: str = "/items") -> list[str]:
    """What is asked about tokens and rights while each asks for what it may see."""
    with CaptureQueriesContext(connection) as captured:
        assert [client.get(path).status for client in clients] == [200] * len(clients)
    reads = [
        each["sql"] for each in captured.captured_queries if not each["sql"].startswith("UPDATE")
    ]
    return [sql for sql in reads if "users_apitoken" in sql or "auth_permission" in sql]


def test_asks_nothing_when_the_token_was_just_read(clock: Clock, many: list[Api]) -> None:
    assert len(statements(many)) == len(many)
    clock.now = AGAIN_S - 0.01
    assert statements(many) == []


def test_believes_what_is_known_until_a_second_is_over_when_another_reads(
    clock: Clock, many: list[Api]
) -> None:
    statements(many)
    with authentication.remembered._reading:
        clock.now = REMEMBERED_S - 0.01
        assert statements(many) == []
        clock.now = REMEMBERED_S
        assert len(statements(many)) == 1


@pytest.mark.parametrize("later_s", [AGAIN_S, REMEMBERED_S])
def test_one_statement_reads_all_tokens_in_use_when_they_are_old(
    clock: Clock, many: list[Api], later_s: float
) -> None:
    statements(many)
    for _ in range(3):
        clock.now += later_s
        assert len(statements(many)) == 1


def test_one_statement_reads_all_rights_that_were_asked_for_when_a_second_is_over(
    clock: Clock, many: list[Api]
) -> None:
    statements(many, "/users")
    clock.now = REMEMBERED_S
    assert len(statements(many, "/users")) == 2  # the tokens; the rights


def test_a_token_out_of_use_is_read_no_more_when_others_are(clock: Clock, many: list[Api]) -> None:
    statements(many)
    for second in (1, 2):
        clock.now = second * REMEMBERED_S
        statements(many[1:])
    assert len(statements(many)) == 1


@pytest.mark.parametrize("later", [SOON_S + 0.01, REMEMBERED_S])
def test_refused_within_a_second_when_a_token_is_revoked_and_others_are_read(
    clock: Clock, many: list[Api], nobody: User, later: float
) -> None:
    mine = Api(token_for(nobody))
    statements([mine, *many])
    ApiToken.objects.filter(user=nobody).update(revoked_at=timezone.now())
    clock.now = later
    statements([Api(token_for(UserFactory.create())), *many])  # one that is new reads the others
    assert mine.get("/users/me").status == 401


def test_a_revoked_token_opens_nothing_when_a_second_is_over(clock: Clock, nobody: User) -> None:
    api = Api(token_for(nobody))
    clock.now = REMEMBERED_S
    assert api.get("/users/me").status == 200
    ApiToken.objects.update(revoked_at=timezone.now())
    clock.now += REMEMBERED_S
    assert api.get("/users/me").status == 401


def test_a_right_is_gone_within_a_second_when_others_are_read(
    clock: Clock, many: list[Api], manager: User
) -> None:
    mine = Api(token_for(manager))
    statements([mine, *many], "/users")
    manager.groups.clear()
    clock.now = REMEMBERED_S
    statements(many, "/users")
    assert mine.get("/users").status == 403


def test_writes_each_use_once_in_ten_minutes_when_tokens_are_remembered(
    clock: Clock, many: list[Api]
) -> None:
    statements(many)
    assert not ApiToken.objects.filter(last_used_at=None).exists()
    before = timezone.now()
    statements(many)
    clock.now = REMEMBERED_S
    statements(many)
    assert not ApiToken.objects.filter(last_used_at__gte=before).exists()


def test_the_use_of_all_that_are_in_use_is_written_at_once_when_it_is_due(
    clock: Clock, many: list[Api]
) -> None:
    statements(many)
    ApiToken.objects.update(last_used_at=timezone.now() - LAST_USE_STEP / 2 - SECOND)
    first = ApiToken.objects.earliest("pk")
    ApiToken.objects.filter(pk=first.pk).update(
        last_used_at=timezone.now() - LAST_USE_STEP - SECOND
    )
    clock.now = REMEMBERED_S
    before = timezone.now()
    statements(many[1:])
    statements(many[:1])
    assert ApiToken.objects.filter(last_used_at__gte=before).count() == len(many)


def test_only_the_newest_are_remembered_when_there_are_more_than_fit(
    clock: Clock, many: list[Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "remembered", Remembered(most=1))
    statements(many)
    assert (len(statements(many[-1:])), len(statements(many[:1]))) == (0, 1)


# ── What a token that only reads can do ───────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/users", "/users/me", "/users/{pk}", "/tokens", "/items"])
def test_reads_when_the_scope_is_read(manager: User, path: str) -> None:
    api = Api(token_for(manager, "read"))
    assert api.get(path.format(pk=manager.pk)).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *[(method, "/users/{pk}") for method in ("PUT", "PATCH", "DELETE")],
        ("POST", "/users"),
        ("PATCH", "/users/me"),
        ("POST", "/users/me/password"),
        ("POST", "/tokens"),
        ("DELETE", "/tokens/{token}"),
        ("POST", "/items"),
    ],
)
def test_writes_nothing_when_the_scope_is_read(
    admin_user: User, someone: User, method: str, path: str
) -> None:
    api = Api(token_for(admin_user, "read"))
    url = path.format(pk=someone.pk, token=ApiToken.objects.get().pk)
    body = {"name": "Changed", "email": "changed@example.org", "sku": "A"}
    assert api.call(method, url, body).status == 403
    assert not User.objects.filter(name="Changed").exists()


def test_may_no_more_than_its_user_when_the_scope_is_write(nobody: User, someone: User) -> None:
    api = Api(token_for(nobody))
    assert [api.get("/users").status, api.delete(f"/users/{someone.pk}").status] == [403, 404]


@pytest.mark.django_db
def test_old_tokens_stay_dead_when_the_user_is_activated_again() -> None:
    user = UserFactory.create()
    api = Api(token_for(user))
    User.objects.filter(pk=user.pk).update(is_active=False)
    User.objects.filter(pk=user.pk).update(is_active=True)
    assert api.get("/users/me").status == 401
