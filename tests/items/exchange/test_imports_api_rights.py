"""Who may import over the API, and how a file that is sent again is imported once."""

from collections.abc import Callable
from http import HTTPStatus

import pytest

from items.exchange.models import Import
from items.models import Item
from tests.client import Api
from tests.factories import token_for
from tests.items.exchange.conftest import upload
from users.models import ApiToken, User

HEADER, CHAIR, TABLE = "sku,name", "C-1,Chair", "T-1,Table"
READS = ("", "/{id}", "/{id}/rows", "/{id}/refused")
WRITES = ("/{id}/plan", "/{id}/apply", "/{id}/undo")


@pytest.fixture
def plan(manager_api: Api) -> int:
    """A manager's plan."""
    pk: int = upload(manager_api, HEADER, CHAIR).data["id"]
    return pk


def looked(api: Api, path: str) -> int:
    """The status of an answer that nobody reads."""
    reply = api.get(path)
    reply.response.close()
    return reply.status


def path(plan: int, each: str) -> str:
    return f"/imports{each}".replace("{id}", str(plan))


@pytest.mark.parametrize("each", READS)
def test_403_when_a_clerk_looks(api: Api, plan: int, each: str) -> None:
    assert looked(api, path(plan, each)) == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("each", READS)
def test_seen_when_another_manager_looks(admin_user: User, plan: int, each: str) -> None:
    assert looked(Api(token_for(admin_user)), path(plan, each)) == HTTPStatus.OK


@pytest.mark.parametrize("each", WRITES)
def test_403_when_a_clerk_does_something(api: Api, plan: int, each: str) -> None:
    assert api.post(path(plan, each), {}).status == HTTPStatus.FORBIDDEN
    assert Import.objects.get().status == Import.Status.PLANNED


def test_403_when_a_clerk_sends_a_file(api: Api) -> None:
    assert upload(api, HEADER, CHAIR).status == HTTPStatus.FORBIDDEN


def test_403_when_a_clerk_discards(api: Api, plan: int) -> None:
    assert api.delete(path(plan, "/{id}")).status == HTTPStatus.FORBIDDEN


def test_401_when_nobody_sends_a_file(anonymous: Api) -> None:
    assert upload(anonymous, HEADER, CHAIR).status == HTTPStatus.UNAUTHORIZED


@pytest.fixture
def reader(manager: User) -> Api:
    """A manager by a token that only reads."""
    return Api(token_for(manager, scope=ApiToken.Scope.READ))


@pytest.mark.parametrize("each", READS)
def test_seen_when_a_token_only_reads(reader: Api, plan: int, each: str) -> None:
    assert looked(reader, path(plan, each)) == HTTPStatus.OK


@pytest.mark.parametrize("each", WRITES)
def test_403_when_a_token_that_only_reads_does_something(reader: Api, plan: int, each: str) -> None:
    assert reader.post(path(plan, each), {}).status == HTTPStatus.FORBIDDEN


def test_403_when_a_token_that_only_reads_sends_a_file(reader: Api) -> None:
    assert upload(reader, HEADER, CHAIR).status == HTTPStatus.FORBIDDEN
    assert not Import.objects.exists()


def test_403_when_people_would_be_changed_by_who_may_not(
    manager: User, api_of: Callable[[User], Api]
) -> None:
    manager.groups.get().permissions.remove(
        *manager.groups.get().permissions.filter(codename="change_user")
    )
    api = api_of(manager)
    pk = upload(api, "email,name,age", "a@example.org,Ann Other,40").data["id"]
    assert api.post(f"/imports/{pk}/apply", {}).status == HTTPStatus.FORBIDDEN


# ── Sent again ────────────────────────────────────────────────────────────────────────────────
KEY = {"Idempotency-Key": "import-1"}


def test_planned_once_when_a_file_is_sent_again(manager_api: Api) -> None:
    first, again = (upload(manager_api, HEADER, CHAIR, headers=KEY) for _ in range(2))
    assert (again.status, again.data) == (201, first.data)
    assert (again["Idempotency-Replayed"], Import.objects.count()) == ("true", 1)


def test_409_when_another_file_is_sent_with_the_same_key(manager_api: Api) -> None:
    upload(manager_api, HEADER, CHAIR, headers=KEY)
    assert upload(manager_api, HEADER, TABLE, headers=KEY).status == HTTPStatus.CONFLICT


def test_409_when_other_options_are_sent_with_the_same_key(manager_api: Api) -> None:
    upload(manager_api, HEADER, CHAIR, headers=KEY)
    reply = upload(manager_api, HEADER, CHAIR, headers=KEY, decimal="comma")
    assert reply.status == HTTPStatus.CONFLICT


def test_applied_once_when_it_is_asked_for_again(manager_api: Api, plan: int) -> None:
    replies = [manager_api.post(f"/imports/{plan}/apply", {}, **KEY) for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 200]
    assert Item.objects.count() == 1
