"""Runs of wrk, and what they say."""

import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.benchmarks.stage import (
    CHANGE,
    CHANGE_EVERY_S,
    HERE,
    Load,
    Target,
    others_commit,
)

KINDS = ("list", "detail", "search", "patch", "post")
WRITTEN = "*"  # after a kind: while others change some rows, again and again
COMPARED = ("list", "list*", "detail", "detail*", "search", "search*", "patch", "post")
WARM_UP_S = 2
CONNECTIONS = 32


@dataclass(frozen=True)
class Result:
    """Requests a second, two percentiles of the latency, and how many failed."""

    rate: float
    p50_ms: float
    p95_ms: float
    failed: int


def run(
    target: Target, load: Load, kind: str, *, seconds: int, connections: int, path: str = ""
) -> Result:
    """One run of wrk."""
    script = ["-s", str(HERE / "load.lua"), target.url]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", *script]
    environment = load.environment(BENCH_KIND=kind, BENCH_PATH=path)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    [line] = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    rate, p50, p95, failed = map(float, line.split()[1:])
    return Result(rate, p50, p95, int(failed))


@dataclass(frozen=True)
class Comparison:
    """What two services did of one kind of request, round by round, in turns."""

    kind: str
    ours: list[Result]
    others: list[Result]

    @property
    def ratios(self) -> list[float]:
        """Ours over the other's, of each round."""
        return [a.rate / b.rate for a, b in zip(self.ours, self.others, strict=True)]

    @property
    def failed(self) -> int:
        """How many responses failed."""
        return sum(each.failed for each in [*self.ours, *self.others])

    def row(self) -> list[str]:
        """As it is printed."""
        rates = [statistics.median(each.rate for each in side) for side in (self.ours, self.others)]
        latencies = [
            statistics.median(each.p50_ms for each in side) for side in (self.ours, self.others)
        ]
        middle, low, high = statistics.median(self.ratios), min(self.ratios), max(self.ratios)
        return [
            self.kind,
            *(f"{rate:,.0f}" for rate in rates),
            f"{middle:.1f} ({low:.1f}-{high:.1f})",
            " / ".join(f"{each:.1f}" for each in latencies),
            str(self.failed),
        ]


def compare(
    ours: Target, other: Target, load: Load, kind: str, *, rounds: int, seconds: int
) -> Comparison:
    """Rounds in which one is measured right after the other, who begins alternating."""
    if kind.endswith(WRITTEN):
        plain = kind.removesuffix(WRITTEN)
        with others_commit(CHANGE, CHANGE_EVERY_S):
            compared = compare(ours, other, load, plain, rounds=rounds, seconds=seconds)
        return replace(compared, kind=kind)
    found: dict[str, list[Result]] = {ours.name: [], other.name: []}
    for target in (ours, other):
        run(target, load, kind, seconds=WARM_UP_S, connections=CONNECTIONS)
    for number in range(rounds):
        pair: Sequence[Target] = (ours, other) if number % 2 == 0 else (other, ours)
        for target in pair:
            result = run(target, load, kind, seconds=seconds, connections=CONNECTIONS)
            found[target.name].append(result)
    return Comparison(kind, found[ours.name], found[other.name])
