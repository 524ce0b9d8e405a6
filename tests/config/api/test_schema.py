"""The OpenAPI document: valid, whole, and true to what is answered."""

import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from pytest_django import Settings

from tests.client import Api, Reply
from tests.factories import CategoryFactory, ItemFactory, UserFactory
from tests.live import ROOT

Schema = dict[str, Any]
PREFIX = "/api/v1"


@pytest.fixture(scope="module")
def document() -> Schema:
    """The document as anybody reads it."""
    reply = Api().get("/schema")
    assert reply.status == 200
    return reply.body


def test_valid_and_without_warnings_when_generated() -> None:
    out, err = StringIO(), StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of jsonschema's own, in the validator
        call_command("spectacular", "--validate", "--fail-on-warn", stdout=out, stderr=err)
    assert err.getvalue() == ""
    assert "openapi: 3.1.0" in out.getvalue()


ALL_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
import django
django.setup()
from config.api.views import document
with ThreadPoolExecutor(8) as pool:
    assert len(set(pool.map(lambda _: document(), range(8)))) == 1
"""


def test_made_once_when_a_fresh_process_is_asked_by_many_at_the_same_time() -> None:
    command = [sys.executable, "-c", ALL_AT_ONCE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def routes(patterns: list[Any], prefix: str = "/") -> Iterator[tuple[str, Any]]:
    """(path, callback) of every URL of the API."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith(f"{PREFIX}/"):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path), pattern.callback


def test_every_operation_is_there_when_the_urls_are_walked(document: Schema) -> None:
    wanted = {
        (re.sub(r"{\w+}", "{}", path), method)
        for path, callback in routes(get_resolver().url_patterns)
        for method in getattr(callback, "actions", None) or {}
        if method != "head" and method in callback.cls.http_method_names
    }
    described = {
        (re.sub(r"{\w+}", "{}", path), method)
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert len(wanted) > 15
    assert wanted <= described


def test_one_name_each_when_operations_are_listed(document: Schema) -> None:
    names = [o["operationId"] for path in document["paths"].values() for o in path.values()]
    assert len(set(names)) == len(names)


def operation(document: Schema, path: str, method: str) -> Schema:
    """One operation, its path's parameter named in any way."""
    pattern = re.sub(r"\\{\w+\\}", "{[^}]*}", re.escape(f"{PREFIX}{path}"))
    (found,) = [p for name, p in document["paths"].items() if re.fullmatch(pattern, name)]
    described: Schema = found[method.lower()]
    return described


def problems(document: Schema, schema: Schema, value: Any) -> list[str]:
    """Where a value is not what a schema of the document says."""
    rooted = {**schema, "components": document["components"]}
    validator = Draft202012Validator(rooted, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def resolved(document: Schema, part: Schema) -> Schema:
    """A part of the document, or the component that it refers to."""
    if "$ref" not in part:
        return part
    _, _, kind, name = part["$ref"].split("/")
    component: Schema = document["components"][kind][name]
    return component


def assert_described(document: Schema, path: str, method: str, reply: Reply) -> None:
    """The document allows this status, this body and these headers."""
    answers = operation(document, path, method)["responses"]
    assert str(reply.status) in answers, f"{reply.status} is not described"
    answer = resolved(document, answers[str(reply.status)])
    (media_type,) = answer["content"]
    assert reply["Content-Type"] == media_type
    assert problems(document, answer["content"][media_type]["schema"], reply.body) == []
    for name, described in answer["headers"].items():
        header = resolved(document, described)
        assert not header["required"] or name in reply.response
        if name in reply.response:
            number = header["schema"]["type"] == "integer"
            value = int(reply[name]) if number else reply[name]
            assert problems(document, header["schema"], value) == []
    told = {name for name in reply.response.headers if name.startswith("RateLimit-")}
    assert told <= set(answer["headers"])


@pytest.fixture
def rich(db: None) -> int:
    """An item with everything."""
    item = ItemFactory.create(
        unit_price="12.30",
        currency="USD",
        reorder_point="2.5",
        tags=["red"],
        attributes={"a": [1, {"b": None}]},
        category=CategoryFactory.create(parent=CategoryFactory.create()),
        owner=UserFactory.create(),
        barcode="B",
        serial_number="S",
        description="<b>",
    )
    pk: int = item.pk
    return pk


GETS: list[tuple[str, str]] = [
    ("/items", ""),
    ("/items", "?cursor="),
    ("/items", "?page_size=1"),
    ("/items", "?cursor=&page_size=1"),
    ("/items", "?page=9"),
    ("/items", "?ids={pk},999999"),
    ("/items", "?search=nothing+at+all"),
    ("/items", "?fields=id,sku"),
    ("/items", "?x=1"),
    ("/items/{id}", ""),
    ("/items/{id}", "?fields=unit_price,category"),
    ("/items/{id}", "?x=1"),
    ("/items/{id}/history", ""),
    ("/items/{id}/history", "?cursor=&page_size=1"),
    ("/categories", ""),
    ("/categories", "?cursor="),
    ("/categories", "?ids=999999"),
    ("/categories", "?fields=name"),
]


@pytest.mark.parametrize(("path", "query"), GETS)
def test_described_when_read(path: str, query: str, document: Schema, api: Api, rich: int) -> None:
    ItemFactory.create()
    reply = api.get(f"{path}{query}".replace("{id}", str(rich)).replace("{pk}", str(rich)))
    assert_described(document, path, "GET", reply)


def test_described_when_a_bare_item_is_read(document: Schema, api: Api) -> None:
    assert_described(document, "/items/{id}", "GET", api.get(f"/items/{ItemFactory.create().pk}"))


def test_described_when_a_category_is_read(document: Schema, api: Api) -> None:
    parent = CategoryFactory.create()
    for row in (parent, CategoryFactory.create(parent=parent)):
        reply = api.get(f"/categories/{row.pk}")
        assert_described(document, "/categories/{id}", "GET", reply)


Call = Callable[[Api, int], Reply]


def batch(api: Api, *operations: Schema) -> Reply:
    return api.post("/items/batch", {"operations": operations})


WRITES: dict[str, tuple[str, str, Call]] = {
    "made": ("/items", "POST", lambda api, _: api.post("/items", {"sku": "N", "name": "N"})),
    "empty": ("/items", "POST", lambda api, _: api.post("/items", {})),
    "taken": (
        "/items",
        "POST",
        lambda api, pk: api.post("/items", api.get(f"/items/{pk}").data),
    ),
    "malformed": ("/items", "POST", lambda api, _: api.post("/items", b"{")),
    "large": ("/items", "POST", lambda api, _: api.post("/items", b" " * 2_000_000)),
    "typed": ("/items", "POST", lambda api, _: api.post("/items", {}, content_type="text/x")),
    "put": (
        "/items/{id}",
        "PUT",
        lambda api, pk: api.put(f"/items/{pk}", api.get(f"/items/{pk}").data),
    ),
    "patched": ("/items/{id}", "PATCH", lambda api, pk: api.patch(f"/items/{pk}", {"name": "x"})),
    "gone": ("/items/{id}", "PATCH", lambda api, _: api.patch("/items/999999", {"name": "x"})),
    "forbidden": ("/items/{id}", "DELETE", lambda api, pk: api.delete(f"/items/{pk}")),
    "batch": (
        "/items/batch",
        "POST",
        lambda api, pk: batch(api, {"op": "update", "id": pk, "data": {"name": "x"}}),
    ),
    "gone in a batch": (
        "/items/batch",
        "POST",
        lambda api, _: batch(api, {"op": "update", "id": 999999, "data": {}}),
    ),
    "overtaken in a batch": (
        "/items/batch",
        "POST",
        lambda api, pk: batch(api, {"op": "update", "id": pk, "version": 99, "data": {}}),
    ),
    "category": (
        "/categories",
        "POST",
        lambda api, _: api.post("/categories", {"name": "N"}),
    ),
}


@pytest.mark.parametrize("kind", WRITES)
def test_described_when_written(kind: str, document: Schema, api: Api, rich: int) -> None:
    path, method, call = WRITES[kind]
    assert_described(document, path, method, call(api, rich))


def test_described_when_a_user_is_put_back(document: Schema, manager_api: Api) -> None:
    path = f"/users/{UserFactory.create().pk}"
    body = {**manager_api.get(path).data, "is_staff": False}
    reply = manager_api.put(path, {**body, "password": "a long enough passphrase"})
    assert_described(document, "/users/{id}", "PUT", reply)
    content = operation(document, "/users/{id}", "PUT")["requestBody"]["content"]
    assert problems(document, content["application/json"]["schema"], body) == []


@pytest.mark.parametrize("body", [b"{", b" " * 2_000_000])
def test_described_when_a_body_comes_with_a_deletion(
    body: bytes, document: Schema, manager_api: Api, rich: int
) -> None:
    reply = manager_api.call("DELETE", f"/items/{rich}", body)
    assert_described(document, "/items/{id}", "DELETE", reply)


def test_described_when_a_token_is_made(document: Schema, api: Api) -> None:
    assert_described(document, "/tokens", "POST", api.post("/tokens", {"name": "N"}))


def test_no_name_that_is_unknown_is_described(document: Schema) -> None:
    schemas = document["components"]["schemas"]
    closed = {"additionalProperties", "propertyNames", "oneOf", "enum"}
    assert [name for name, schema in schemas.items() if not closed & schema.keys()] == []


def test_described_when_deleted(document: Schema, manager_api: Api, rich: int) -> None:
    category = CategoryFactory.create()
    ItemFactory.create(category=category)
    reply = manager_api.delete(f"/categories/{category.pk}")
    assert_described(document, "/categories/{id}", "DELETE", reply)
    reply = manager_api.delete(f"/items/{rich}")
    assert_described(document, "/items/{id}", "DELETE", reply)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_described_when_refused_before_it_is_read(
    accept: str, document: Schema, anonymous: Api
) -> None:
    assert_described(document, "/items", "GET", anonymous.get("/items", Accept=accept))


def test_described_when_refused_for_asking_too_often(
    document: Schema, api: Api, settings: Settings
) -> None:
    settings.THROTTLE_SIGNED_IN = "1/min"
    replies = [api.get("/items"), api.get("/items")]
    for reply in replies:
        assert_described(document, "/items", "GET", reply)
    assert [reply.status for reply in replies] == [200, 429]


@pytest.mark.parametrize(
    "body",
    [
        {"sku": "N", "name": "N"},
        {"sku": "N", "name": "N", "unit_price": "12.30", "reorder_point": "2.5"},
        {"sku": "N", "name": "N", "unit_price": 12.3, "reorder_point": 2},
        {"sku": "N", "name": "N", "unit_price": None, "category_id": None, "barcode": None},
        {"sku": "N", "name": "N", "tags": ["a"], "attributes": {"a": {"b": [1]}}},
    ],
)
def test_body_is_described_when_it_is_taken(body: Schema, document: Schema, api: Api) -> None:
    assert api.post("/items", body).status == 201
    content = operation(document, "/items", "POST")["requestBody"]["content"]
    assert problems(document, content["application/json"]["schema"], body) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sku": "N"},
        {"sku": 7, "name": "N"},
        {"sku": "", "name": "N"},
        {"sku": "N", "name": "N", "status": "lost"},
        {"sku": "N", "name": "N", "unit_price": ""},
        {"sku": "N", "name": "N", "unit_price": "x"},
        {"sku": "N", "name": "N", "unit_price": "1e3"},
        {"sku": "N", "name": "N", "tags": "a"},
        {"sku": "N", "name": "N", "tags": [""]},
        {"sku": "N", "name": "N", "attributes": []},
        {"sku": "N", "name": "N", "category_id": "1"},
        [],
        None,
    ],
)
def test_body_is_not_described_when_it_is_refused(body: Any, document: Schema, api: Api) -> None:
    assert api.post("/items", b"null" if body is None else body).status in {400, 422}
    content = operation(document, "/items", "POST")["requestBody"]["content"]
    assert problems(document, content["application/json"]["schema"], body) != []


def test_what_was_read_is_described_as_a_body_when_put_back(
    document: Schema, api: Api, rich: int
) -> None:
    content = operation(document, "/items/{id}", "PUT")["requestBody"]["content"]
    schema = content["application/json"]["schema"]
    assert problems(document, schema, api.get(f"/items/{rich}").data) == []


@pytest.mark.parametrize(("path", "wanted"), [("/items", 16), ("/categories", 7)])
def test_every_parameter_is_described_when_a_list_takes_it(
    path: str, wanted: int, document: Schema, api: Api
) -> None:
    described = {p["name"] for p in operation(document, path, "GET")["parameters"]}
    assert len(described) >= wanted - 1
    for name in described:
        reply = api.get(f"{path}?{name}=%00")
        unknown = reply.status == 400 and "unknown_field" in reply.codes.values()
        assert not unknown


@pytest.mark.parametrize("path", ["/schema", "/docs"])
def test_200_when_the_documentation_is_opened(path: str, anonymous: Api) -> None:
    assert anonymous.get(path).status == 200


def test_no_foreign_addresses_when_the_page_is_opened(anonymous: Api) -> None:
    page = anonymous.get("/docs").response.content.decode()
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_the_same_document_when_another_language_is_asked_for(anonymous: Api) -> None:
    replies = [anonymous.get("/schema", **{"Accept-Language": code}) for code in ("en", "ko")]
    assert replies[0].response.content == replies[1].response.content
    assert {reply["Content-Language"] for reply in replies} == {"en"}


@pytest.mark.parametrize("accept", ["application/json", "application/vnd.oai.openapi+json"])
def test_in_the_type_that_was_asked_for_when_the_document_is_read(
    accept: str, anonymous: Api
) -> None:
    reply = anonymous.get("/schema", Accept=accept)
    assert (reply["Content-Type"], reply.body["openapi"]) == (accept, "3.1.0")
