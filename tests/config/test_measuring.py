"""The line of each request: what it holds, and what it never does."""

import logging
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from config.logs import ACCESS_LOGGER
from tests.client import Api
from tests.config.conftest import Log
from tests.factories import ItemFactory, UserFactory, token_for
from users.models import User

FACTS = ("method", "route", "status", "user")


def the_line(log: Log) -> dict[str, Any]:
    """The only line of a request."""
    lines = log.lines(ACCESS_LOGGER)
    assert len(lines) == 1, lines
    return lines[0]


def facts(line: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(line[name] for name in FACTS)


def test_one_line_with_all_that_is_measured_when_a_request_is_answered(
    clerk: User, api: Api, log: Log
) -> None:
    item = ItemFactory.create()
    reply = api.get(f"/items/{item.pk}?fields=id")
    line = the_line(log)
    assert facts(line) == ("GET", "api/v1/items/<int:pk>", 200, clerk.pk)
    assert (line["level"], line["request_id"]) == ("INFO", reply["X-Request-ID"])
    assert line["queries"] == 3  # the token, its last use, the row
    assert 0 < line["duration_ms"] < 10_000
    assert line["duration_ms"] == round(line["duration_ms"], 1)
    assert len(log.lines()) == 1


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", "/items?x=1", ("GET", "api/v1/items", 400)),
        ("GET", "/items/999999", ("GET", "api/v1/items/<int:pk>", 404)),
        ("GET", "/nothing/5", ("GET", "-", 404)),
        ("GET", "/items/abc", ("GET", "-", 404)),
        ("SPY", "/items", ("other", "api/v1/items", 405)),
        ("DELETE", "/items/999999", ("DELETE", "api/v1/items/<int:pk>", 403)),
    ],
)
def test_only_that_line_when_a_client_is_refused(
    method: str, path: str, told: tuple[Any, ...], api: Api, log: Log
) -> None:
    api.call(method, path)
    assert facts(the_line(log))[:3] == told
    assert len(log.lines()) == 1


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/", ("GET", "/", 302, None)),
        ("/favicon.ico", ("GET", "-", 404, None)),
        ("/static/stockroom/admin.css", ("GET", "-", 200, None)),
        ("/admin/login/?next=/admin/", ("GET", "admin/login/", 200, None)),
    ],
)
def test_only_that_line_when_a_page_is_asked_for(
    path: str, told: tuple[Any, ...], log: Log, client: Client, db: None
) -> None:
    client.get(path).close()
    assert facts(the_line(log)) == told
    assert len(log.lines()) == 1


def test_only_that_line_when_the_host_is_refused(log: Log, client: Client) -> None:
    client.get("/admin/", headers={"Host": "evil.example"})
    assert facts(the_line(log))[1:3] == ("-", 400)
    assert len(log.lines()) == 1


def test_the_user_of_the_session_when_it_is_the_admin(
    admin_client: Client, admin_user: User, log: Log
) -> None:
    admin_client.get("/admin/")
    assert facts(the_line(log)) == ("GET", "admin/", 200, admin_user.pk)


def test_no_query_when_nobody_asked_for_the_sessions_user(admin_client: Client, log: Log) -> None:
    admin_client.get("/")  # leads on, whoever it is
    line = the_line(log)
    assert (line["status"], line["user"], line["queries"]) == (302, None, 0)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_only_at_debug_when_a_machine_asks(
    path: str, log: Log, client: Client, caplog: pytest.LogCaptureFixture, db: None
) -> None:
    client.get(path)
    assert log.lines() == []
    with caplog.at_level(logging.DEBUG, ACCESS_LOGGER):
        client.get(path)
    assert (the_line(log)["level"], the_line(log)["route"]) == ("DEBUG", path[1:])


@pytest.mark.usefixtures("no_database")
def test_a_warning_when_a_machine_hears_that_it_is_not_ready(log: Log, client: Client) -> None:
    client.get("/readyz")
    assert (the_line(log)["level"], the_line(log)["status"]) == ("WARNING", 503)


def test_the_traceback_once_with_the_id_when_the_api_breaks(api: Api, log: Log) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE items_item RENAME COLUMN id TO moved")
    reply = api.get("/items")
    line = the_line(log)
    assert (line["level"], line["status"], line["request_id"]) == (
        "WARNING",
        500,
        reply["X-Request-ID"],
    )
    [traceback] = [line for line in log.lines() if "exception" in line]
    assert traceback["message"] == "unforeseen error in GET api/v1/items"
    assert traceback["request_id"] == reply["X-Request-ID"]
    assert "UndefinedColumn" in traceback["exception"]
    assert len(log.lines()) == 2


def test_the_traceback_once_when_the_admin_breaks(
    admin_client: Client, log: Log, settings: LazySettings
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE items_item RENAME COLUMN id TO moved")
    admin_client.raise_request_exception = False
    admin_client.get("/admin/items/item/?q=a+secret+word")
    [traceback] = [line for line in log.lines() if "exception" in line]
    assert "UndefinedColumn" in traceback["exception"]
    assert len(log.lines()) == 2
    assert "secret" not in log.text


def test_the_level_holds_when_it_is_above_that_of_the_line(
    log: Log, caplog: pytest.LogCaptureFixture, db: None
) -> None:
    with caplog.at_level(logging.ERROR):
        Api(token_for(UserFactory.create())).get("/items")
    assert log.lines() == []
