"""Killed under load: what was answered 2xx is there afterwards, and it recovers by itself."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from uuid import uuid4

import httpx
import psutil
import pytest

from config import embedded
from config.embedded.locks import wait_until
from tests.integration.killing import Stockroom, kill_under_load, stockroom_of_its_own
from tests.running import PROJECT

WRITERS = 4
BEFORE_S, AFTER_S = 1.5, 2.5
BATCH = 3  # items that are there together, or not at all


@pytest.fixture(scope="module")
def stockroom() -> Iterator[Stockroom]:
    with stockroom_of_its_own() as stockroom:
        yield stockroom


@dataclass
class Load:
    """What writers have sent, and what they were told."""

    answered: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    statuses: Counter[int | str] = field(default_factory=Counter)
    slowest_s: float = 0.0

    def write(self, client: httpx.Client, stop: Event) -> None:
        """Send batches until told to stop; each has a mark of its own."""
        while not stop.is_set():
            mark = uuid4().hex
            self.sent.append(mark)
            operations = [
                {"op": "create", "data": {"sku": f"{mark}-{n}", "name": "N", "unit": "pcs"}}
                for n in range(BATCH)
            ]
            begun = time.monotonic()
            try:
                status: int | str = client.post(
                    "/items/batch", json={"operations": operations}
                ).status_code
            except httpx.TransportError as error:
                status = type(error).__name__
            self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
            self.statuses[status] += 1
            if status == httpx.codes.OK:
                self.answered.append(mark)
            else:
                time.sleep(0.05)


def under_load(stockroom: Stockroom, victims: Callable[[], Sequence[psutil.Process]]) -> Load:
    """Kill a process while several write; return when it serves again."""
    load = Load()
    kill_under_load(
        stockroom, victims, load.write, writers=WRITERS, before_s=BEFORE_S, after_s=AFTER_S
    )
    return load


def check_nothing_lost(stockroom: Stockroom, load: Load) -> None:
    """What was answered is there whole; what was not is there whole or not at all."""
    assert load.answered
    with stockroom.client() as client:
        for mark in load.sent:
            total = client.get("/items", params={"search": mark}).json()["meta"]
            there = 0 if total.get("approximate") else total["total"]
            assert there in ({BATCH} if mark in load.answered else {0, BATCH}), mark


def test_nothing_answered_is_lost_when_postgresql_is_killed(stockroom: Stockroom) -> None:
    load = under_load(stockroom, stockroom.postmaster)
    check_nothing_lost(stockroom, load)
    assert load.statuses.keys() <= {200, 503}, load.statuses
    assert load.slowest_s < 5
    assert "postgres has ended by itself, and is started again" in stockroom.run.said


def test_nothing_fails_when_the_cache_is_killed(stockroom: Stockroom) -> None:
    load = under_load(stockroom, stockroom.valkey)
    check_nothing_lost(stockroom, load)
    assert load.statuses.keys() == {200}, load.statuses
    assert "valkey has ended by itself, and is started again" in stockroom.run.said


def test_nothing_answered_is_lost_when_a_worker_is_killed(stockroom: Stockroom) -> None:
    load = under_load(stockroom, stockroom.worker)
    check_nothing_lost(stockroom, load)
    refused = {"ReadError", "RemoteProtocolError", "ConnectError"}
    assert load.statuses.keys() <= {200, *refused}, load.statuses


def test_nothing_is_left_running_when_it_is_stopped_after_all_that(stockroom: Stockroom) -> None:
    status = subprocess.run(
        [sys.executable, "manage.py", "services", "status"],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", "STOCKROOM_DATA": str(stockroom.data)},
        capture_output=True,
        check=False,
    )
    assert status.returncode == 0, status.stdout
    stockroom.run.process.terminate()
    stockroom.run.process.wait(30)
    assert wait_until(lambda: not embedded.status(stockroom.data).running, timeout_s=20)
