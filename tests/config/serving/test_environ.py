"""A request as the web server tells it, as Django reads it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from config.serving.environ import BEGUN, UNKNOWN, Unreadable, environ_of


class Headers:
    """Headers as the web server has them: what is not ASCII has a name, and no value."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self._pairs = pairs

    def items(self) -> Sequence[tuple[str, str]]:
        return [pair for pair in self._pairs if pair[1].isascii()]

    def keys(self) -> Sequence[str]:
        return [name for name, _ in self._pairs]


@dataclass
class Scope:
    """A request as the web server has it."""

    method: str = "GET"
    path: str = "/api/v1/items"
    query_string: str = ""
    scheme: str = "http"
    http_version: str = "1.1"
    server: str = "127.0.0.1:8000"
    client: str = "192.0.2.1:40000"
    authority: str | None = None
    headers: Headers = field(default_factory=Headers)


def environ(
    *headers: tuple[str, str], body: bytes = b"", size: int | None = None, **of: Any
) -> Any:
    """The environ of such a request."""
    scope = Scope(headers=Headers(*headers), **of)
    return environ_of(scope, begun=5.0, body=body, size=size)


def test_all_that_django_asks_for_when_a_request_comes_in() -> None:
    found = environ(("host", "example.org"), ("content-type", "a/b"), ("x-request-id", "7"))
    assert (found["REQUEST_METHOD"], found["SERVER_PROTOCOL"]) == ("GET", "HTTP/1.1")
    assert (found["SERVER_NAME"], found["SERVER_PORT"]) == ("127.0.0.1", "8000")
    assert (found["REMOTE_ADDR"], found[BEGUN]) == ("192.0.2.1", 5.0)
    assert (found["HTTP_HOST"], found["CONTENT_TYPE"]) == ("example.org", "a/b")
    assert found["HTTP_X_REQUEST_ID"] == "7"


def test_the_address_alone_when_it_is_of_ipv6() -> None:
    found = environ(server="[::1]:8000", client="[2001:db8::1]:40000")
    assert (found["SERVER_NAME"], found["REMOTE_ADDR"]) == ("::1", "2001:db8::1")


def test_bytes_as_latin_1_when_a_path_is_of_any_script() -> None:
    found = environ(path="/의", query_string="q=의")
    assert found["PATH_INFO"].encode("latin-1").decode() == "/의"
    assert found["QUERY_STRING"].encode("latin-1").decode() == "q=의"


@pytest.mark.parametrize(
    ("name", "joined"), [("x-forwarded-for", "one,two"), ("cookie", "one; two")]
)
def test_joined_when_a_header_comes_twice(name: str, joined: str) -> None:
    key = f"HTTP_{name.upper().replace('-', '_')}"
    assert environ((name, "one"), (name, "two"))[key] == joined


def test_left_out_when_its_name_has_an_underscore() -> None:
    assert "HTTP_X_FORWARDED_FOR" not in environ(("x_forwarded_for", "192.0.2.9"))


def test_nothing_that_anybody_takes_when_it_cannot_be_read() -> None:
    assert environ(("if-match", '"é"'))["HTTP_IF_MATCH"] == UNKNOWN


def test_refused_when_it_would_name_the_client_and_cannot_be_read() -> None:
    with pytest.raises(Unreadable, match="X-Forwarded-For"):
        environ(("x-forwarded-for", "é, 192.0.2.1"))


def test_the_host_of_http_2_when_no_header_names_it() -> None:
    assert environ(authority="example.org")["HTTP_HOST"] == "example.org"
    assert environ(("host", "own"), authority="example.org")["HTTP_HOST"] == "own"


def test_the_body_and_its_size_when_it_came_in_parts() -> None:
    found = environ(body=b"abc", size=3)
    assert (found["wsgi.input"].read(), found["CONTENT_LENGTH"]) == (b"abc", "3")
