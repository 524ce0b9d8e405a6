"""How often something was done within a window: counted in Redis, in one round trip.

What guards passwords is counted also while Redis is lost: then by PostgreSQL. What is done all the
time is counted many times in advance by each process, as long as its limit is far away.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, ip_network
from threading import Lock
from typing import Any, NamedTuple

from redis import Redis

from config import redis
from config.incoming import parse_address
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
# Of the times that are left a process takes this part in advance: the nearer the limit, the fewer,
# and the last hundred one by one, so that it is exact. What one does not use is lost to the others.
LEASED_PART = 0.01
MAX_LEASES = 10_000
LEASE = b"""
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
local times = math.max(1, math.floor((tonumber(ARGV[2]) - count) * tonumber(ARGV[3])))
local last, left_ms = redis.call('INCRBY', KEYS[1], times), redis.call('PTTL', KEYS[1])
if left_ms < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    left_ms = tonumber(ARGV[1])
end
return {last, times, left_ms}
"""


class Limit(NamedTuple):
    """How often somebody may do something: `who` within `scope`."""

    scope: str
    who: str
    rate: Rate

    @property
    def digest(self) -> str:
        """What it is counted under: of one length, and readable by nobody."""
        return sha256(f"{self.scope}:{self.who}".encode()).hexdigest()


class Count(NamedTuple):
    """The number that this time has in the present window, of which so much is left."""

    rate: Rate
    number: int
    left_s: float

    @property
    def is_over(self) -> bool:
        """Whether this time was one too many."""
        return self.number > self.rate.limit

    @property
    def remaining(self) -> int:
        """How often it may still be done in this window."""
        return max(0, self.rate.limit - self.number)


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


@dataclass
class Lease:
    """Times that were counted in advance: the next has this number, until the window's end."""

    next: int
    last: int
    ends_at: float


_leases: dict[Limit, Lease] = {}
_leasing = Lock()


def count_in_advance(limit: Limit) -> Count:
    """Count one time more; without Redis while some are left that it has counted before.

    Raises CacheLost.
    """
    now = time.monotonic()
    with _leasing:
        lease = _leases.get(limit)
        if lease is None or lease.next > lease.last or lease.ends_at <= now:
            lease = None
        else:
            number, left_s = lease.next, lease.ends_at - now
            lease.next += 1
    if lease is None:
        number, last, left_s = _leased(limit)
        with _leasing:
            if len(_leases) >= MAX_LEASES:
                _leases.clear()
            _leases[limit] = Lease(number + 1, last, now + left_s)
    return Count(limit.rate, number, left_s)


def _leased(limit: Limit) -> tuple[int, int, float]:
    """The first and the last number of those that are counted in advance; the window's rest."""

    def lease(server: Redis) -> Any:
        key, rate = redis.key("limit", limit.digest), limit.rate
        return server.register_script(LEASE)([key], [rate.window_s * MS, rate.limit, LEASED_PART])

    last, times, left_ms = redis.ask(lease)
    return last - times + 1, last, left_ms / MS


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
