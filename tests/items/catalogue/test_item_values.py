"""What the values of an item may be, and how they are read back."""

import json
from typing import Any

import pytest

from tests.client import Api, Reply
from tests.factories import ItemFactory
from tests.items.helpers import sql


def post(api: Api, raw: str, field: str, **more: Any) -> Reply:
    """Make an item with a field as it is written in JSON."""
    others = "".join(f",{json.dumps(name)}:{json.dumps(value)}" for name, value in more.items())
    return api.post("/items", f'{{"sku":"V","name":"V"{others},"{field}":{raw}}}'.encode())


# ── Money ─────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("raw", "currency", "read"),
    [
        ("12.30", "USD", "12.30"),
        ('"12.30"', "USD", "12.30"),
        ("12.3", "USD", "12.30"),
        ("12", "USD", "12.00"),
        ("12.30e0", "USD", "12.30"),
        ("1e3", "USD", "1000.00"),
        ("0", "USD", "0.00"),
        ("-0", "USD", "0.00"),
        ("1890000", "KRW", "1890000"),
        ('"1890000.00"', "KRW", "1890000"),
        ("1.234", "KWD", "1.234"),
        ("1.2", "KWD", "1.200"),
        ("1.2345", "CLF", "1.2345"),
        ("0.1", "EUR", "0.10"),
        ("123456789012345.67", "USD", "123456789012345.67"),
        ('"999999999999999.99"', "USD", "999999999999999.99"),
        ("999999999999999.9999", "CLF", "999999999999999.9999"),
        ("null", "USD", None),
    ],
)
def test_exact_and_with_its_decimals_when_a_price_is_sent(
    raw: str, currency: str, read: str | None, api: Api
) -> None:
    reply = post(api, raw, "unit_price", currency=currency)
    assert (reply.status, reply.data["unit_price"]) == (201, read)


@pytest.mark.parametrize(
    ("raw", "currency"),
    [
        ('"12.345"', "USD"),
        ("12.345", "USD"),
        ('"0.5"', "KRW"),
        ("1.2345", "KWD"),
        ("1.23456", "CLF"),
        ("1000000000000000", "USD"),
        ("1e15", "USD"),
        ("1e400000", "USD"),
        ("1e-400000", "USD"),
        ("-1", "USD"),
        ('"-0.01"', "USD"),
        ('"NaN"', "USD"),
        ('"sNaN"', "USD"),
        ('"Infinity"', "USD"),
        ('"1e3"', "USD"),
        ('" 1 "', "USD"),
        ('"1\\n"', "USD"),
        ('"1_0"', "USD"),
        ('"١"', "USD"),
        ('"１"', "USD"),
        ('"1,5"', "USD"),
        ('"0x10"', "USD"),
        ('"."', "USD"),
        ('""', "USD"),
        ('"-"', "USD"),
        ("true", "USD"),
        ("[]", "USD"),
        ("[1]", "USD"),
        ("{}", "USD"),
        (f'"{"9" * 2000}"', "USD"),
    ],
)
def test_422_when_a_price_is_no_amount_of_its_currency(raw: str, currency: str, api: Api) -> None:
    reply = post(api, raw, "unit_price", currency=currency)
    assert (reply.status, list(reply.codes)) == (422, ["unit_price"])


@pytest.mark.parametrize("currency", ["usd", "XXX", "", "US", None, 840, ["USD"]])
def test_422_when_a_currency_is_unknown(currency: Any, api: Api) -> None:
    reply = api.post("/items", {"sku": "V", "name": "V", "currency": currency, "unit_price": "1"})
    assert (reply.status, list(reply.codes)) == (422, ["currency"])


# ── Quantities ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ('"2.500"', "2.5"),
        ("2.500", "2.5"),
        ("3", "3"),
        ('"3.000"', "3"),
        ("100", "100"),
        ("0", "0"),
        ("0.001", "0.001"),
        ("123456789012.345", "123456789012.345"),
        ("null", None),
    ],
)
def test_without_padding_when_a_quantity_is_read_back(raw: str, read: Any, api: Api) -> None:
    reply = post(api, raw, "reorder_point")
    assert (reply.status, reply.data["reorder_point"]) == (201, read)


@pytest.mark.parametrize(
    "raw", ["0.0001", "-1", "1000000000000", '"NaN"', '"1e3"', '" 1 "', '"1_0"', '""', "true", "[]"]
)
def test_422_when_a_quantity_is_none(raw: str, api: Api) -> None:
    reply = post(api, raw, "reorder_point")
    assert (reply.status, list(reply.codes)) == (422, ["reorder_point"])


# ── Attributes ────────────────────────────────────────────────────────────────────────────────
def nested(depth: int) -> Any:
    """Lists within lists."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": None, "b": True, "c": False},
        {"": "empty key", "의자": "한글", "emoji": "🪑"},
        {"a": {"b": {"c": [1, [2, {"d": "e"}]]}}},
        {"n": 0, "m": -1, "max": 2**63 - 1, "min": -(2**63) + 1},
        {"f": 0.1, "g": -2.5, "h": 1e-20, "i": 123456.789},
        {"list": [], "object": {}},
        {"html": "<script>alert(1)</script>", "sql": "'; DROP TABLE items_item; --"},
        {"newline": "a\nb\tc\u2028d"},
        {"deep": nested(30)},
    ],
)
def test_as_they_were_when_attributes_are_read_back(value: dict[str, Any], api: Api) -> None:
    reply = api.post("/items", {"sku": "V", "name": "V", "attributes": value})
    assert reply.status == 201
    assert api.get(f"/items/{reply.data['id']}").data["attributes"] == value


@pytest.mark.parametrize(
    "raw",
    [
        "null",
        "[]",
        '"text"',
        "7",
        "true",
        '{"a":"\\u0000"}',
        '{"\\u0000":1}',
        '{"a":[{"b":"x\\u0000"}]}',
        '{"a":9223372036854775808}',
        '{"a":123456789012345678901234567890}',
        '{"a":[-9223372036854775809]}',
        '{"a":0.1234567890123456789}',
        '{"a":1e400}',
        '{"a":1e999999999}',
        '{"a":1e-999}',
        f'{{"a":{json.dumps(nested(40))}}}',
    ],
)
def test_422_when_attributes_cannot_be_kept_as_they_are(raw: str, api: Api) -> None:
    reply = post(api, raw, "attributes")
    assert (reply.status, list(reply.codes)) == (422, ["attributes"])


@pytest.mark.parametrize(
    "raw", ["1e22", "1e19", "1e28", "1e29", "100000000000000000000.0", "-1.5e300"]
)
def test_kept_or_refused_when_a_float_in_the_attributes_is_whole_and_huge(
    raw: str, api: Api
) -> None:
    reply = post(api, f'{{"a":{raw}}}', "attributes")
    assert reply.status in {201, 422}
    assert api.get("/items").status == 200


def test_the_list_is_still_read_when_sql_wrote_a_huge_number(api: Api) -> None:
    item = ItemFactory.create()
    number = "1" + "0" * 30
    sql("UPDATE items_item SET attributes = %s WHERE id = %s", f'{{"a":{number}}}', item.pk)
    assert api.get("/items").status == 200
    assert api.get(f"/items/{item.pk}/history").status == 200


def test_whole_object_replaced_when_attributes_are_patched(api: Api) -> None:
    item = ItemFactory.create(attributes={"a": 1, "b": 2})
    assert api.patch(f"/items/{item.pk}", {"attributes": {"b": 3}}).data["attributes"] == {"b": 3}


# ── Tags ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ([], []),
        (["b", "a", "b", "a"], ["b", "a"]),
        ([" a ", "a"], ["a"]),
        (["Red", "red"], ["Red", "red"]),
        (["a,b", "c;d", "{x}", '"q"', "NULL", "\\"], ["a,b", "c;d", "{x}", '"q"', "NULL", "\\"]),
        (["의자"], ["의자"]),
        (["x" * 50], ["x" * 50]),
        ([str(n) for n in range(50)], [str(n) for n in range(50)]),
    ],
)
def test_each_once_in_order_when_tags_are_sent(sent: list[str], read: list[str], api: Api) -> None:
    assert api.post("/items", {"sku": "V", "name": "V", "tags": sent}).data["tags"] == read


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ([""], "tags.0"),
        (["ok", "  "], "tags.1"),
        (["x" * 51], "tags.0"),
        (["\0"], "tags.0"),
        ([None], "tags.0"),
        ([1], "tags.0"),
        ([["a"]], "tags.0"),
        ([str(n) for n in range(51)], "tags"),
        ("red", "tags"),
        ({"red": 1}, "tags"),
        (None, "tags"),
        (7, "tags"),
    ],
)
def test_422_when_tags_are_bad(sent: Any, field: str, api: Api) -> None:
    reply = api.post("/items", {"sku": "V", "name": "V", "tags": sent})
    assert (reply.status, list(reply.codes)) == (422, [field])


# ── Codes and text ────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("field", ["barcode", "serial_number"])
def test_many_without_one_when_codes_are_null(field: str, api: Api) -> None:
    replies = [api.post("/items", {"sku": s, "name": "V", field: None}) for s in ("A", "B")]
    assert [(reply.status, reply.data[field]) for reply in replies] == [(201, None)] * 2


@pytest.mark.parametrize("field", ["barcode", "serial_number", "sku", "name", "unit"])
@pytest.mark.parametrize("value", ["", "   ", "\t\n", "\u3000"])
def test_422_when_a_text_is_blank(field: str, value: str, api: Api) -> None:
    reply = api.post("/items", {"sku": "V", "name": "V", field: value})
    assert (reply.status, reply.codes) == (422, {field: "blank"})


LIMITS = {"sku": 64, "name": 200, "description": 10_000, "unit": 16, "barcode": 64}


@pytest.mark.parametrize(("field", "limit"), [*LIMITS.items(), ("serial_number", 64)])
def test_limit_is_kept_to_the_character_when_a_text_is_long(
    field: str, limit: int, api: Api
) -> None:
    path = f"/items/{ItemFactory.create().pk}"
    assert api.patch(path, {field: "자" * limit}).data[field] == "자" * limit
    reply = api.patch(path, {field: "자" * (limit + 1)})
    assert (reply.status, reply.codes) == (422, {field: "max_length"})
