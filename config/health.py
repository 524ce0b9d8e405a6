"""Is it alive, is it ready: what a load balancer asks."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.core.cache import cache
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

from config.api.envelope import Failure, Success, envelope_response
from config.api.exceptions import RETRY_AFTER_S
from config.errors import Detail
from config.middleware import GetResponse

logger = logging.getLogger(__name__)

PROBE_TIMEOUT_S = 3.0
# Of our own: asyncio waits for its default threads at the end, also for one that hangs.
THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="probe")
CANARY_KEY, CANARY_TTL_S = "health-canary", 60


@dataclass(frozen=True)
class Outcome:
    """What one probe found; an `essential` one that fails makes the whole not ready."""

    name: str
    essential: bool
    problem: str | None


def probe_database() -> None:
    """Raise unless the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def probe_migrations() -> None:
    """Raise while there are migrations that have not been applied."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise RuntimeError(f"{len(missing)} migrations are missing: run `manage.py migrate`")


def probe_cache() -> None:
    """Raise unless the cache keeps what it is given."""
    cache.set(CANARY_KEY, "here", CANARY_TTL_S)
    if cache.get(CANARY_KEY) != "here":
        raise RuntimeError("the cache does not keep what it is given")


PROBES: dict[str, tuple[bool, Callable[[], None]]] = {
    "database": (True, probe_database),
    "migrations": (True, probe_migrations),
    "cache": (False, probe_cache),
}


async def examine() -> list[Outcome]:
    """Every probe at once, each in a thread with its own time-out; none sinks the others."""
    found = await asyncio.gather(
        *(_with_timeout(probe) for _, probe in PROBES.values()), return_exceptions=True
    )
    return [
        Outcome(name, essential, _sentence(result))
        for (name, (essential, _)), result in zip(PROBES.items(), found, strict=True)
    ]


async def _with_timeout(probe: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    await asyncio.wait_for(loop.run_in_executor(THREADS, _in_thread, probe), PROBE_TIMEOUT_S)


def _in_thread(probe: Callable[[], None]) -> None:
    """A thread has connections of its own, which nobody else would close."""
    try:
        probe()
    finally:
        connections.close_all()


def _sentence(result: BaseException | None) -> str | None:
    if isinstance(result, TimeoutError):
        return f"no answer within {PROBE_TIMEOUT_S:g} s"
    return str(result).strip() or type(result).__name__ if result is not None else None


class Probes:
    """Answers /healthz and /readyz before anything else is asked.

    A load balancer speaks plain HTTP and names whatever Host it likes.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The probe's answer, or that of all the rest."""
        if request.path == "/healthz":
            return alive()
        if request.path == "/readyz":
            return ready()
        return self.get_response(request)


def alive() -> HttpResponse:
    """200 while the process lives; asks nothing of anybody else."""
    return envelope_response(200, Success({"status": "alive"}))


def ready() -> HttpResponse:
    """200 when requests can be answered (`degraded` without the cache), 503 when not."""
    outcomes = asyncio.run(examine())
    failed = [outcome for outcome in outcomes if outcome.problem is not None]
    for outcome in failed:
        logger.error("not ready: %s: %s", outcome.name, outcome.problem)
    if any(outcome.essential for outcome in failed):
        details = [Detail(outcome.name, "failed", "See the logs.") for outcome in failed]
        answer = envelope_response(503, Failure("unavailable", "Not ready.", details))
        answer["Retry-After"] = str(RETRY_AFTER_S)
        return answer
    state = "degraded" if failed else "ready"
    checks = {outcome.name: "ok" if outcome.problem is None else "failed" for outcome in outcomes}
    return envelope_response(200, Success({"status": state, "checks": checks}))
