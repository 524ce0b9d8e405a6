"""How a line is written: one JSON object, once when it repeats, and never with a secret."""

import json
import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client

from config.logs import MAX_REMEMBERED, HoldBackRepeated, TextFormatter
from tests.client import Api
from tests.config.conftest import WINDOW_S, Log
from tests.config.test_settings import PRODUCTION, run
from tests.factories import PASSWORD, UserFactory

logger = logging.getLogger("tests.logs")
MANY, THREADS = 200, 8
NEW_PASSWORD = "another horse, another battery"
STOLEN = "sr_" + "Tk9" * 14


# ── JSON ──────────────────────────────────────────────────────────────────────────────────────
def test_one_object_with_the_time_in_utc_when_something_is_logged(log: Log) -> None:
    logger.info("two\nlines and 의자 of %s", "Zoë")
    line = json.loads(log.text)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert list(line) == ["level", "logger", "message", "request_id"]
    assert (line["level"], line["logger"]) == ("INFO", "tests.logs")
    assert line["message"] == "two\nlines and 의자 of Zoë"


def test_the_traceback_under_one_key_when_there_is_an_exception(log: Log) -> None:
    try:
        raise ValueError("odd")
    except ValueError:
        logger.exception("went wrong")
    [line] = log.lines()
    assert line["exception"].splitlines()[0] == "Traceback (most recent call last):"
    assert line["exception"].splitlines()[-1] == "ValueError: odd"


def test_nothing_else_when_a_library_lends_a_record_more(log: Log, client: Client) -> None:
    request = client.get("/healthz?token=secret").wsgi_request
    logger.info("x", extra={"request": request, "server_time": 5})
    assert list(log.lines()[-1]) == ["time", "level", "logger", "message", "request_id"]


@pytest.mark.parametrize(("form", "is_json"), [("json", True), ("text", False)])
def test_as_the_settings_say_when_a_process_logs(form: str, is_json: bool) -> None:
    script = (
        "import django, logging; django.setup(); logging.getLogger('a').warning('said');"
        "logging.getLogger('a').warning('said'); logging.getLogger('a').info('low')"
    )
    module = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = run("-c", script, **PRODUCTION, **module, LOG_FORMAT=form, LOG_LEVEL="WARNING")
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("{") is is_json
    assert "said" in (json.loads(line)["message"] if is_json else line)


# ── Once ──────────────────────────────────────────────────────────────────────────────────────
def test_once_and_then_how_often_when_a_message_repeats(log: Log) -> None:
    for _ in range(5):
        logger.error("the same %s", "trouble")
    assert [line.get("repeated") for line in log.lines()] == [None]
    time.sleep(WINDOW_S)
    logger.error("the same trouble")
    logger.error("the same trouble")
    assert [line.get("repeated") for line in log.lines()] == [None, 4]
    time.sleep(WINDOW_S)
    logger.error("the same trouble")
    assert [line.get("repeated") for line in log.lines()] == [None, 4, 1]


def test_each_when_messages_differ(log: Log) -> None:
    logger.error("one")
    logger.error("two")
    logger.warning("one")
    logging.getLogger("tests.other").error("one")
    for kind in (ValueError, KeyError):
        try:
            raise kind
        except kind:
            logger.exception("one")
    assert len(log.lines()) == 6


def broken_here() -> None:
    raise ValueError


def broken_there() -> None:
    raise ValueError


def test_each_when_exceptions_come_from_different_lines(log: Log) -> None:
    for breaks in (broken_here, broken_there):
        for _ in range(2):
            try:
                breaks()
            except ValueError:
                logger.exception("the same words")
    assert len(log.lines()) == 2


def test_the_caller_goes_on_when_a_library_logs_nonsense(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)  # as in production
    logging.getLogger("lib").warning("%d", "x")
    logging.getLogger("lib").warning("sense")
    assert [line["message"] for line in log.lines("lib")] == ["sense"]


def test_each_when_it_is_no_warning(log: Log) -> None:
    for _ in range(3):
        logger.info("again")
    assert len(log.lines()) == 3


def test_counted_whole_when_many_threads_say_it(log: Log) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda _: logger.error("all at once"), range(MANY)))
    time.sleep(WINDOW_S)
    logger.error("all at once")
    assert sum(line.get("repeated", 0) + 1 for line in log.lines()) == MANY + 1


def test_memory_is_bounded_when_every_message_is_another() -> None:
    held = HoldBackRepeated()
    for number in range(MAX_REMEMBERED * 3):
        record = logging.LogRecord("x", logging.ERROR, "", 0, f"message {number}", (), None)
        assert held.filter(record)
    assert len(held._said) == MAX_REMEMBERED


def test_a_person_is_told_too_when_a_message_had_repeated() -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, "again", (), None)
    record.repeated = 12
    assert TextFormatter("{message}", style="{").format(record) == (
        "again (repeated 12 times before this)"
    )


@pytest.mark.usefixtures("no_database")
def test_said_once_when_the_database_is_away_under_load(log: Log) -> None:
    def ask(_: int) -> int:
        return Api("sr_some-token").get("/items").status

    with ThreadPoolExecutor(THREADS) as pool:
        begun = time.monotonic()
        statuses = list(pool.map(ask, range(MANY)))
        windows = 1 + int((time.monotonic() - begun) / WINDOW_S)
    assert statuses == [503] * MANY
    said = log.lines("config.api.exceptions")
    assert 1 <= len(said) <= windows
    assert {line["message"] for line in said} == {said[0]["message"]}
    assert "The database cannot be reached" in said[0]["message"]
    assert len(log.lines("stockroom.request")) == MANY


@pytest.mark.usefixtures("no_cache", "db")
def test_said_once_when_the_cache_is_away(log: Log, client: Client) -> None:
    for _ in range(3):
        client.get("/readyz")
    assert [line["logger"] for line in log.lines()] == ["config.health.endpoints"]


# ── Secrets ───────────────────────────────────────────────────────────────────────────────────
def send_secrets(api: Api) -> list[int]:
    """The statuses of calls that carry passwords and tokens wherever these can be carried."""
    person = UserFactory.create()
    log_in = {"email": person.email, "password": PASSWORD}
    return [
        api.post("/auth/token", log_in).status,
        api.post("/auth/token", {**log_in, "password": NEW_PASSWORD}).status,
        api.post("/users", {"email": "no", "name": "", "password": NEW_PASSWORD}).status,
        api.get(f"/items?token={STOLEN}&password={quote(NEW_PASSWORD)}").status,
        api.get("/items", Authorization=f"Bearer {STOLEN}").status,
        api.post("/auth/token", f'{{"password": "{NEW_PASSWORD}"'.encode()).status,
        api.post("/users", {"email": "b@b.de", "name": "Broken", "password": NEW_PASSWORD}).status,
    ]


def assert_discreet(log: Log, *more: str) -> None:
    hashes = ("md5$", "argon2", "pbkdf2", "bcrypt")
    for secret in (PASSWORD, NEW_PASSWORD, STOLEN, "horse", "sr_", *hashes, *more):
        assert secret not in log.text


@pytest.mark.parametrize(
    ("breaking", "kind"),
    [
        # The refused row is in the DETAIL,
        ("ALTER TABLE users_user ADD CHECK (name <> 'Broken')", "CheckViolation"),
        # the statement in the LINE,
        ("ALTER TABLE users_user RENAME COLUMN is_staff TO moved", "UndefinedColumn"),
        # and a value in the sentence itself.
        ("ALTER TABLE users_user ADD CHECK (name::int > 0) NOT VALID", "SQLSTATE 22P02"),
    ],
)
def test_no_secret_is_logged_when_the_database_refuses(
    breaking: str, kind: str, manager_api: Api, log: Log
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(breaking)
    body = {"email": "b@b.de", "name": "Broken", "password": NEW_PASSWORD}
    assert manager_api.post("/users", body).status == 500
    assert kind in log.text
    assert_discreet(log, "b@b.de", "Broken", "DETAIL", "LINE 1")


def test_no_secret_is_logged_when_requests_carry_them(manager_api: Api, log: Log) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE users_user ADD CHECK (name <> 'Broken')")
    assert send_secrets(manager_api) == [201, 401, 422, 400, 401, 400, 500]
    assert len(log.lines()) == 8
    assert_discreet(log, "b@b.de", "DETAIL")


def test_no_secret_is_logged_when_the_admin_breaks(admin_client: Client, log: Log) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE users_user ADD CHECK (name <> 'Broken')")
    admin_client.raise_request_exception = False
    form = {"email": "b@b.de", "name": "Broken", "password1": NEW_PASSWORD}
    reply = admin_client.post(
        "/admin/users/user/add/",
        {**form, "password2": NEW_PASSWORD, "usable_password": "true", "attributes": "{}"},
    )
    assert reply.status_code == 500, reply.content
    assert "CheckViolation" in log.text
    assert_discreet(log, "b@b.de", "DETAIL")


def test_the_error_is_still_named_when_what_it_quotes_is_withheld(
    log: Log, manager_api: Api
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE users_user ADD CONSTRAINT unbroken CHECK (name <> 'Broken')")
    manager_api.post("/users", {"email": "b@b.de", "name": "Broken"})
    told = log.lines("config.api.exceptions")[0]["exception"]
    assert 'violates check constraint "unbroken" (SQLSTATE 23514)' in told
