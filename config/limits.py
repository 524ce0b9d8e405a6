"""How often something was done within a window: counted in Redis, in one round trip.

What guards passwords is counted also while Redis is lost: then by PostgreSQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, ip_network
from typing import Any

from redis import Redis

from config import redis
from config.middleware import parse_address
from config.models import RateCount
from config.rates import Rate
from config.redis import CacheLost

NETWORK_BITS = 64  # of IPv6: what one customer is given at least, so that it is one client
MS = 1000
COUNT_UP = b"""
local found = {}
for i, key in ipairs(KEYS) do
    local count, left_ms = redis.call('INCR', key), redis.call('PTTL', key)
    if left_ms < 0 then
        redis.call('PEXPIRE', key, ARGV[i])
        left_ms = tonumber(ARGV[i])
    end
    found[i] = {count, left_ms}
end
return found
"""


@dataclass(frozen=True)
class Limit:
    """How often somebody may do something: `who` within `scope`."""

    scope: str
    who: str
    rate: Rate

    @property
    def digest(self) -> str:
        """What it is counted under: of one length, and readable by nobody."""
        return sha256(f"{self.scope}:{self.who}".encode()).hexdigest()


@dataclass(frozen=True)
class Count:
    """How often it was done in the present window, this time included."""

    rate: Rate
    count: int
    left_s: float

    @property
    def is_over(self) -> bool:
        """Whether this time was one too many."""
        return self.count > self.rate.limit

    @property
    def remaining(self) -> int:
        """How often it may still be done in this window."""
        return max(0, self.rate.limit - self.count)


def count(limits: Sequence[Limit]) -> list[Count]:
    """Count one time more for each of them. Raises CacheLost."""
    keys = [redis.key("limit", limit.digest) for limit in limits]
    windows_ms = [limit.rate.window_s * MS for limit in limits]

    def count_up(server: Redis) -> Any:
        return server.register_script(COUNT_UP)(keys, windows_ms)

    found = redis.ask(count_up)
    return [
        Count(limit.rate, times, left_ms / MS)
        for limit, (times, left_ms) in zip(limits, found, strict=True)
    ]


def count_always(limits: Sequence[Limit]) -> list[Count]:
    """The same, by PostgreSQL when Redis is lost; outside of a transaction that may roll back."""
    try:
        return count(limits)
    except CacheLost:
        found = RateCount.objects.count_up({one.digest: one.rate.window_s for one in limits})
        return [Count(limit.rate, *found[limit.digest]) for limit in limits]


def nearest(counts: Sequence[Count]) -> Count:
    """The one nearest to exhaustion; of several, the one that lasts longest."""
    return min(counts, key=lambda count: (count.remaining, -count.left_s))


def client_at(text: str) -> str:
    """Who is at an address: the address itself, or its network where one client has many."""
    address = parse_address(text)
    if isinstance(address, IPv6Address):
        network = ip_network((address, NETWORK_BITS), strict=False).network_address
        return str(address.ipv4_mapped or network)
    return str(address or text)
