"""How often the API answers whom: counted, told in headers, and refused with a 429."""

import math
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from config import limits
from config.limits import Count, Limit
from config.rates import parse_rate
from config.redis import CacheLost

LIMIT, REMAINING, RESET = "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"


class Throttle(BaseThrottle):
    """`count_request` for DRF's views."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """True. Raises Throttled."""
        count_request(view, request)
        return True


def count_request(view: Any, request: Request) -> None:
    """Count a request for its user, or for its client's address when it is nobody's.

    `view` answers with the headers that tell. While the cache is lost nothing is counted and nobody
    refused. Raises Throttled when it is one too many.
    """
    try:
        count = limits.count_in_advance(_limit_of(request))
    except CacheLost:
        return
    _tell(view, count)
    if count.is_over:
        raise Throttled(count.left_s)


def client_of(request: Request | HttpRequest) -> str:
    """Whose request this is, by the address that it came from."""
    return limits.client_at(request.META.get("REMOTE_ADDR", ""))


def check_guesses(view: Any, whose: Sequence[str]) -> None:
    """Count a try of a password for each of `whose`, by THROTTLE_LOGIN; without the cache too.

    Raises Throttled when it is one too many for any of them.
    """
    if not whose:
        return
    rate = parse_rate(settings.THROTTLE_LOGIN)
    count = limits.nearest(limits.count_always([Limit("log-in", who, rate) for who in whose]))
    _tell(view, count)
    if count.is_over:
        raise Throttled(count.left_s)


def _limit_of(request: Request) -> Limit:
    if request.user.is_authenticated:
        return Limit("user", str(request.user.pk), parse_rate(settings.THROTTLE_SIGNED_IN))
    return Limit("anonymous", client_of(request), parse_rate(settings.THROTTLE_ANONYMOUS))


def _tell(view: Any, count: Count) -> None:
    """Put the count on the answer, unless one that is nearer to exhaustion is there already."""
    if count.remaining <= int(view.headers.get(REMAINING, count.remaining)):
        view.headers[LIMIT] = str(count.rate.limit)
        view.headers[REMAINING] = str(count.remaining)
        view.headers[RESET] = str(math.ceil(count.left_s))
