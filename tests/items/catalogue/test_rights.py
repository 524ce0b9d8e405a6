"""Who may do what with items and categories."""

from typing import Any

import pytest

from tests.client import Api, Reply
from tests.factories import CategoryFactory, ItemFactory

RESOURCES = ["/items", "/categories"]
READS = ["list", "retrieve"]
EDITS = ["create", "replace", "change"]
VERBS = [*READS, *EDITS, "delete"]


@pytest.fixture(params=RESOURCES)
def resource(request: pytest.FixtureRequest, db: None) -> tuple[str, int]:
    """A resource and the id of one that is there."""
    made: Any = ItemFactory.create() if request.param == "/items" else CategoryFactory.create()
    return request.param, made.pk


def do(api: Api, verb: str, resource: tuple[str, int]) -> Reply:
    """Any of the six verbs, with all that it needs."""
    path, pk = resource
    body = {"sku": "NEW-1", "name": "New"} if path == "/items" else {"name": "New"}
    one = f"{path}/{pk}"
    return {
        "list": lambda: api.get(path),
        "retrieve": lambda: api.get(one),
        "create": lambda: api.post(path, body),
        "replace": lambda: api.put(one, body),
        "change": lambda: api.patch(one, {"name": "New"}),
        "delete": lambda: api.delete(one),
    }[verb]()


@pytest.mark.parametrize("verb", VERBS)
def test_401_with_a_challenge_when_nobody_is_signed_in(
    verb: str, resource: tuple[str, int], anonymous: Api
) -> None:
    reply = do(anonymous, verb, resource)
    assert (reply.status, reply.error["code"]) == (401, "not_authenticated")
    assert reply["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("who", ["nobody_api", "viewer_api", "api", "manager_api"])
@pytest.mark.parametrize("verb", READS)
def test_read_when_signed_in(
    verb: str, who: str, resource: tuple[str, int], request: pytest.FixtureRequest
) -> None:
    assert do(request.getfixturevalue(who), verb, resource).status == 200


@pytest.mark.parametrize("who", ["nobody_api", "viewer_api"])
@pytest.mark.parametrize("verb", [*EDITS, "delete"])
def test_403_when_somebody_who_only_reads_writes(
    verb: str, who: str, resource: tuple[str, int], request: pytest.FixtureRequest
) -> None:
    reply = do(request.getfixturevalue(who), verb, resource)
    assert (reply.status, reply.error["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(("verb", "status"), [("create", 201), ("replace", 200), ("change", 200)])
def test_written_when_a_clerk_edits(
    verb: str, status: int, resource: tuple[str, int], api: Api
) -> None:
    assert do(api, verb, resource).status == status


def test_403_when_a_clerk_deletes(resource: tuple[str, int], api: Api) -> None:
    assert do(api, "delete", resource).status == 403
    assert do(api, "retrieve", resource).status == 200


def test_gone_when_a_manager_deletes(resource: tuple[str, int], manager_api: Api) -> None:
    assert do(manager_api, "delete", resource).status == 200
    assert do(manager_api, "retrieve", resource).status == 404


@pytest.mark.parametrize("verb", ["replace", "change", "delete"])
def test_403_rather_than_404_when_a_reader_writes_to_what_is_not_there(
    verb: str, viewer_api: Api
) -> None:
    assert do(viewer_api, verb, ("/items", 999_999)).status == 403


@pytest.mark.parametrize("verb", ["retrieve", "replace", "change", "delete"])
@pytest.mark.parametrize("path", RESOURCES)
def test_404_when_it_is_not_there(path: str, verb: str, manager_api: Api) -> None:
    reply = do(manager_api, verb, (path, 999_999))
    assert (reply.status, reply.error["code"]) == (404, "not_found")


def test_401_before_anything_else_when_nobody_is_signed_in(anonymous: Api) -> None:
    assert anonymous.get("/items?no_such=1").status == 401


def test_history_read_when_signed_in_without_a_group(nobody_api: Api) -> None:
    assert nobody_api.get(f"/items/{ItemFactory.create().pk}/history").status == 200
