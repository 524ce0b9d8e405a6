"""What a probe is, and how several are asked at once, none sinking the others."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from django.db import connections

PROBE_TIMEOUT_S = 3.0
# Of our own: asyncio waits for its default threads at the end, also for one that hangs.
THREADS = ThreadPoolExecutor(max_workers=16, thread_name_prefix="probe")


class Unwell(Exception):
    """What a probe found to be wrong; `remedy` instead of the probe's own, where there is one."""

    def __init__(self, found: str, remedy: str = "") -> None:
        super().__init__(found)
        self.remedy = remedy


@dataclass(frozen=True)
class Probe:
    """One question about the whole, and what helps when its answer is bad.

    `look` says what it found, or raises. Without an `essential` one nothing can be answered, or
    should not be. Where the probe that it `needs` fails, it is not asked.
    """

    name: str
    look: Callable[[], str]
    remedy: str
    essential: bool = True
    needs: str = ""


class State(StrEnum):
    """How a probe ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Outcome:
    """What one probe found, and what helps when that is bad."""

    name: str
    essential: bool
    state: State
    found: str
    remedy: str = ""


def examine(probes: Sequence[Probe]) -> list[Outcome]:
    """The outcome of each probe, in their order, all within PROBE_TIMEOUT_S."""
    return asyncio.run(_all_at_once(probes))


def examine_in_turn(probes: Sequence[Probe]) -> list[Outcome]:
    """The same, with each asked only after what it `needs`: of one cause, one is told."""
    outcomes: dict[str, Outcome] = {}
    waiting = list(probes)
    while waiting:
        ripe = [probe for probe in waiting if not probe.needs or probe.needs in outcomes]
        waiting = [probe for probe in waiting if probe not in ripe]
        spoilt = [p for p in ripe if p.needs and outcomes[p.needs].state is not State.OK]
        for probe in spoilt:
            because = f"not asked, because of: {probe.needs}"
            outcomes[probe.name] = Outcome(probe.name, probe.essential, State.SKIPPED, because)
        for outcome in examine([probe for probe in ripe if probe not in spoilt]):
            outcomes[outcome.name] = outcome
    return [outcomes[probe.name] for probe in probes]


async def _all_at_once(probes: Sequence[Probe]) -> list[Outcome]:
    found = await asyncio.gather(
        *(_with_timeout(probe.look) for probe in probes), return_exceptions=True
    )
    return [_outcome(probe, result) for probe, result in zip(probes, found, strict=True)]


async def _with_timeout(look: Callable[[], str]) -> str:
    loop = asyncio.get_running_loop()
    return await asyncio.wait_for(loop.run_in_executor(THREADS, _in_thread, look), PROBE_TIMEOUT_S)


def _in_thread(look: Callable[[], str]) -> str:
    """A thread has connections of its own, which nobody else would close."""
    try:
        return look()
    finally:
        connections.close_all()


def _outcome(probe: Probe, result: str | BaseException) -> Outcome:
    if isinstance(result, str):
        return Outcome(probe.name, probe.essential, State.OK, result)
    state = State.FAILED if probe.essential else State.WARNING
    remedy = getattr(result, "remedy", "") or probe.remedy
    return Outcome(probe.name, probe.essential, state, _sentence(result), remedy)


def _sentence(result: BaseException) -> str:
    if isinstance(result, TimeoutError):
        return f"no answer within {PROBE_TIMEOUT_S:g} s"
    lines = [line.strip() for line in str(result).splitlines()]
    return "; ".join(filter(None, lines)) or type(result).__name__
