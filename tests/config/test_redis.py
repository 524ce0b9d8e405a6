"""The way to Redis, on a real one that comes and goes."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pytest_django import Settings
from redis import Redis
from redis.exceptions import DataError

from config import redis
from config.redis import CacheLost, ask
from tests.fragile import FragileRedis

AT_ONCE = 8


@pytest.fixture(autouse=True)
def _short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for a second."""
    monkeypatch.setattr(redis, "PAUSE_S", 0.2)


def ping(server: Redis) -> bool:
    return bool(server.ping())


def answers() -> bool:
    """Whether Redis answers, asked as everybody asks."""
    try:
        return ask(ping)
    except CacheLost:
        return False


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What this room has logged."""
    return [r.getMessage() for r in caplog.records if r.name == "config.redis"]


def test_answers_when_it_is_there() -> None:
    name = redis.key("test", "a")
    assert ask(lambda server: server.set(name, "1", 60)) is True
    assert ask(lambda server: server.get(name)) == b"1"


def test_says_once_what_failed_and_once_that_it_is_back_when_asked_often(
    fragile_cache: FragileRedis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert answers()
    fragile_cache.stop()
    assert not any(answers() for _ in range(5))
    time.sleep(0.3)
    assert not answers()  # tried again, and still away
    (lost,) = said(caplog)
    assert lost.startswith("The cache is lost, and we go on without it: ")
    assert "onnect" in lost
    fragile_cache.start()
    time.sleep(0.3)
    assert all(answers() for _ in range(5))
    assert said(caplog) == [lost, "The cache is back."]


@pytest.mark.usefixtures("no_cache")
def test_is_not_even_tried_when_it_failed_a_moment_ago() -> None:
    asked = []

    def question(server: Redis) -> bool:
        asked.append(1)
        return ping(server)

    for _ in range(5):
        with pytest.raises(CacheLost):
            ask(question)
    assert len(asked) == 1


def test_costs_one_time_out_when_many_ask_a_server_that_hangs(fragile_cache: FragileRedis) -> None:
    assert answers()
    fragile_cache.deaf = True
    asked = []

    def question(server: Redis) -> bool:
        asked.append(1)
        return ping(server)

    for _ in range(50):
        with pytest.raises(CacheLost):
            ask(question)
    assert len(asked) == 1


@pytest.mark.usefixtures("no_cache")
def test_one_tries_and_the_others_wait_when_the_pause_is_over() -> None:
    asked = []

    def question(server: Redis) -> bool:
        asked.append(1)
        return ping(server)

    def attempt(_: int) -> None:
        with pytest.raises(CacheLost):
            ask(question)

    attempt(0)
    time.sleep(0.25)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(attempt, range(AT_ONCE)))
    assert len(asked) == 2


def test_is_lost_when_the_server_refuses(caplog: pytest.LogCaptureFixture) -> None:
    name = redis.key("test", "list")
    ask(lambda server: server.lpush(name, "1"))
    ask(lambda server: server.expire(name, 60))
    with pytest.raises(CacheLost, match="WRONGTYPE"):
        ask(lambda server: server.get(name))
    time.sleep(0.3)
    assert answers()
    assert "WRONGTYPE" in said(caplog)[0]


def test_an_error_of_our_own_crosses_when_the_question_is_bad() -> None:
    with pytest.raises(DataError):
        ask(lambda server: server.set("x", object()))  # type: ignore[arg-type]
    assert answers()


def test_a_server_that_answers_is_asked_when_another_is_lost(
    fragile_cache: FragileRedis, settings: Settings
) -> None:
    fragile_cache.stop()
    assert not answers()
    default: dict[str, Any] = settings.CACHES["default"]
    settings.CACHES = {"default": {**default, "LOCATION": fragile_cache.url}}
    assert answers()


def test_asked_again_without_a_loss_when_it_was_restarted_between(
    fragile_cache: FragileRedis, caplog: pytest.LogCaptureFixture
) -> None:
    assert answers()
    fragile_cache.stop()
    fragile_cache.start()
    assert answers()
    assert said(caplog) == []
