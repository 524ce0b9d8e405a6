"""How often the API answers whom: counted, told in headers, and refused with a 429."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_django import Settings

from config import limits
from config.api import throttling
from config.embedded.locks import wait_until
from config.limits import Limit
from config.rates import Rate, parse_rate
from tests.client import Api, Reply
from tests.factories import ItemFactory, UserFactory, token_for
from users.models import User

AT_ONCE = 16
HEADERS = (throttling.LIMIT, throttling.REMAINING, throttling.RESET)


@pytest.fixture(autouse=True)
def _near_limits(settings: Settings) -> None:
    """Limits that a test can reach."""
    settings.THROTTLE_ANONYMOUS = "3/min"
    settings.THROTTLE_SIGNED_IN = "5/min"


def told(reply: Reply) -> tuple[str | None, ...]:
    """What the headers tell: limit, remaining, reset."""
    return tuple(reply.response.get(name) for name in HEADERS)


def is_refused(reply: Reply) -> bool:
    """Whether it is a whole 429."""
    if reply.status != 429:
        return False
    limit, remaining, reset = told(reply)
    assert (reply.error["code"], remaining) == ("throttled", "0")
    assert limit is not None
    assert reset is not None
    assert 1 <= int(reply["Retry-After"]) <= 60
    assert int(reset) <= 60
    assert reply.meta["request_id"] == reply["X-Request-ID"]
    return True


# ── Written ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1/s", Rate(1, 1)),
        ("60/min", Rate(60, 60)),
        ("7/h", Rate(7, 3600)),
        ("999999999/day", Rate(999999999, 86400)),
    ],
)
def test_a_rate_is_read_when_it_is_one(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text",
    ["", "60", "0/min", "-1/min", "01/min", "1.5/min", "1/m", "1 /min", "1/min\n", "/s", "９/s"],
)
def test_a_sentence_when_a_rate_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a number from 1.*60/min"):
        parse_rate(text)


# ── Counted and refused ───────────────────────────────────────────────────────────────────────
def test_counts_down_and_refuses_when_anonymous_asks_too_often(db: None) -> None:
    replies = [Api().get("/items") for _ in range(5)]
    assert [reply.status for reply in replies] == [401, 401, 401, 429, 429]
    assert [told(reply)[:2] for reply in replies] == [
        ("3", "2"),
        ("3", "1"),
        ("3", "0"),
        ("3", "0"),
        ("3", "0"),
    ]
    assert all(is_refused(reply) for reply in replies[3:])


def test_answers_again_when_the_window_is_over(db: None, settings: Settings) -> None:
    settings.THROTTLE_ANONYMOUS = "1/s"
    assert [Api().get("/nothing").status for _ in range(2)] == [404, 429]
    time.sleep(1.1)
    assert Api().get("/nothing").status == 404


def test_the_window_does_not_move_when_one_goes_on_asking(db: None, settings: Settings) -> None:
    settings.THROTTLE_ANONYMOUS = "1/s"
    assert [Api().get("/nothing").status for _ in range(2)] == [404, 429]
    assert wait_until(lambda: Api().get("/nothing").status == 404, timeout_s=10)


def test_a_new_limit_holds_at_once_when_the_setting_changes(db: None, settings: Settings) -> None:
    assert [Api().get("/nothing").status for _ in range(4)][-1] == 429
    settings.THROTTLE_ANONYMOUS = "10/min"
    assert Api().get("/nothing").status == 404


@pytest.mark.parametrize("path", ["/nothing", "/schema", "/docs", "/auth/token", "/items/1"])
def test_every_door_counts_when_anonymous_asks(path: str, db: None) -> None:
    first, *others = [Api().get(path) for _ in range(4)]
    assert told(first)[:2] == ("3", "2")
    assert is_refused(others[-1])


def test_bad_tokens_count_as_anonymous_when_they_flood(db: None) -> None:
    replies = [Api(f"sr_{n}").get("/items") for n in range(4)]
    assert [reply.status for reply in replies] == [401, 401, 401, 429]
    assert is_refused(Api().get("/items"))


def test_counted_for_the_user_when_they_have_several_tokens(nobody: User) -> None:
    apis = [Api(token_for(nobody), f"10.0.0.{n}") for n in range(6)]
    assert [api.get("/items").status for api in apis] == [200] * 5 + [429]
    assert Api(token_for(UserFactory.create())).get("/items").status == 200
    assert Api().get("/items").status == 401


def test_told_on_every_answer_when_it_was_counted(
    nobody: User, settings: Settings, api_of: Callable[[User], Api]
) -> None:
    settings.THROTTLE_SIGNED_IN = "100/min"
    api, item = api_of(nobody), ItemFactory.create()
    replies = [
        api.get("/items"),
        api.get("/items?x=1"),
        api.get("/items/999999"),
        api.delete(f"/items/{item.pk}"),
        api.put("/users/me", {}),
        api.patch("/users/me", {"x": 1}),
        api.patch("/users/me", b"{"),
    ]
    assert [reply.status for reply in replies] == [200, 400, 404, 403, 405, 422, 400]
    assert [told(reply)[1] for reply in replies] == [str(n) for n in range(99, 92, -1)]


# ── Whose ─────────────────────────────────────────────────────────────────────────────────────
SAME = [
    ("192.0.2.1", "192.0.2.1"),
    ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
    ("192.0.2.1", "::ffff:192.0.2.1"),
    ("", ""),
]
DIFFERENT = [
    ("192.0.2.1", "192.0.2.2"),
    ("2001:db8:1:2::1", "2001:db8:1:3::1"),
    ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_counted_together_when_two_addresses_are_one_client(one: str, other: str, db: None) -> None:
    for _ in range(3):
        assert Api(address=one).get("/nothing").status == 404
    assert is_refused(Api(address=other).get("/nothing"))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_counted_apart_when_two_addresses_are_two_clients(one: str, other: str, db: None) -> None:
    for _ in range(4):
        Api(address=one).get("/nothing")
    assert Api(address=other).get("/nothing").status == 404


def test_a_made_up_address_changes_nothing_when_a_stranger_forwards(db: None) -> None:
    replies = [Api().get("/nothing", **{"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(4)]
    assert is_refused(replies[-1])


def test_clients_are_told_apart_when_a_trusted_proxy_forwards(db: None, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    replies = [Api().get("/nothing", **{"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(4)]
    assert {reply.status for reply in replies} == {404}


# ── At once, and without the cache ────────────────────────────────────────────────────────────
def test_exactly_the_limit_passes_when_many_count_at_once() -> None:
    limit = Limit("test", "many", Rate(5, 60))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        counts = list(pool.map(lambda _: limits.count([limit])[0], range(AT_ONCE * 2)))
    assert sum(not count.is_over for count in counts) == 5
    assert sorted(count.number for count in counts) == list(range(1, AT_ONCE * 2 + 1))


@pytest.mark.usefixtures("no_cache")
def test_requests_go_on_uncounted_when_the_cache_is_lost(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    replies = [api.get("/items") for _ in range(8)]
    assert {(reply.status, told(reply)) for reply in replies} == {(200, (None, None, None))}
    assert len([r for r in caplog.records if r.name == "config.redis"]) == 1
