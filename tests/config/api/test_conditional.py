"""ETag, If-None-Match and If-Match, over the API."""

import re
from typing import Any

import pytest

from tests.client import Api
from tests.factories import CategoryFactory, ItemFactory

ITEM_TAG = re.compile(r'"(\d+)\.[0-9a-f]{16}"')


@pytest.fixture
def path(db: None) -> str:
    """An item's path."""
    return f"/items/{ItemFactory.create(name='Lamp').pk}"


# ── ETag ──────────────────────────────────────────────────────────────────────────────────────
def test_an_item_answers_with_its_version_and_a_hash_when_it_is_read(api: Api, path: str) -> None:
    found = ITEM_TAG.fullmatch(api.get(path)["ETag"])
    assert found is not None
    assert found[1] == "1"


def test_the_tag_stays_when_nothing_has_changed(api: Api, path: str) -> None:
    assert api.get(path)["ETag"] == api.get(path)["ETag"]


def test_the_answer_to_a_write_has_the_tag_that_a_read_would_have(api: Api, path: str) -> None:
    assert api.patch(path, {"name": "Lantern"})["ETag"] == api.get(path)["ETag"]
    made = api.post("/items", {"sku": "A", "name": "A"})
    assert made["ETag"] == api.get(f"/items/{made.data['id']}")["ETag"]
    whole = {"sku": "A", "name": "B"}
    put = api.put(f"/items/{made.data['id']}", whole)
    assert put["ETag"] == api.get(f"/items/{made.data['id']}")["ETag"]


def test_the_tag_moves_with_the_version_when_the_item_is_edited(api: Api, path: str) -> None:
    before = api.get(path)["ETag"]
    after = api.patch(path, {"name": "Lantern"})["ETag"]
    assert (before.split(".")[0], after.split(".")[0]) == ('"1', '"2')


def test_the_tag_moves_and_the_version_stays_when_the_category_is_renamed(
    manager_api: Api,
) -> None:
    category = CategoryFactory.create(name="Old")
    path = f"/items/{ItemFactory.create(category=category).pk}"
    before = manager_api.get(path)["ETag"]
    manager_api.patch(f"/categories/{category.pk}", {"name": "New"})
    after = manager_api.get(path)["ETag"]
    assert after != before
    assert after.split(".")[0] == before.split(".")[0]


def test_a_resource_without_a_version_answers_with_a_hash_alone(api: Api) -> None:
    tag = api.get(f"/categories/{CategoryFactory.create().pk}")["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{16}"', tag)


# ── If-None-Match ─────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("written", ["{}", '"other", {}', "W/{}", "*"])
def test_304_without_a_body_when_the_state_is_known(api: Api, path: str, written: str) -> None:
    tag = api.get(path)["ETag"]
    reply = api.get(path, **{"If-None-Match": written.format(tag)})
    assert (reply.status, reply.response.content, reply["ETag"]) == (304, b"", tag)
    assert reply["Cache-Control"] == "private, no-cache"
    assert reply["X-Request-ID"]


def test_the_whole_when_the_state_is_another(api: Api, path: str) -> None:
    tag = api.get(path)["ETag"]
    api.patch(path, {"name": "Lantern"})
    reply = api.get(path, **{"If-None-Match": tag})
    assert (reply.status, reply.data["name"]) == (200, "Lantern")


def test_the_whole_when_other_fields_are_asked_for(api: Api, path: str) -> None:
    tag = api.get(f"{path}?fields=sku")["ETag"]
    assert api.get(f"{path}?fields=name", **{"If-None-Match": tag}).status == 200
    assert api.get(f"{path}?fields=sku", **{"If-None-Match": tag}).status == 304


def test_404_when_what_is_known_is_gone(manager_api: Api, path: str) -> None:
    tag = manager_api.get(path)["ETag"]
    manager_api.delete(path)
    assert manager_api.get(path, **{"If-None-Match": tag}).status == 404


# ── If-Match ──────────────────────────────────────────────────────────────────────────────────
CHANGES: list[tuple[str, dict[str, Any] | None]] = [
    ("PATCH", {"name": "Mine"}),
    ("PUT", {"sku": "MINE", "name": "Mine"}),
    ("DELETE", None),
]


@pytest.mark.parametrize(("method", "body"), CHANGES)
@pytest.mark.parametrize("written", ["{}", '"9.0", {}', "W/{}", "*"])
def test_done_when_the_version_is_the_one_that_was_seen(
    manager_api: Api, path: str, method: str, body: Any, written: str
) -> None:
    tag = manager_api.get(path)["ETag"]
    reply = manager_api.call(method, path, body, **{"If-Match": written.format(tag)})
    assert reply.status == 200


@pytest.mark.parametrize(("method", "body"), CHANGES)
def test_412_and_nothing_done_when_somebody_was_faster(
    manager_api: Api, path: str, method: str, body: Any
) -> None:
    tag = manager_api.get(path)["ETag"]
    manager_api.patch(path, {"name": "Theirs"})
    reply = manager_api.call(method, path, body, **{"If-Match": tag})
    assert (reply.status, reply.error["code"]) == (412, "precondition_failed")
    assert "Its version is 2 now" in reply.error["message"]
    now = manager_api.get(path).data
    assert (now["name"], now["version"]) == ("Theirs", 2)


def test_done_when_only_what_surrounds_the_item_has_changed(manager_api: Api) -> None:
    category = CategoryFactory.create(name="Old")
    path = f"/items/{ItemFactory.create(category=category).pk}"
    tag = manager_api.get(path)["ETag"]
    manager_api.patch(f"/categories/{category.pk}", {"name": "New"})
    assert manager_api.patch(path, {"name": "Mine"}, **{"If-Match": tag}).status == 200


def test_done_when_the_tag_is_of_some_fields_alone(api: Api, path: str) -> None:
    tag = api.get(f"{path}?fields=sku")["ETag"]
    assert api.patch(path, {"name": "Mine"}, **{"If-Match": tag}).status == 200


def test_412_when_a_resource_without_a_version_was_changed_meanwhile(api: Api) -> None:
    path = f"/categories/{CategoryFactory.create(name='Lamps').pk}"
    tag = api.get(path)["ETag"]
    assert api.patch(path, {"name": "Lights"}, **{"If-Match": tag}).status == 200
    assert api.patch(path, {"name": "Torches"}, **{"If-Match": tag}).status == 412
    assert api.get(path).data["name"] == "Lights"


def test_done_when_the_tag_is_of_some_fields_of_a_resource_without_a_version(api: Api) -> None:
    path = f"/categories/{CategoryFactory.create().pk}"
    tag = api.get(f"{path}?fields=id,name")["ETag"]
    assert api.patch(path, {"name": "Lights"}, **{"If-Match": tag}).status == 200


NO_TAGS = ["3", "3.abc", "'3.abc'", '"3.abc', "garbage", "", '"1.a", garbage', '"1.a",, "2.b"']


@pytest.mark.parametrize("given", NO_TAGS)
def test_400_when_the_header_holds_no_tag(api: Api, path: str, given: str) -> None:
    reply = api.patch(path, {"name": "Mine"}, **{"If-Match": given})
    assert (reply.status, reply.error["code"]) == (400, "malformed")
    assert "If-Match" in reply.error["message"]
    assert api.get(path).data["name"] == "Lamp"


def test_412_when_a_tag_holds_what_parts_tags(api: Api, path: str) -> None:
    assert api.patch(path, {"name": "Mine"}, **{"If-Match": '"2,1.0"'}).status == 412


@pytest.mark.parametrize("given", ['"2.0"', '"abc"', '"-1.0"', '"1"x'])
def test_412_when_the_tag_is_of_no_version_that_it_has(api: Api, path: str, given: str) -> None:
    assert api.patch(path, {"name": "Mine"}, **{"If-Match": given}).status in {400, 412}
    assert api.get(path).data["name"] == "Lamp"


def test_404_when_there_is_nothing_to_match(manager_api: Api) -> None:
    assert manager_api.patch("/items/0", {"name": "A"}, **{"If-Match": "*"}).status == 404


def test_412_comes_before_422_when_both_are_due(api: Api, path: str) -> None:
    assert api.patch(path, {"name": ""}, **{"If-Match": '"9.0"'}).status == 412
