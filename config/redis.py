"""The one way to Redis, which may be lost at any time: that slows and never breaks.

After a failure nobody even tries for a moment, so that a server that hangs costs one request its
time-out and not all of them; and the log says once that it is lost, and once that it is back.
"""

import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from django.conf import settings
from django_redis import get_redis_connection
from redis import Redis
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import InvalidResponse, ResponseError
from redis.exceptions import TimeoutError as NoAnswer

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

PAUSE_S = 1.0  # for so long after a failure nobody tries
FAILURES = (NoConnection, NoAnswer, ResponseError, InvalidResponse)


class CacheLost(Exception):
    """Redis does not answer, or refuses (it loads, is full, or is a replica), or is not asked."""


class Breaker:
    """Whether one server is to be asked at all; shared by the threads of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lost = False
        self._try_again_at = 0.0

    def check(self) -> None:
        """Raise CacheLost within the pause; after it, one asker tries and the others still wait."""
        if not self._lost:
            return
        with self._lock:
            now = time.monotonic()
            if self._lost and now < self._try_again_at:
                raise CacheLost("It did not answer a moment ago.")
            self._try_again_at = now + PAUSE_S

    def failed(self, error: Exception) -> None:
        """Begin a pause; say so at the first failure."""
        with self._lock:
            first, self._lost = not self._lost, True
            self._try_again_at = time.monotonic() + PAUSE_S
        if first:
            reason = str(error).rstrip(".")
            logger.error("The cache is lost, and we go on without it: %s.", reason)

    def answered(self) -> None:
        """End the loss; say so if there was one."""
        if not self._lost:
            return
        with self._lock:
            back, self._lost = self._lost, False
        if back:
            logger.warning("The cache is back.")


_breakers: dict[str, Breaker] = {}  # by the server's address


def connection() -> Redis:
    """The server itself, whether it answers or not: for a probe, which wants to know just that."""
    server: Redis = get_redis_connection("default")
    return server


def ask(question: Callable[[Redis], Answer]) -> Answer:
    """What `question` is answered by Redis. Raises CacheLost."""
    breaker = _breakers.setdefault(str(settings.CACHES["default"]["LOCATION"]), Breaker())
    breaker.check()
    try:
        answer = question(connection())
    except FAILURES as error:
        breaker.failed(error)
        raise CacheLost(str(error)) from error
    breaker.answered()
    return answer


def key(*parts: str) -> str:
    """The name under which something of ours is kept."""
    return ":".join((str(settings.CACHES["default"]["KEY_PREFIX"]), *parts))
