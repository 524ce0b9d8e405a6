"""/healthz and /readyz: what a load balancer asks."""

import logging

from django.http import HttpRequest, HttpResponse

from config.api.envelope import Failure, Success, envelope_response
from config.api.exceptions import RETRY_AFTER_S
from config.errors import Detail
from config.health.cache import CACHE
from config.health.database import DATABASE, MIGRATIONS
from config.health.probing import State, examine

logger = logging.getLogger(__name__)

READINESS = (DATABASE, MIGRATIONS, CACHE)


def alive(_: HttpRequest) -> HttpResponse:
    """200 while the process lives; asks nothing of anybody else."""
    return envelope_response(200, Success({"status": "alive"}))


def ready(_: HttpRequest) -> HttpResponse:
    """200 when requests can be answered (`degraded` without the cache), 503 when not."""
    outcomes = examine(READINESS)
    failed = [outcome for outcome in outcomes if outcome.state is not State.OK]
    for outcome in failed:
        level = logging.ERROR if outcome.essential else logging.WARNING
        state = "not ready" if outcome.essential else "degraded"
        logger.log(level, "%s: %s: %s", state, outcome.name, outcome.found)
    if any(outcome.essential for outcome in failed):
        details = [Detail(outcome.name, "failed", "See the logs.") for outcome in failed]
        answer = envelope_response(503, Failure("unavailable", "Not ready.", details))
        answer["Retry-After"] = str(RETRY_AFTER_S)
        return answer
    state = "degraded" if failed else "ready"
    checks = {outcome.name: "failed" if outcome in failed else "ok" for outcome in outcomes}
    return envelope_response(200, Success({"status": state, "checks": checks}))
