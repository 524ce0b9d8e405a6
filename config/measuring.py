"""The one place where a request is measured: its line in the log, its figures in /metrics."""

import logging
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import LazyObject

from config import metrics
from config.incoming import GetResponse
from config.logs import ACCESS_LOGGER, FACTS
from config.queries import counter
from config.serving.environ import BEGUN

logger = logging.getLogger(ACCESS_LOGGER)

LINE = "%(method)s %(route)s %(status)s, %(duration_ms)s ms, %(queries)s queries, user %(user)s"
# What is the same of all its records.
RECORD = logging.LogRecord(ACCESS_LOGGER, logging.INFO, __file__, 0, LINE, None, None).__dict__
UNKNOWN_ROUTE = "-"
UNKNOWN_URL = "unknown-url"  # the name of the pattern that takes whatever no resource answers
# Asked every few seconds by machines: in the log only at DEBUG.
ASKED_BY_MACHINES = {"/healthz": "healthz", "/readyz": "readyz", "/metrics": "metrics"}
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
OTHER_METHOD = "other"


def measured(request: HttpRequest, answered: GetResponse) -> HttpResponse:
    """What `answered` answers, measured until its body begins.

    The log line holds no path, no query string, no header and no body: whatever is secret may be
    in those.
    """
    begun = request.META.get(BEGUN) or time.perf_counter()
    counted = counter.count
    response = answered(request)
    duration_s, queries = time.perf_counter() - begun, counter.count - counted
    method = request.method if request.method in METHODS else OTHER_METHOD
    route, status = route_of(request), response.status_code
    metrics.observe(method, route, status, duration_s, queries)
    level = _level(request, status)
    if logger.isEnabledFor(level):
        facts = {
            "method": method,
            "route": route,
            "status": status,
            "duration_ms": round(duration_s * 1000, 1),
            "queries": queries,
            "user": user_id_of(request),
        }
        _log(level, facts)
    return response


def _level(request: HttpRequest, status: int) -> int:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return logging.WARNING
    return logging.DEBUG if request.path in ASKED_BY_MACHINES else logging.INFO


def _log(level: int, facts: Mapping[str, Any]) -> None:
    """What `logger.log` does, without finding out who called, in which thread, and the like."""
    record = logging.LogRecord.__new__(logging.LogRecord)
    now = time.time()
    record.__dict__ = {
        **RECORD,
        "levelno": level,
        "levelname": logging.getLevelName(level),
        "created": now,
        "msecs": (now % 1) * 1000,
        "args": facts,
        FACTS: facts,
    }
    logger.handle(record)


def route_of(request: HttpRequest) -> str:
    """The pattern of the request's URL, so that there are no more of them than patterns."""
    if (match := request.resolver_match) is None:
        return ASKED_BY_MACHINES.get(request.path, UNKNOWN_ROUTE)
    return UNKNOWN_ROUTE if match.url_name == UNKNOWN_URL else match.route or "/"


def user_id_of(request: HttpRequest) -> int | None:
    """Whoever the request was found to come from; one that nobody asked for is not looked up."""
    user = request.__dict__.get("user")
    if isinstance(user, LazyObject):  # the admin's: kept beside it once it has been looked up
        user = request.__dict__.get("_cached_user")
    pk: int | None = getattr(user, "pk", None)
    return pk
