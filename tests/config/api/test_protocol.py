"""HTTP as every resource speaks it: headers, methods, unknown URLs, hosts."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.client import Api, Reply
from tests.factories import CategoryFactory, ItemFactory, UserFactory, token_for

ENVELOPE = {"success", "error", "meta"}


def failed(reply: Reply, status: int, code: str) -> bool:
    """True for a failure in the envelope."""
    return (reply.status, set(reply.body), reply.error["code"]) == (status, ENVELOPE, code)


@pytest.fixture
def answers(api: Api, manager_api: Api, anonymous: Api) -> dict[str, Reply]:
    """An answer of each kind."""
    path = f"/items/{ItemFactory.create(sku='TAKEN').pk}"
    full = CategoryFactory.create()
    ItemFactory.create(category=full)
    return {
        "list": api.get("/items"),
        "cursor": api.get("/items?cursor="),
        "one": api.get(path),
        "made": api.post("/items", {"sku": "N", "name": "N"}),
        "400": api.get("/items?x=1"),
        "401": anonymous.get("/items"),
        "403": api.delete(path),
        "404": api.get("/items/999999"),
        "unknown": api.get("/nothing/here"),
        "405": api.post(path, {}),
        "406": api.get("/items", Accept="text/html"),
        "409": api.post("/items", {"sku": "TAKEN", "name": "N"}),
        "in use": manager_api.delete(f"/categories/{full.pk}"),
        "413": api.post("/items", b" " * 2_000_000),
        "415": api.post("/items", {}, content_type="text/plain"),
        "422": api.post("/items", {}),
        "host": api.get("/items", Host="evil.example"),
    }


# ── Headers ───────────────────────────────────────────────────────────────────────────────────
def test_an_id_of_its_own_when_a_request_brings_none(answers: dict[str, Reply]) -> None:
    ids = [reply["X-Request-ID"] for reply in answers.values()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9a-f]{32}", given) for given in ids)


def test_never_kept_and_told_apart_by_whom_when_anything_is_answered(
    answers: dict[str, Reply],
) -> None:
    wanted = ("private, no-cache", "Authorization, Accept-Language")
    headers = {
        kind: (reply.response.get("Cache-Control"), reply.response.get("Vary"))
        for kind, reply in answers.items()
    }
    assert headers == dict.fromkeys(answers, wanted)


def test_json_and_not_to_be_guessed_at_when_anything_is_answered(
    answers: dict[str, Reply],
) -> None:
    assert {reply["Content-Type"] for reply in answers.values()} == {"application/json"}
    assert {reply["X-Content-Type-Options"] for reply in answers.values()} == {"nosniff"}


def test_request_id_in_the_body_when_it_failed(answers: dict[str, Reply]) -> None:
    for reply in answers.values():
        if not reply.body["success"]:
            assert reply.meta == {"request_id": reply["X-Request-ID"]}


@pytest.mark.parametrize("given", ["abc", "A-1_2.3", "x" * 64])
def test_kept_when_a_request_brings_a_sane_id(given: str, api: Api) -> None:
    assert api.get("/items", **{"X-Request-ID": given})["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "<x>", "é", "a;b", "a\tb"])
def test_replaced_when_a_request_brings_an_odd_id(given: str, api: Api) -> None:
    assert api.get("/items", **{"X-Request-ID": given})["X-Request-ID"] != given


@pytest.mark.parametrize("language", ["ko", "de"])
def test_message_translated_and_code_not_when_a_language_is_asked_for(
    language: str, api: Api
) -> None:
    plain = api.post("/items", {}).error["details"][0]
    translated = api.post("/items", {}, **{"Accept-Language": language}).error["details"][0]
    assert translated["code"] == plain["code"] == "required"
    assert translated["message"] != plain["message"]


# ── Who speaks ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer nope", "Token x", "Bearer a b", "é"]
)
def test_401_when_the_authorization_is_none_of_ours(header: str, db: None) -> None:
    reply = Api().get("/items", Authorization=header)
    assert failed(reply, 401, "not_authenticated")
    assert reply["WWW-Authenticate"].startswith("Bearer")


def test_401_when_only_the_admins_session_speaks(db: None) -> None:
    api = Api()
    api.client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    assert api.get("/items").status == 401


def test_reads_and_403_on_writes_when_the_token_only_reads(db: None) -> None:
    api = Api(token_for(UserFactory.create(group="Manager"), scope="read"))
    item = ItemFactory.create()
    assert api.get(f"/items/{item.pk}").status == 200
    assert api.patch(f"/items/{item.pk}", {"name": "x"}).status == 403
    assert api.delete(f"/items/{item.pk}").status == 403


# ── Methods and types ─────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/items", "PUT", {"GET", "POST"}),
        ("/items", "PATCH", {"GET", "POST"}),
        ("/items", "DELETE", {"GET", "POST"}),
        ("/items/{}", "POST", {"GET", "PUT", "PATCH", "DELETE"}),
        ("/items", "OPTIONS", {"GET", "POST"}),
        ("/items", "TRACE", {"GET", "POST"}),
        ("/items", "FOO", {"GET", "POST"}),
        ("/items", "DISPATCH", {"GET", "POST"}),
        ("/categories", "DELETE", {"GET", "POST"}),
    ],
)
def test_405_with_what_is_allowed_when_the_method_is_not(
    path: str, method: str, allowed: set[str], manager_api: Api
) -> None:
    reply = manager_api.call(method, path.format(ItemFactory.create().pk))
    assert failed(reply, 405, "method_not_allowed")
    assert allowed <= {word.strip() for word in reply["Allow"].split(",")}


@pytest.mark.parametrize(
    ("method", "path"),
    [("TRACE", "/items?page=1"), ("PUT", "/tokens/1?fields=id"), ("PATCH", "/items?x=")],
)
def test_405_before_the_parameters_are_looked_at(method: str, path: str, api: Api) -> None:
    assert failed(api.call(method, path, {}), 405, "method_not_allowed")


def test_allow_names_only_what_works_when_a_method_is_not_allowed(manager_api: Api) -> None:
    named = manager_api.call("TRACE", "/items")["Allow"]
    works = {
        method
        for method in (word.strip() for word in named.split(","))
        if manager_api.call(method, "/items", {}).status != 405
    }
    assert {word.strip() for word in named.split(",")} == works


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "nonsense"])
def test_406_when_json_is_not_accepted(accept: str, api: Api) -> None:
    assert failed(api.get("/items", Accept=accept), 406, "not_acceptable")


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "application/*", "text/html, */*;q=0.1"]
)
def test_json_when_it_is_accepted(accept: str, api: Api) -> None:
    assert api.get("/items", Accept=accept).status == 200


# ── URLs ──────────────────────────────────────────────────────────────────────────────────────
UNKNOWN = [
    "",
    "/",
    "/nothing",
    "/items/",
    "/items/1/",
    "/items/1/nothing",
    "//items",
    "/items.json",
]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FOO"])
def test_404_when_the_url_is_unknown(method: str, anonymous: Api, api: Api) -> None:
    for path in UNKNOWN:
        assert failed(anonymous.call(method, path), 404, "not_found"), path
        assert failed(api.call(method, path), 404, "not_found"), path


@pytest.mark.parametrize("path", ["/api/v2/items", "/api/", "/api/v1/../x", "/api/%00"])
def test_404_in_the_envelope_when_anything_below_api_is_unknown(path: str, db: None) -> None:
    response: Any = Client().get(path)
    reply = Reply(response)
    assert failed(reply, 404, "not_found")


def arabic(number: int) -> str:
    """A number in Arabic digits, as a URL has them."""
    return quote("".join("٠١٢٣٤٥٦٧٨٩"[int(digit)] for digit in str(number)))


@pytest.mark.parametrize(
    "pk",
    [
        "abc",
        "0",
        "-1",
        "1.0",
        "+{}",
        "%20{}",
        "{}%20",
        "{}%0A",
        "0{}_0",
        "%00",
        "9223372036854775808",
        "9" * 40,
        "9" * 5000,
        "{digits}",
        "null",
        "{}'--",
        "%ff",
    ],
)
def test_404_when_the_id_in_the_path_is_none(pk: str, manager_api: Api) -> None:
    item = ItemFactory.create()
    path = f"/items/{pk.format(item.pk, digits=arabic(item.pk))}"
    assert failed(manager_api.get(path), 404, "not_found")
    assert failed(manager_api.patch(path, {"name": "x"}), 404, "not_found")
    assert failed(manager_api.delete(path), 404, "not_found")


@pytest.mark.parametrize("pk", ["abc", "+{}", "9223372036854775808", "%00", "{digits}"])
def test_404_when_the_id_of_a_category_is_none(pk: str, api: Api) -> None:
    category = CategoryFactory.create()
    reply = api.get(f"/categories/{pk.format(category.pk, digits=arabic(category.pk))}")
    assert failed(reply, 404, "not_found")


@pytest.mark.parametrize("pk", ["abc", "0", "9" * 40, "%00"])
def test_404_when_the_id_of_a_history_is_none(pk: str, api: Api) -> None:
    assert failed(api.get(f"/items/{pk}/history"), 404, "not_found")


# ── Hosts ─────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("host", ["evil.example", "localhost:80:80", "a b"])
def test_400_when_the_host_is_not_ours(
    host: str, debug: bool, api: Api, settings: LazySettings
) -> None:
    settings.DEBUG = debug
    assert failed(api.get("/items", Host=host), 400, "malformed")
    assert failed(api.get("/nothing", Host=host), 400, "malformed")


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("path", "status"), [("/nothing", 404), ("/items/999999", 404), ("/items?x=1", 400)]
)
def test_the_same_when_debug_is_on(
    path: str, status: int, debug: bool, api: Api, settings: LazySettings
) -> None:
    settings.DEBUG = debug
    reply = api.get(path)
    assert (reply.status, set(reply.body)) == (status, ENVELOPE)


@pytest.mark.parametrize("debug", [False, True])
def test_500_tells_nothing_when_something_breaks(
    debug: bool, api: Api, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    settings.DEBUG = debug
    monkeypatch.setattr("items.catalogue.views.ItemViewSet.get_queryset", fail)
    reply = api.get("/items")
    assert failed(reply, 500, "server_error")
    assert "secret" not in reply.response.content.decode()
