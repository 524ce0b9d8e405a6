"""Requests that no honest client sends: sound ones of every operation, with something wrong."""

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.conf import settings

Schema = dict[str, Any]
# What would end the token in use, so that nothing but 401 would be answered from then on.
NOT_AS_ONESELF = ("log_out", "delete_token")
LONGEST_TARGET = 60_000  # the web server's own limit is a little above
BODY_OF: dict[str, Any] = {
    "log_in": {"email": "nobody@example.org", "password": "a wrong passphrase"},
    "token": {"name": "hostile", "scope": "read", "expires_at": "2099-01-01T00:00:00Z"},
    "category": {"name": "Lamps", "parent_id": None},
    "item": {
        "sku": "H-1",
        "name": "Lamp",
        "description": "",
        "unit": "pcs",
        "tags": ["a"],
        "unit_price": "1.20",
        "currency": "EUR",
        "attributes": {"a": [1, {"b": None}]},
        "category_id": 1,
        "owner_id": 1,
        "barcode": None,
        "reorder_point": 1.5,
    },
    "user": {"email": "h@example.org", "name": "Hostile", "age": 40, "groups": ["Viewer"]},
    "me": {"name": "Admin", "age": 1, "email": "x@example.org", "current_password": "wrong"},
    "password": {"current_password": "wrong", "new_password": "another passphrase"},
    "items": {
        "atomic": False,
        "operations": [
            {"op": "create", "data": {"sku": "H-2", "name": "Lamp"}},
            {"op": "update", "id": 1, "version": 1, "data": {"name": "Other"}},
            {"op": "delete", "id": 2},
        ],
    },
}
JUNK: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**31, 2**63, -(2**63) - 1, 10**400, 0.1, 1e308, -0.0, [], {}, [[]]),
    *(
        "",
        " ",
        "\0",
        "\x1f",
        "\ufeff",
        "\u202e",
        "٣",
        "İ" * 60,
        "x" * 70_000,
        "👩‍👩‍👧",
        "NaN",
        "1e3",
    ),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30T00:00:00Z", "24:00"),
    *({"$ne": None}, {"a": {"a": {}}}, ["x"] * 1001, "' OR 1=1 --", "%s%n", "../../etc/passwd"),
    *({"__proto__": 1}, [None], [True], [{}], {"": ""}, "admin@example.org", 1e-7, "1.00000"),
)
# JSON that is none, or that two readers could understand differently; %s is a sound body.
TEXTS: tuple[bytes, ...] = (
    *(b"", b" ", b"null", b"[]", b'"x"', b"7", b"{", b"}", b"{}{}", b'{"a"}', b"{'a': 1}"),
    *(b'{"name": "\\ud800"}', b'{"\\udfff": 1}', b'{"name": "\\u0000"}', b'{"name": "\x00"}'),
    *(
        b'{"name": "a", "name": "b"}',
        b'{"name": NaN}',
        b'{"age": Infinity}',
        b'{"age": 1e999999999}',
    ),
    *(
        b'{"age": ' + b"9" * 5000 + b"}",
        b'{"name": "\xff"}',
        b'{"name": 01}',
        b'{"a": 1,}',
        b"//\n{}",
    ),
    *(b"[" * 100_000, b'{"a":' * 50_000, b'{"attributes": ' + b'{"a": ' * 40 + b"1" + b"}" * 41),
    *(b"\xef\xbb\xbf%s", b"%s%s", b"%s\x00", b" \n%s\n ", b"%s garbage", b"{" * 2 + b"%s"),
)
TYPES = (
    *("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
    *("multipart/form-data", "application/json; charset=utf-16", "application/json;;;=", "garbage"),
    *("application/xml", "application/merge-patch+json", "*/*", "application/json, text/plain"),
)
QUERIES = (
    *(
        "x",
        "=",
        "&&==&",
        "page",
        "page=",
        "page=0",
        "page=-1",
        "page=1e3",
        "page=%D9%A3",
        "page=1&page=2",
    ),
    *(
        "page_size=201",
        "page=99999999999999999999",
        "cursor=&page=1",
        "cursor=garbage",
        "cursor=a:b:c",
    ),
    *(
        "ids=1,,2",
        "ids=0",
        "ids=" + "1," * 300 + "1",
        "ids=99999999999999999999",
        "fields=",
        "fields=,",
    ),
    *("fields=id,id", "fields=password", "ordering=search_text", "ordering=--id", "ordering=-"),
    *(
        "%",
        "%zz=%zz",
        "%ff=%ff",
        "%00=%00",
        "search=%00",
        "search=%FF%FE",
        "search=%25_%5C",
        "search=+",
    ),
    *(
        "search=" + "%F0%9F%92%A9" * 200,
        "search=%CC%81",
        "search=" + "a+" * 100,
        "sku=%20",
        "tag=",
        "tag=%00",
    ),
    *("updated_since=0001-01-01T00:00:00%2B14:00", "updated_since=9999-12-31T23:59:59-14:00"),
    *(
        "updated_since=now",
        "updated_since=2026-02-30",
        "min_price=NaN",
        "min_price=1e5",
        "max_price=-0",
    ),
    *(
        "min_price=" + "9" * 40,
        "category=0",
        "category=9223372036854775808",
        "status=lost",
        "format=xml",
    ),
    *(
        "&".join(f"k{n}=1" for n in range(10_001)),
        "a" * 7000,
        "is_active=1",
        "group=%F0%9F",
        "_method=PUT",
    ),
)
HEADERS: tuple[tuple[str, str], ...] = (
    *(("If-Match", text) for text in ("", "0", '"', '"x', "W/", '""', '"a", b', '"é"', "x" * 4000)),
    *(("If-None-Match", text) for text in ("", "0", "*", '"x"', ',"a"', "\t")),
    *(("Idempotency-Key", text) for text in ("", " ", "é", "a b", "x" * 256, "same", "\t")),
    *(("Range", text) for text in ("bytes=0-1", "bytes=-1", "garbage")),
    *(
        ("Accept", text)
        for text in ("text/html", "*/*;q=0", "a/b;c=d", "garbage", "", "application/*")
    ),
    *(("Accept-Language", text) for text in ("ko", "x" * 600, "*;q=2", "de-" * 100)),
    *(("Authorization", text) for text in ("Basic YTpi", "Bearer", "Bearer  ", "é", "Bearer é")),
    *(("Authorization", text) for text in ("Bearer sr_x", "Bearer a b", "x" * 5000, "bearer\tx")),
    *(("X-Forwarded-For", text) for text in ("1.2.3.4", "garbage", "::1", "," * 100)),
    *(("X-Forwarded-Host", text) for text in ("evil.example", "é")),
    *(("X-Forwarded-Proto", text) for text in ("https", "javascript")),
    *(("Host", text) for text in ("evil.example", "localhost:99999", "[::1", "a b", "127.0.0.1@x")),
    *(("X-Request-ID", text) for text in ("x" * 65, "a b", "sane-1", "é")),
    *(("Cookie", text) for text in ("sessionid=x; csrftoken=é", "=;=;", "a" * 3000)),
    *(("Expect", text) for text in ("100-continue", "garbage")),
    *(("X-HTTP-Method-Override", "DELETE"), ("Upgrade", "websocket"), ("Connection", "upgrade")),
    *(("Date", "x"), ("Forwarded", "for=x"), ("Origin", "null"), ("Content-Language", "x" * 500)),
)
METHODS = ("TRACE", "PROPFIND", "OPTIONS", "HEAD", "LOCK", "get", "Post", "QUERY", "X" * 40)
PATHS = (
    *(
        "/api/v1/../v1/items",
        "/api//v1/items",
        "/api/v1//items",
        "/api/v1/items/",
        "/api/v1/items%00",
    ),
    *(
        "/api/v1/items/%2e%2e",
        "/api/v1/items/%D9%A3",
        "/api/v1/items/1%00",
        "/api/v1/items/-1",
        "/api/",
    ),
    *(
        "/api/v1/items/" + "9" * 400,
        "/api/v1/" + "a" * 4000,
        "/api/v1/items/1/history/",
        "/api/v2/items",
    ),
    *(
        "/api/v1/items;a=b",
        "/api/v1/Items",
        "/api/v1/items/1.0",
        "/api/v1/items/0x1",
        "/api/v1/items/ 1",
    ),
    *(
        "/api/v1/%ff%fe",
        "/api/v1/items/1%2fhistory",
        "/api/v1/items/+1",
        "/api",
        "/api/v1/users/ME",
    ),
    *("/api/v1/items/01", "/api/v1/items/9223372036854775808/history", "/healthz?x=%ff", "/%00"),
)


@dataclass
class Request:
    """A request to be written; `broken`: HTTP itself is, so that the web server may refuse it."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    query: str = ""
    broken: bool = False
    lengths: list[str] | None = field(default=None)  # None: the true one

    @property
    def may_be_refused_unread(self) -> bool:
        """Whether it is no HTTP that a web server must take."""
        return self.broken or len(self.target) + len(self.query) > LONGEST_TARGET

    @property
    def may_be_cut_off(self) -> bool:
        """Whether its body is not received: then the answer may be lost with the connection."""
        return len(self.body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    def written(self) -> bytes:
        """As it goes over the wire."""
        target = f"{self.target}?{self.query}" if self.query else self.target
        lengths = self.lengths
        if lengths is None:
            lengths = [str(len(self.body))] if self.body or self.method != "GET" else []
        lines = [f"{self.method} {target} HTTP/1.1", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += [f"Content-Length: {length}" for length in lengths]
        return "\r\n".join([*lines, "", ""]).encode() + self.body

    def put(self, name: str, value: str) -> None:
        """Set a header in the place of what it was."""
        kept = [pair for pair in self.headers if pair[0].lower() != name.lower()]
        self.headers = [*kept, (name, value)]


def _spoil_value(request: Request, random: Random) -> None:
    body = json.loads(request.body or b"{}")
    place: Any = body
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = random.choice([*keys])
        if not isinstance(place[key], dict | list) or not place[key] or random.random() < 0.4:
            break
        place = place[key]
    else:
        body["name"] = random.choice(JUNK)
        place, key = body, "name"
    kind = random.random()
    if kind < 0.7:
        place[key] = random.choice(JUNK)
    elif kind < 0.85 and isinstance(place, dict):
        place[str(random.choice(JUNK))[:300]] = random.choice(JUNK)
    else:
        del place[key]
    request.body = json.dumps(body).encode()


def _spoil_text(request: Request, random: Random) -> None:
    text = random.choice(TEXTS)
    request.body = text.replace(b"%s", request.body)
    if random.random() < 0.2:
        request.body = request.body[: random.randrange(len(request.body) + 1)]
    if random.random() < 0.1:
        request.body = request.body.decode("latin-1").encode("utf-16")


def _spoil_type(request: Request, random: Random) -> None:
    request.put("Content-Type", random.choice(TYPES))
    if random.random() < 0.3:
        request.put("Content-Encoding", random.choice(["gzip", "br", "identity", "x"]))
        request.body = gzip.compress(request.body) if random.random() < 0.5 else request.body
    if random.random() < 0.2:
        request.body = b"sku=a&name=b&" * random.choice([1, 100_000])


def _spoil_query(request: Request, random: Random) -> None:
    request.query = random.choice(QUERIES)
    if random.random() < 0.3:
        request.query += f"&{random.choice(QUERIES)}"


def _spoil_headers(request: Request, random: Random) -> None:
    for name, value in random.sample(HEADERS, random.choice([1, 1, 2, 3])):
        request.put(name, value)
        request.broken |= name in {"Host", "Upgrade", "Connection", "Expect"} or not value.isascii()


def _spoil_method(request: Request, random: Random) -> None:
    request.method = random.choice(METHODS)
    request.broken |= not re.fullmatch("[A-Z]+", request.method)


def _spoil_path(request: Request, random: Random) -> None:
    request.target = random.choice(PATHS)
    request.broken |= " " in request.target


def _spoil_framing(request: Request, random: Random) -> None:
    length, request.broken = len(request.body), True
    request.lengths = random.choice(
        [[str(length + 5)], [str(max(0, length - 5))], ["-1"], ["x"], ["1", "2"], ["9" * 30], []]
    )
    if random.random() < 0.3:
        request.headers.append(("Transfer-Encoding", random.choice(["chunked", "gzip", "x"])))


SPOILERS: tuple[Callable[[Request, Random], None], ...] = (
    *(_spoil_value, _spoil_value, _spoil_value, _spoil_text, _spoil_type, _spoil_query),
    *(_spoil_headers, _spoil_method, _spoil_path, _spoil_framing),
)


def hostile_request(document: Schema, token: str, random: Random) -> Request:
    """One operation of the document, asked by the token, with one thing wrong, or two."""
    operations = [
        (method, path, operation["operationId"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    method, path, name = random.choice(operations)
    body = BODY_OF.get(name) or BODY_OF.get(name.partition("_")[2])
    there = ["1"] if "user" in name else ["1", "2", "3", "4", "5"]  # no other user: they ask too
    pk = random.choice([*there, "0", "999999", "9" * 25])
    request = Request(
        method=method.upper(),
        target=path.replace("{id}", pk),
        headers=[
            ("Host", "localhost"),
            ("Content-Type", "application/json"),
            ("Authorization", f"Bearer {token if name not in NOT_AS_ONESELF else 'none'}"),
        ],
        body=json.dumps(body).encode() if body and method not in {"get", "delete"} else b"",
    )
    spoilers = random.sample(SPOILERS, random.choice([1, 1, 1, 2]))
    for spoil in sorted(spoilers, key=SPOILERS.index):  # a value before the text that it is in
        if request.body or spoil not in {_spoil_value, _spoil_text}:
            spoil(request, random)
    return request
