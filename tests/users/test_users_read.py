"""Users over REST: who sees whom, and how lists are asked for."""

from urllib.parse import quote, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.client import BASE, Api
from tests.factories import UserFactory, token_for
from tests.users.conftest import ClientOf, WithRights
from users.models import User

SIGNED_IN = ["nobody", "viewer", "clerk", "manager", "admin_user"]
UNPRIVILEGED = ["nobody", "viewer", "clerk"]
PRIVILEGED = ["manager", "admin_user"]
SHAPE = {
    "id",
    "email",
    "name",
    "age",
    "is_active",
    "is_staff",
    "groups",
    "created_at",
    "updated_at",
}


def names(api: Api, query: str) -> list[str]:
    """The names in a list of users."""
    return [user["name"] for user in api.get(f"/users?{query}").data]


def queries_of(api: Api, path: str) -> list[str]:
    """The SQL that a request runs."""
    with CaptureQueriesContext(connection) as captured:
        assert api.get(path).status == 200
    return [query["sql"] for query in captured.captured_queries]


# ── Who sees whom ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", PRIVILEGED)
def test_lists_everybody_when_one_may_read_users(
    client_of: ClientOf, someone: User, kind: str
) -> None:
    reply = client_of(kind).get("/users")
    assert (reply.status, reply.meta["total"]) == (200, User.objects.count())


@pytest.mark.parametrize("kind", UNPRIVILEGED)
def test_refuses_the_list_when_one_may_not_read_users(client_of: ClientOf, kind: str) -> None:
    reply = client_of(kind).get("/users")
    assert (reply.status, reply.error["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users"),
        ("POST", "/users"),
        ("GET", "/users/1"),
        ("PUT", "/users/1"),
        ("PATCH", "/users/1"),
        ("DELETE", "/users/1"),
        ("GET", "/users/me"),
        ("PATCH", "/users/me"),
        ("POST", "/users/me/password"),
        ("GET", "/tokens"),
        ("POST", "/tokens"),
        ("DELETE", "/tokens/1"),
        ("DELETE", "/auth/token"),
    ],
)
def test_asks_for_a_token_when_there_is_none(
    db: None, anonymous: Api, method: str, path: str
) -> None:
    reply = anonymous.call(method, path, {})
    assert (reply.status, reply.error["code"], reply["WWW-Authenticate"]) == (
        401,
        "not_authenticated",
        "Bearer",
    )


@pytest.mark.parametrize("kind", PRIVILEGED)
def test_shows_another_when_one_may_read_users(
    client_of: ClientOf, someone: User, kind: str
) -> None:
    assert client_of(kind).get(f"/users/{someone.pk}").data["name"] == "Sam One"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("kind", UNPRIVILEGED)
def test_hides_another_when_one_may_not_read_users(
    client_of: ClientOf, someone: User, kind: str, method: str
) -> None:
    api = client_of(kind)
    hidden = api.call(method, f"/users/{someone.pk}", {"name": "Changed"})
    missing = api.call(method, f"/users/{someone.pk + 1000}", {"name": "Changed"})
    assert (hidden.status, hidden.error) == (404, missing.error)


@pytest.mark.parametrize("kind", SIGNED_IN)
def test_shows_oneself_when_signed_in(
    client_of: ClientOf, request: pytest.FixtureRequest, kind: str
) -> None:
    me = request.getfixturevalue(kind)
    api = client_of(kind)
    assert api.get(f"/users/{me.pk}").data == api.get("/users/me").data
    assert api.get("/users/me").data["id"] == me.pk


@pytest.mark.parametrize("pk", ["0", "99999999", "9999999999999999999999", "abc", "-1", "1.5"])
def test_says_404_when_there_is_no_such_user(manager_api: Api, pk: str) -> None:
    assert manager_api.get(f"/users/{pk}").status == 404


def test_answers_every_field_and_no_other_when_shown(manager_api: Api, someone: User) -> None:
    assert manager_api.get(f"/users/{someone.pk}").data.keys() == SHAPE


def test_times_are_utc_with_a_z_when_shown(manager_api: Api, someone: User) -> None:
    data = manager_api.get(f"/users/{someone.pk}").data
    assert (data["created_at"][-1], data["updated_at"][-1]) == ("Z", "Z")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/users"),
        ("PATCH", "/users"),
        ("DELETE", "/users"),
        ("POST", "/users/{pk}"),
        ("PUT", "/users/me"),
        ("DELETE", "/users/me"),
        ("POST", "/users/me"),
        ("GET", "/users/me/password"),
    ],
)
def test_refuses_a_method_when_the_url_does_not_have_it(
    manager_api: Api, someone: User, method: str, path: str
) -> None:
    reply = manager_api.call(method, path.format(pk=someone.pk), {})
    assert (reply.status, reply.error["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("path", ["/users/me?fields=id,name", "/users/{pk}?fields=id,name"])
def test_answers_only_the_fields_asked_for_when_showing_one(
    manager_api: Api, someone: User, path: str
) -> None:
    assert manager_api.get(path.format(pk=someone.pk)).data.keys() == {"id", "name"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/users/{pk}", 200),
        ("PATCH", "/users/{pk}", 403),
        ("PUT", "/users/{pk}", 403),
        ("DELETE", "/users/{pk}", 403),
        ("POST", "/users", 403),
    ],
)
def test_reads_but_does_not_write_when_one_has_only_the_right_to_view(
    with_rights: WithRights, someone: User, method: str, path: str, status: int
) -> None:
    api = Api(token_for(with_rights("view_user")))
    body = None if method == "GET" else {"name": "Changed", "email": "changed@example.org"}
    assert api.call(method, path.format(pk=someone.pk), body).status == status


# ── Many at once ──────────────────────────────────────────────────────────────────────────────


def test_finds_many_and_names_the_missing_when_asked_by_ids(manager_api: Api) -> None:
    first, second = UserFactory.create_batch(2)
    reply = manager_api.get(f"/users?ids={first.pk},99999999,{second.pk},88888888,{first.pk}")
    assert [user["id"] for user in reply.data] == [second.pk, first.pk]
    assert reply.meta["missing"] == [99999999, 88888888]


def test_answers_an_empty_list_when_none_of_the_ids_exist(manager_api: Api) -> None:
    reply = manager_api.get("/users?ids=99999999")
    assert (reply.status, reply.data, reply.meta["missing"]) == (200, [], [99999999])


def test_reads_all_in_one_query_when_asked_by_ids(manager_api: Api) -> None:
    made = UserFactory.create_batch(4)
    manager_api.get("/users/me")  # the token's last use is written now
    ids = ",".join(str(user.pk) for user in made)
    asked = [
        sql for sql in queries_of(manager_api, f"/users?ids={ids}") if '"users_user"."id" IN' in sql
    ]
    assert len(asked) == 1


@pytest.mark.parametrize(
    "ids", ["", "x", "1,", "0", "-1", "1.5", "9223372036854775808", "1;2", "١"]
)
def test_refuses_ids_when_one_is_no_id(manager_api: Api, ids: str) -> None:
    reply = manager_api.get(f"/users?ids={quote(ids)}")
    assert (reply.status, set(reply.codes)) == (400, {"ids"})


def test_refuses_ids_when_there_are_too_many(manager_api: Api) -> None:
    reply = manager_api.get("/users?ids=" + ",".join(map(str, range(1, 202))))
    assert (reply.status, set(reply.codes)) == (400, {"ids"})


def test_answers_all_of_them_when_there_are_more_ids_than_a_page_holds(manager_api: Api) -> None:
    made = User.objects.bulk_create(
        User(email=f"bulk{n}@example.org", name=f"Bulk {n}") for n in range(60)
    )
    reply = manager_api.get("/users?ids=" + ",".join(str(user.pk) for user in made))
    assert (len(reply.data), reply.meta["missing"]) == (60, [])


def test_runs_as_many_queries_for_30_as_for_3_when_listed(manager_api: Api) -> None:
    UserFactory.create_batch(2, group="Clerk")
    manager_api.get("/users/me")
    few = len(queries_of(manager_api, "/users"))
    UserFactory.create_batch(27, group="Viewer")
    assert len(queries_of(manager_api, "/users")) == few


# ── Search and filters ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "search",
    ["zoë", "ZOE", "brontë zo", "ont", "z.b@", "EXAMPLE.net", "zo", "net zoe"],
)
def test_finds_the_person_when_name_or_email_holds_every_word(
    manager_api: Api, search: str
) -> None:
    UserFactory.create(name="Zoë Brontë", email="z.b@example.net")
    UserFactory.create(name="Somebody Else")
    reply = manager_api.get(f"/users?search={quote(search)}")
    assert [user["name"] for user in reply.data] == ["Zoë Brontë"]
    assert "approximate" not in reply.meta


@pytest.mark.parametrize("search", ["김민", "민준", "김"])
def test_finds_the_person_when_the_name_is_korean(manager_api: Api, search: str) -> None:
    UserFactory.create(name="김민준")
    UserFactory.create(name="이서연")
    assert names(manager_api, f"search={quote(search)}") == ["김민준"]


@pytest.mark.parametrize("search", ["%", "_", "\\", "%%%"])
def test_finds_nobody_when_the_search_is_a_wildcard_of_sql(manager_api: Api, search: str) -> None:
    assert names(manager_api, f"search={quote(search)}") == []


def test_answers_the_nearest_when_nobody_matches(manager_api: Api) -> None:
    UserFactory.create(name="Katherine Johnson")
    reply = manager_api.get("/users?search=Johnsen")
    assert [user["name"] for user in reply.data] == ["Katherine Johnson"]
    assert reply.meta["approximate"] is True


def test_lists_only_its_members_when_filtered_by_group(
    manager_api: Api, clerk: User, someone: User
) -> None:
    assert names(manager_api, "group=Clerk") == [clerk.name]


def test_lists_nobody_when_the_group_is_unknown(manager_api: Api) -> None:
    assert names(manager_api, "group=Nothing") == []


@pytest.mark.parametrize(("flag", "found"), [("true", ["Max Manager"]), ("false", ["Ina Ctive"])])
def test_lists_the_active_or_the_others_when_filtered(
    manager_api: Api, flag: str, found: list[str]
) -> None:
    UserFactory.create(name="Ina Ctive", is_active=False)
    assert names(manager_api, f"is_active={flag}") == found


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("nonsense=1", "nonsense"),
        ("page=0", "page"),
        ("page=x", "page"),
        ("page=1&page=2", "page"),
        ("page_size=0", "page_size"),
        ("page_size=201", "page_size"),
        ("ordering=password", "ordering"),
        ("ordering=name,name", "ordering"),
        ("ordering=", "ordering"),
        ("fields=id,password", "fields"),
        ("fields=", "fields"),
        ("is_active=1", "is_active"),
        ("search=", "search"),
        ("search=%00", "search"),
        ("cursor=mangled", "cursor"),
        ("cursor=&page=1", "page"),
        ("search=" + "x" * 201, "search"),
        ("group=", "group"),
    ],
)
def test_refuses_the_query_when_a_parameter_is_unknown_or_bad(
    manager_api: Api, query: str, named: str
) -> None:
    reply = manager_api.get(f"/users?{query}")
    assert (reply.status, reply.error["code"], set(reply.codes)) == (400, "malformed", {named})


def test_refuses_parameters_when_the_action_takes_none(manager_api: Api, someone: User) -> None:
    reply = manager_api.patch(f"/users/{someone.pk}?fields=id", {})
    assert (reply.status, set(reply.codes)) == (400, {"fields"})


# ── Order and pages ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def alphabet(manager: User) -> list[str]:
    """People out of order, two of one name; their names in order."""
    for name in ["delta", "Alpha", "charlie", "Bravo", "alpha", "Échelon", "Zulu"]:
        UserFactory.create(name=name)
    return ["Alpha", "alpha", "Bravo", "charlie", "delta", "Max Manager", "Zulu", "Échelon"]


def test_the_newest_come_first_when_no_order_is_asked_for(
    manager_api: Api, alphabet: list[str]
) -> None:
    ids = [user["id"] for user in manager_api.get("/users").data]
    assert ids == sorted(ids, reverse=True)


def test_orders_by_name_whatever_the_case_when_asked(manager_api: Api, alphabet: list[str]) -> None:
    assert names(manager_api, "ordering=name") == alphabet


def test_turns_the_order_round_when_asked_with_a_minus(
    manager_api: Api, alphabet: list[str]
) -> None:
    assert names(manager_api, "ordering=-name") == alphabet[::-1]


def test_orders_by_each_key_in_turn_when_asked_for_several(
    manager_api: Api, alphabet: list[str]
) -> None:
    both = [user["name"] for user in manager_api.get("/users?ordering=name,-id").data]
    assert both[:2] == ["alpha", "Alpha"]


@pytest.mark.parametrize("key", ["id", "email", "created_at", "updated_at"])
def test_orders_by_a_key_when_asked(manager_api: Api, alphabet: list[str], key: str) -> None:
    found = [user[key] for user in manager_api.get(f"/users?ordering={key}").data]
    assert found == sorted(found)


@pytest.mark.parametrize("key", ["name", "email"])
def test_text_is_ordered_the_same_on_every_server_when_asked(
    manager_api: Api, alphabet: list[str], key: str
) -> None:
    (listed,) = [
        sql
        for sql in queries_of(manager_api, f"/users?ordering={key}")
        if "ORDER BY" in sql and 'FROM "users_user"' in sql
    ]
    assert 'COLLATE "C"' in listed.partition("ORDER BY")[2]


def test_tells_the_total_and_the_neighbours_when_asked_by_page(
    manager_api: Api, alphabet: list[str]
) -> None:
    reply = manager_api.get("/users?ordering=name&page=2&page_size=3")
    assert [user["name"] for user in reply.data] == alphabet[3:6]
    assert {key: reply.meta[key] for key in ("page", "page_size", "total")} == {
        "page": 2,
        "page_size": 3,
        "total": 8,
    }


@pytest.mark.parametrize(("link", "part"), [("next", slice(6, 8)), ("previous", slice(0, 3))])
def test_a_link_leads_to_the_neighbour_when_followed(
    manager_api: Api, alphabet: list[str], link: str, part: slice
) -> None:
    url = urlsplit(manager_api.get("/users?ordering=name&page=2&page_size=3").meta[link])
    assert names(manager_api, url.query) == alphabet[part]
    assert url.path == f"{BASE}/users"


def test_answers_an_empty_list_with_the_total_when_past_the_end(
    manager_api: Api, alphabet: list[str]
) -> None:
    reply = manager_api.get("/users?page=99")
    assert (reply.status, reply.data, reply.meta["total"]) == (200, [], 8)


@pytest.mark.parametrize("ordering", ["-id", "name", "-name", "email", "-created_at,name"])
def test_every_row_comes_once_and_in_order_when_walked_by_cursor(
    manager_api: Api, alphabet: list[str], ordering: str
) -> None:
    whole = [user["id"] for user in manager_api.get(f"/users?ordering={ordering}").data]
    walked: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = manager_api.get(f"/users?ordering={ordering}&page_size=3&cursor={quote(cursor)}")
        walked += [user["id"] for user in page.data]
        cursor = page.meta["next_cursor"]
    assert walked == whole


@pytest.mark.parametrize("other", ["ordering=-name", "ordering=name&group=Clerk"])
def test_refuses_a_cursor_when_it_is_of_another_order_or_filter(
    manager_api: Api, alphabet: list[str], other: str
) -> None:
    cursor = manager_api.get("/users?ordering=name&page_size=3&cursor=").meta["next_cursor"]
    reply = manager_api.get(f"/users?{other}&page_size=3&cursor={quote(cursor)}")
    assert (reply.status, set(reply.codes)) == (400, {"cursor"})
