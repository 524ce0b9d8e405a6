"""What happens to every request first: its id, and whom to believe about its origin."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from config.logs import ACCESS_LOGGER
from tests.config.conftest import Log

PROXY, OTHER_PROXY, STRANGER = "10.0.0.1", "10.0.0.2", "203.0.113.9"


@pytest.fixture(autouse=True)
def _static_files_on_demand(settings: Settings) -> None:
    """Not every static file is looked up anew for each client."""
    settings.WHITENOISE_AUTOREFRESH = True


# ── X-Request-ID ──────────────────────────────────────────────────────────────────────────────


def id_of(client: Client, given: str | None = None, path: str = "/healthz") -> str:
    """The id on the answer to a request with this one."""
    headers = {} if given is None else {"X-Request-ID": given}
    found: str = client.get(path, headers=headers).headers["X-Request-ID"]
    return found


@pytest.mark.parametrize("given", ["abc", "A-b_c.9", "x" * 64, "0"])
def test_keeps_the_id_when_it_is_sane(client: Client, given: str) -> None:
    assert id_of(client, given) == given


@pytest.mark.parametrize(
    "given",
    ["", "x" * 65, "a b", "a\tb", "é", "a\nb", "a\r\nX-Evil: 1", "abc\n", "<b>", "a/b", "\0"],
)
def test_replaces_the_id_when_it_is_not_sane(client: Client, given: str) -> None:
    found = id_of(client, given)
    assert (found != given, found.isalnum(), len(found)) == (True, True, 32)


def test_makes_another_id_when_none_is_given_twice(client: Client) -> None:
    assert id_of(client) != id_of(client)


@pytest.mark.parametrize(
    "path",
    ["/", "/healthz", "/admin/", "/admin/login/", "/api/v1/nothing", "/api/v1/users", "/nothing"],
)
def test_the_id_is_on_the_answer_when_the_path_is_any(client: Client, path: str) -> None:
    assert id_of(client, "abc", path) == "abc"


def test_the_id_is_on_the_answer_when_the_host_is_refused(client: Client) -> None:
    reply = client.get("/api/v1/users", headers={"X-Request-ID": "abc", "Host": "evil.example"})
    assert (reply.status_code, reply.headers["X-Request-ID"]) == (400, "abc")


def test_the_id_is_in_the_body_when_the_request_failed(client: Client) -> None:
    reply = client.get("/api/v1/users", headers={"X-Request-ID": "abc"})
    assert reply.json()["meta"] == {"request_id": "abc"}


def test_the_id_is_in_the_log_when_something_is_logged(client: Client, log: Log) -> None:
    client.get("/api/v1/nothing", headers={"X-Request-ID": "abc"})
    assert [line["request_id"] for line in log.lines(ACCESS_LOGGER)] == ["abc"]


def test_the_log_holds_no_line_of_a_client_when_its_id_is_not_sane(
    client: Client, log: Log
) -> None:
    client.get("/api/v1/nothing", headers={"X-Request-ID": "a\nforged line"})
    assert len(log.lines()) == 1
    assert "forged" not in log.text


# ── X-Forwarded-* ─────────────────────────────────────────────────────────────────────────────


def through(sender: str, **headers: str) -> Any:
    """A request that comes from the address `sender`."""
    return Client().get("/api/v1/nothing", REMOTE_ADDR=sender, headers=headers)


def address_of(reply: HttpResponse) -> str:
    """The address that the rest of the program believes the request to come from."""
    request = reply.wsgi_request  # type: ignore[attr-defined]
    return str(request.META["REMOTE_ADDR"])


@pytest.mark.parametrize("proxies", [[], [PROXY], ["10.0.0.0/8"]], ids=str)
def test_keeps_the_address_when_a_stranger_forwards(settings: Settings, proxies: list[str]) -> None:
    settings.TRUSTED_PROXIES = proxies
    reply = through(STRANGER, **{"X-Forwarded-For": "1.2.3.4"})
    assert address_of(reply) == STRANGER


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"])
def test_removes_the_header_when_a_stranger_sends_it(settings: Settings, header: str) -> None:
    settings.TRUSTED_PROXIES = [PROXY]
    reply = through(STRANGER, **{header: "https"})
    assert header not in reply.wsgi_request.headers


@pytest.mark.parametrize(
    ("forwarded", "believed"),
    [
        ("1.2.3.4", "1.2.3.4"),
        (" 1.2.3.4 ", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (f"6.6.6.6, 1.2.3.4, {OTHER_PROXY}", "1.2.3.4"),
        ("1.2.3.4,10.9.9.9", "1.2.3.4"),
        ("2001:db8::1", "2001:db8::1"),
        ("", PROXY),
        ("unknown", PROXY),
        ("1.2.3.4, nonsense", PROXY),
        (OTHER_PROXY, PROXY),
    ],
)
def test_believes_the_nearest_stranger_when_a_proxy_forwards(
    settings: Settings, forwarded: str, believed: str
) -> None:
    settings.TRUSTED_PROXIES = [PROXY, "10.0.0.0/8"]
    assert address_of(through(PROXY, **{"X-Forwarded-For": forwarded})) == believed


def test_keeps_the_address_when_a_proxy_forwards_nothing(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [PROXY]
    assert address_of(through(PROXY)) == PROXY


def test_believes_a_proxy_when_its_address_is_of_version_6(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["2001:db8::/32"]
    assert address_of(through("2001:db8::1", **{"X-Forwarded-For": "1.2.3.4"})) == "1.2.3.4"


def test_believes_nobody_when_the_sender_has_no_address(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [PROXY]
    assert address_of(through("", **{"X-Forwarded-For": "1.2.3.4"})) == ""


@pytest.mark.parametrize(
    ("sender", "proto", "status"),
    [(PROXY, "https", 302), (PROXY, "http", 301), (STRANGER, "https", 301)],
)
def test_asks_for_https_unless_a_proxy_says_it_was_when_https_is_on(
    settings: Settings, sender: str, proto: str, status: int
) -> None:
    settings.TRUSTED_PROXIES, settings.SECURE_SSL_REDIRECT = [PROXY], True
    reply = Client().get("/", REMOTE_ADDR=sender, headers={"X-Forwarded-Proto": proto})
    assert reply.status_code == status
