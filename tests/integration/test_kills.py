"""Killed under load: what was answered 2xx is there afterwards, and it recovers by itself."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from uuid import uuid4

import httpx
import psutil
import pytest

from config import embedded
from config.embedded.locks import wait_until
from tests.running import PROJECT, Run, free_port, up

WRITERS = 4
LOAD_S, KILL_AFTER_S = 4.0, 1.5
RECOVERY_S = 30.0
BATCH = 3  # items that are there together, or not at all
ADMIN = {"ADMIN_EMAIL": "admin@example.org", "ADMIN_PASSWORD": "a long enough passphrase"}


def process_of(pid_file: Path) -> psutil.Process:
    """The process that wrote its id there."""
    return psutil.Process(int(pid_file.read_text().split()[0]))


@dataclass
class Stockroom:
    """One that runs on servers of its own, which a test may kill."""

    run: Run
    data: Path
    url: str
    token: str = ""

    def client(self) -> httpx.Client:
        """The API as the administrator."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=15)

    def postmaster(self) -> psutil.Process:
        """PostgreSQL's first process."""
        return process_of(embedded.Layout.of(self.data).cluster / "postmaster.pid")

    def valkey(self) -> psutil.Process:
        """The cache."""
        return process_of(embedded.Layout.of(self.data).run / "valkey.pid")

    def worker(self) -> psutil.Process:
        """One of the web server's workers."""
        web_server = psutil.Process(self.run.process.pid).children()[0]
        return web_server.children()[-1]


@pytest.fixture(scope="module")
def stockroom() -> Iterator[Stockroom]:
    data = Path(tempfile.mkdtemp(prefix="stockroom-kills-", dir="/tmp"))
    data.chmod(0o711)
    port = free_port()
    with up(data, port, "--workers", "2", "--no-sample", **ADMIN) as run:
        found = Stockroom(run, data, f"http://127.0.0.1:{port}")
        body = {"email": ADMIN["ADMIN_EMAIL"], "password": ADMIN["ADMIN_PASSWORD"]}
        answer = httpx.post(f"{found.url}/api/v1/auth/token", json=body, timeout=15)
        found.token = answer.json()["data"]["token"]
        yield found
    embedded.stop(data)
    shutil.rmtree(data)


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


def under_load(stockroom: Stockroom, victim: Callable[[], psutil.Process]) -> Load:
    """Kill a process while several write; return when it serves again."""
    load, stop = Load(), Event()
    clients = [stockroom.client() for _ in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        jobs = [pool.submit(load.write, client, stop) for client in clients]
        try:
            time.sleep(KILL_AFTER_S)
            victim().kill()
            time.sleep(LOAD_S - KILL_AFTER_S)
            recovered = wait_until(lambda: works(stockroom), timeout_s=RECOVERY_S)
        finally:
            stop.set()
    for job, client in zip(jobs, clients, strict=True):
        job.result()
        client.close()
    assert recovered, stockroom.run.said[-3000:]
    return load


def works(stockroom: Stockroom) -> bool:
    """Whether it takes a write and is ready."""
    try:
        with stockroom.client() as client:
            made = client.post("/items", json={"sku": uuid4().hex, "name": "After"})
            return made.status_code == 201 and httpx.get(f"{stockroom.url}/readyz").is_success
    except httpx.TransportError:
        return False


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
