"""What /metrics shows: requests, their durations and queries, over all worker processes."""

from functools import lru_cache
from hmac import compare_digest
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from config.api.envelope import Failure, envelope_response
from config.incoming import parse_address

# A request that brings one of these came through a proxy: whoever sent it is not on this machine.
PROXY_HEADERS = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MAX_SERIES = 4096  # methods × routes × statuses that are kept at hand; there are some hundreds

# When a figure was first seen is of no use, and would double their number.
disable_created_metrics()  # type: ignore[no-untyped-call]
OWN = CollectorRegistry()
REQUESTS = Counter(
    "stockroom_requests", "Requests answered.", ["method", "route", "status"], registry=OWN
)
DURATION = Histogram(
    "stockroom_request_duration_seconds",
    "Time from a request to the beginning of its answer.",
    ["method", "route"],
    buckets=BUCKETS_S,
    registry=OWN,
)
QUERIES = Counter(
    "stockroom_request_queries",
    "Statements that requests sent to the database.",
    ["method", "route"],
    registry=OWN,
)


def observe(method: str, route: str, status: int, duration_s: float, queries: int) -> None:
    """Count a request that has been answered."""
    requests, duration, statements = _series(method, route, status)
    requests.inc()
    duration.observe(duration_s)
    statements.inc(queries)


@lru_cache(MAX_SERIES)  # to find them by their labels takes longer than to count
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram, Counter]:
    return (
        REQUESTS.labels(method, route, status),
        DURATION.labels(method, route),
        QUERIES.labels(method, route),
    )


def all_figures() -> bytes:
    """The figures of all processes that share PROMETHEUS_MULTIPROC_DIR, else of this one."""
    if not settings.PROMETHEUS_MULTIPROC_DIR:
        return generate_latest(OWN)
    together = CollectorRegistry()
    MultiProcessCollector(  # type: ignore[no-untyped-call]
        together, settings.PROMETHEUS_MULTIPROC_DIR
    )
    return generate_latest(together)


def figures(request: HttpRequest) -> HttpResponse:
    """/metrics: for this machine, and for whoever has METRICS_TOKEN; under any Host.

    To be asked before a proxy is believed: it has to see from whom a request really comes, and
    whether somebody has forwarded it.
    """
    if is_from_this_machine(request) or has_metrics_token(request):
        return HttpResponse(all_figures(), content_type=CONTENT_TYPE_LATEST)
    message = "The figures are for this machine, or for whoever brings METRICS_TOKEN."
    return envelope_response(HTTPStatus.FORBIDDEN, Failure("permission_denied", message))


def is_from_this_machine(request: HttpRequest) -> bool:
    """True for a request from a loopback address that no proxy has forwarded."""
    if any(header in request.META for header in PROXY_HEADERS):
        return False
    address = parse_address(request.META.get("REMOTE_ADDR", ""))
    if address is None:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def has_metrics_token(request: HttpRequest) -> bool:
    """True when the request brings METRICS_TOKEN as a bearer token; never while there is none."""
    keyword, _, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if not settings.METRICS_TOKEN or keyword.lower() != "bearer":
        return False
    return compare_digest(given.strip().encode(), settings.METRICS_TOKEN.encode())
