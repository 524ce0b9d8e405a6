"""Probes of the cache: does it keep what it is given, and what does it do when it is full."""

from typing import Any

from config import redis
from config.health.probing import Probe, Unwell
from config.sizes import MB

CANARY, CANARY_TTL_S = b"here", 60
LEAST_VERSION = 6
NEVER_EVICTS = "noeviction"


def keeps() -> str:
    """That the cache keeps what it is given."""
    server, key = redis.connection(), redis.key("health", "canary")
    server.set(key, CANARY, CANARY_TTL_S)
    if server.get(key) != CANARY:
        raise Unwell("the cache does not keep what it is given")
    return "keeps what it is given"


def version() -> str:
    """The server's version, which is new enough."""
    return new_enough(str(_info("server")["redis_version"]))


def new_enough(text: str) -> str:
    """Redis' version out of its text, 7.0.15. Raises Unwell for one that is too old."""
    if int(text.split(".", maxsplit=1)[0]) < LEAST_VERSION:
        raise Unwell(f"Redis {text} is too old: {LEAST_VERSION} or newer is needed")
    return f"speaks as Redis {text}"


def eviction() -> str:
    """What it does when it is full: it should forget the oldest."""
    found = _info("memory")
    limit, policy = int(found.get("maxmemory", 0)), str(found.get("maxmemory_policy", "unknown"))
    if not limit:
        return "no limit of its own (maxmemory 0)"
    told = f"maxmemory {limit / MB:.0f} MB, {policy}"
    if policy == NEVER_EVICTS:
        raise Unwell(f"{told}: once full it keeps nothing new")
    return told


def _info(section: str) -> dict[str, Any]:
    found: dict[str, Any] = redis.connection().info(section)
    return found


CACHE = Probe(
    "cache",
    keeps,
    "See that the server runs and that REDIS_URL names it; until then all is slower.",
    essential=False,
)
PROBES = (
    CACHE,
    Probe("cache version", version, "Upgrade the cache's server.", essential=False, needs="cache"),
    Probe(
        "cache memory",
        eviction,
        "Set maxmemory-policy to allkeys-lru on the cache's server.",
        essential=False,
        needs="cache",
    ),
)
