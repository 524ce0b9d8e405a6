"""What a body may be, whatever the resource."""

import json
from typing import Any

import pytest
from django.conf import settings

from tests.client import Api
from tests.factories import ItemFactory

LIMIT = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
TEXTS = ["sku", "name", "description", "unit", "barcode", "serial_number"]
NEW = {"sku": "B-1", "name": "Body"}

NO_TEXT = [7, 1.5, True, [], ["x"], {"a": 1}]
WRONG: dict[str, list[Any]] = {
    **{field: [*NO_TEXT, None] for field in ("sku", "name", "description", "unit")},
    **dict.fromkeys(("barcode", "serial_number"), NO_TEXT),
    "status": [None, 7, True, [], {}, "", "lost", "ACTIVE"],
    "currency": [None, 7, True, [], {}, "", "EURO", "eur"],
    "unit_price": [True, [], ["1"], {}, "", "x", -1, 10**40],
    "reorder_point": [True, [], ["1"], {}, "", "x", -1, 10**40],
    "tags": [None, 7, "x", True, {}, [None], [7], [[]], [{}], [""]],
    "attributes": [None, 7, "x", True, [], [{}]],
    "category_id": ["1", "x", True, 1.5, [], {}, 0, -1, 10**40, 2**63],
    "owner_id": ["1", "x", False, 1.5, [], {}, 0, -1, 10**40, 2**63],
}


@pytest.fixture
def path(db: None) -> str:
    """Where an item is."""
    return f"/items/{ItemFactory.create().pk}"


@pytest.mark.parametrize("field", WRONG)
def test_422_and_named_when_a_field_has_the_wrong_type(field: str, api: Api, path: str) -> None:
    for value in WRONG[field]:
        reply = api.patch(path, {field: value})
        assert (reply.status, value) == (422, value)
        assert {name.split(".")[0] for name in reply.codes} == {field}


@pytest.mark.parametrize(
    "body", [b"", b"   ", b"[]", b'[{"sku":"x"}]', b"null", b'"text"', b"7", b"true", b"1.5"]
)
def test_400_when_the_body_is_no_object(body: bytes, api: Api, path: str) -> None:
    replies = [api.post("/items", body), api.put(path, body), api.patch(path, body)]
    assert [reply.status for reply in replies] == [400] * 3
    assert {reply.error["code"] for reply in replies} == {"malformed"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"}",
        b"{]",
        b"{'sku': 'x'}",
        b'{"sku": "x",}',
        b'{"sku": undefined}',
        b'{"sku": "x"} trailing',
        b'{"sku": "x"}{"sku": "y"}',
        b'{"sku": "line\nbreak"}',
        b"sku=x&name=y",
        b"<sku>x</sku>",
        b'{"unit_price": NaN}',
        b'{"unit_price": Infinity}',
        b'{"unit_price": -Infinity}',
        b'{"attributes": {"a": NaN}}',
        b'{"unit_price": 01}',
        b'{"unit_price": .5}',
        b'{"unit_price": +1}',
        b'{"unit_price": ' + b"9" * 5000 + b"}",
        b'{"sku": "a", "sku": "b"}',
        b'{"sku": "a", "s\\u006bu": "b"}',
        b'{"attributes": {"a": 1, "a": 2}}',
        b'{"attributes": {"x": [{"a": 1, "a": 1}]}}',
        b'{"sku": "\\ud800"}',
        b'{"sku": "\\udc00\\ud800"}',
        b'{"attributes": {"\\ud800": 1}}',
        b'{"tags": ["\\udfff"]}',
        b'{"sku": "\xff"}',
        b'{"sku": "\xed\xa0\x80"}',
        b'{"sku": "\xc3"}',
        b"\xef\xbb\xbf{}",
        '{"sku": "x"}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"attributes": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
    ids=lambda body: repr(body[:40]),
)
def test_400_when_the_body_is_not_strict_json(body: bytes, api: Api) -> None:
    reply = api.post("/items", body)
    assert (reply.status, reply.error["code"]) in {(400, "malformed"), (422, "validation_error")}
    assert reply.status == 400 or body.startswith(b'{"attributes": [')


def test_repeated_key_is_named_when_refused(api: Api) -> None:
    assert '"sku"' in api.post("/items", b'{"sku": "a", "sku": "b"}').error["message"]


def test_whole_text_kept_when_surrogates_come_in_pairs(api: Api) -> None:
    reply = api.post("/items", b'{"sku": "P", "name": "\\ud83e\\ude91"}')
    assert reply.data["name"] == "🪑"


@pytest.mark.parametrize("value", ["\0", "a\0b", "a\0"])
def test_422_when_every_text_holds_nul(value: str, api: Api, path: str) -> None:
    reply = api.patch(path, dict.fromkeys(TEXTS, value))
    assert (reply.status, sorted(reply.codes)) == (422, sorted(TEXTS))


@pytest.mark.parametrize(
    "value",
    ["<b>x</b>", "'; DROP--", "%s {0} %", "${x}", "a\\b'\"", "x\u200by", "\u202eabc", "ﬁ Å é é"],
)
def test_verbatim_when_every_text_holds_anything_else(value: str, api: Api, path: str) -> None:
    body = dict.fromkeys(TEXTS, value)
    assert api.patch(path, body).status == 200
    read = api.get(path).data
    assert {field: read[field] for field in TEXTS} == body


def padded(size: int) -> bytes:
    """A body of so many bytes."""
    body = json.dumps({**NEW, "description": ""}).encode()
    return body + b" " * (size - len(body))


def test_taken_when_the_body_is_just_at_the_limit(api: Api) -> None:
    assert api.post("/items", padded(LIMIT)).status == 201


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_413_when_the_body_is_too_large(method: str, size: int, api: Api, path: str) -> None:
    reply = api.call(method, "/items" if method == "POST" else path, padded(size))
    assert (reply.status, reply.error["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "nonsense",
        "",
    ],
)
def test_415_when_the_body_is_of_another_type(content_type: str, api: Api) -> None:
    reply = api.post("/items", NEW, content_type=content_type)
    assert (reply.status, reply.error["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json"]
)
def test_taken_when_json_is_written_another_way(content_type: str, api: Api) -> None:
    assert api.post("/items", NEW, content_type=content_type).status == 201


def test_every_unknown_field_named_when_there_are_several(api: Api) -> None:
    reply = api.post("/items", {**NEW, "a": 1, "b": [], "": 2, "__class__": 3})
    assert reply.codes == dict.fromkeys(["a", "b", "", "__class__"], "unknown_field")


def test_answer_stays_small_when_thousands_of_fields_are_unknown(api: Api) -> None:
    body = json.dumps({f"f{n}": 0 for n in range(5000)}).encode()
    reply = api.post("/items", body)
    assert reply.status == 422
    assert len(reply.response.content) < 10 * len(body)


@pytest.mark.django_db
def test_each_in_their_own_language_when_two_are_told_the_same(api: Api) -> None:
    body = {"sku": "x" * 1000, "name": "n", "tags": ["t" * 1000]}
    told = [
        [
            d["message"]
            for d in api.post("/items", body, **{"Accept-Language": each}).error["details"]
        ]
        for each in ("de", "en", "de")
    ]
    assert told[0] == told[2]
    assert not set(told[0]) & set(told[1])
