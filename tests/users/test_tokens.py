"""One's own tokens over REST: made, listed, revoked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.client import BASE, Api
from tests.factories import UserFactory, token_for
from tests.users.conftest import ClientOf
from users.models import ApiToken, User

SHAPE = {
    "id",
    "name",
    "prefix",
    "scope",
    "created_at",
    "expires_at",
    "last_used_at",
    "revoked_at",
}


@pytest.fixture
def mine(nobody: User) -> Api:
    """The client of somebody without a group."""
    return Api(token_for(nobody))


@pytest.fixture
def theirs(someone: User) -> ApiToken:
    """A token of somebody else."""
    token_for(someone)
    return ApiToken.objects.get(user=someone)


@pytest.mark.parametrize("kind", ["nobody", "manager", "admin_user"])
def test_makes_a_token_that_opens_when_asked(
    client_of: ClientOf, request: pytest.FixtureRequest, kind: str
) -> None:
    reply = client_of(kind).post("/tokens", {"name": "script"})
    me = Api(reply.data["token"]).get("/users/me").data
    assert (reply.status, me["id"]) == (201, request.getfixturevalue(kind).pk)


def test_location_leads_to_the_token_when_made(mine: Api) -> None:
    reply = mine.post("/tokens", {"name": "script"})
    shown = mine.get(reply["Location"].partition(BASE)[2]).data
    assert shown == {key: value for key, value in reply.data.items() if key != "token"}


def test_carries_the_tag_that_it_is_read_with_when_made(mine: Api) -> None:
    made = mine.post("/tokens", {"name": "script"})
    assert made["ETag"] == mine.get(f"/tokens/{made.data['id']}")["ETag"]


def test_is_shown_once_when_made(mine: Api) -> None:
    text = mine.post("/tokens", {"name": "script"}).data["token"]
    assert text not in mine.get("/tokens").response.content.decode()


def test_starts_with_its_prefix_when_made(mine: Api) -> None:
    data = mine.post("/tokens", {"name": "script"}).data
    assert (data["token"].startswith(data["prefix"]), data["prefix"][:3]) == (True, "sr_")


def test_writes_when_no_scope_is_asked_for(mine: Api) -> None:
    assert mine.post("/tokens", {"name": "script"}).data["scope"] == "write"


def test_only_reads_when_made_so(mine: Api) -> None:
    made = mine.post("/tokens", {"name": "script", "scope": "read"}).data
    reader = Api(made["token"])
    assert (made["scope"], reader.patch("/users/me", {"age": 3}).status) == ("read", 403)


@pytest.mark.parametrize("scope", ["read", "write"])
def test_makes_no_token_when_the_one_in_use_only_reads(nobody: User, scope: str) -> None:
    api = Api(token_for(nobody, "read"))
    assert api.post("/tokens", {"name": "script", "scope": scope}).status == 403
    assert ApiToken.objects.count() == 1


def test_ends_with_the_one_in_use_when_no_end_is_asked_for(mine: Api) -> None:
    made = mine.post("/tokens", {"name": "script"}).data
    ApiToken.objects.exclude(pk=made["id"]).update(expires_at=timezone.now() + timedelta(hours=1))
    again = mine.post("/tokens", {"name": "script"}).data
    limit = ApiToken.objects.exclude(pk__in=[made["id"], again["id"]]).get().expires_at
    assert ApiToken.objects.get(pk=again["id"]).expires_at == limit


def test_ends_when_asked_when_that_is_before_the_one_in_use(mine: Api) -> None:
    end = timezone.now() + timedelta(hours=1)
    made = mine.post("/tokens", {"name": "script", "expires_at": end.isoformat()}).data
    assert ApiToken.objects.get(pk=made["id"]).expires_at == end


def test_makes_no_token_when_it_would_outlive_the_one_in_use(mine: Api) -> None:
    end = timezone.now() + timedelta(days=365)
    reply = mine.post("/tokens", {"name": "script", "expires_at": end.isoformat()})
    assert (reply.status, ApiToken.objects.count()) == (403, 1)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": None}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "a", "scope": "admin"}, "scope"),
        ({"name": "a", "scope": None}, "scope"),
        ({"name": "a", "scope": ["read"]}, "scope"),
        ({"name": "a", "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "a", "expires_at": "tomorrow"}, "expires_at"),
        ({"name": "a", "expires_at": 7}, "expires_at"),
        ({"name": "a", "expires_at": "0001-01-01T00:00:00+14:00"}, "expires_at"),
        ({"name": "a", "expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at"),
        ({"name": "a", "user": 1}, "user"),
        ({"name": "a", "digest": "x"}, "digest"),
        ({"name": "a", "token": "sr_mine"}, "token"),
    ],
)
def test_makes_no_token_when_a_field_is_bad(mine: Api, body: dict[str, object], named: str) -> None:
    reply = mine.post("/tokens", body)
    assert (reply.status, set(reply.codes)) == (422, {named})


def test_ignores_what_is_read_only_when_made(mine: Api) -> None:
    sent = {"name": "script", "prefix": "sr_mine", "revoked_at": "2001-01-01T00:00:00Z"}
    data = mine.post("/tokens", sent).data
    assert (data["prefix"] == "sr_mine", data["revoked_at"]) == (False, None)


@pytest.mark.parametrize("kind", ["nobody", "manager", "admin_user"])
def test_lists_only_ones_own_when_listed(client_of: ClientOf, theirs: ApiToken, kind: str) -> None:
    api = client_of(kind)
    made = api.post("/tokens", {"name": "script"}).data["id"]
    assert [token["id"] for token in api.get("/tokens").data] == [made, made - 1]


def test_answers_every_field_and_no_other_when_listed(mine: Api) -> None:
    assert mine.get("/tokens").data[0].keys() == SHAPE


def test_counts_anothers_as_missing_when_asked_by_ids(mine: Api, theirs: ApiToken) -> None:
    reply = mine.get(f"/tokens?ids={theirs.pk}")
    assert (reply.data, reply.meta["missing"]) == ([], [theirs.pk])


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("kind", ["nobody", "manager", "admin_user"])
def test_says_404_when_the_token_is_anothers(
    client_of: ClientOf, theirs: ApiToken, kind: str, method: str
) -> None:
    assert client_of(kind).call(method, f"/tokens/{theirs.pk}").status == 404
    theirs.refresh_from_db()
    assert theirs.revoked_at is None


@pytest.mark.parametrize("pk", ["0", "99999999", "abc", "9999999999999999999999"])
def test_says_404_when_there_is_no_such_token(mine: Api, pk: str) -> None:
    assert mine.get(f"/tokens/{pk}").status == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_is_never_edited_when_made(mine: Api, method: str) -> None:
    pk = ApiToken.objects.get().pk
    assert mine.call(method, f"/tokens/{pk}", {"name": "other"}).status == 405


def test_opens_nothing_when_revoked(mine: Api) -> None:
    made = mine.post("/tokens", {"name": "script"}).data
    reply = mine.delete(f"/tokens/{made['id']}")
    assert (reply.status, reply.data) == (200, None)
    assert Api(made["token"]).get("/users/me").status == 401


def test_stays_in_the_list_with_its_date_when_revoked(mine: Api) -> None:
    made = mine.post("/tokens", {"name": "script"}).data
    mine.delete(f"/tokens/{made['id']}")
    listed = mine.get(f"/tokens?ids={made['id']}").data
    assert listed[0]["revoked_at"] is not None


def test_keeps_its_date_when_revoked_again(mine: Api) -> None:
    made = mine.post("/tokens", {"name": "script"}).data["id"]
    mine.delete(f"/tokens/{made}")
    first = mine.get(f"/tokens/{made}").data
    mine.delete(f"/tokens/{made}")
    assert mine.get(f"/tokens/{made}").data == first


@pytest.mark.parametrize("query", ["ordering=name", "scope=read", "search=x", "page=0"])
def test_refuses_the_query_when_a_parameter_is_unknown_or_bad(mine: Api, query: str) -> None:
    assert mine.get(f"/tokens?{query}").status == 400


def test_two_are_different_when_made_alike(mine: Api) -> None:
    made = [mine.post("/tokens", {"name": "script"}).data["token"] for _ in range(2)]
    assert made[0] != made[1]


def test_goes_with_its_user_when_they_are_deleted(manager_api: Api) -> None:
    user = UserFactory.create()
    token_for(user)
    manager_api.delete(f"/users/{user.pk}")
    assert not ApiToken.objects.filter(name="test", user_id=user.pk).exists()
