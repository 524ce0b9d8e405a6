"""A Stockroom on servers of its own, whose processes a test may kill while many write."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event
from uuid import uuid4

import httpx
import psutil

from config import embedded
from config.embedded.locks import wait_until
from tests.live import ADMIN_EMAIL, ADMIN_PASSWORD
from tests.running import Run, free_port, up

WORKERS = 2
NOTICED_S = 0.5  # what was killed may answer for so long yet: PostgreSQL without its first process
RECOVERY_S, STOP_S = 30.0, 30.0
TIMEOUT_S = 15.0

Write = Callable[[httpx.Client, Event], None]


class Stockroom:
    """One that runs on servers of its own, which a test may kill."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.started = ExitStack()
        self.start()
        body = {"email": ADMIN_EMAIL, "password": ADMIN_PASSWORD}
        answer = httpx.post(f"{self.url}/api/v1/auth/token", json=body, timeout=TIMEOUT_S)
        self.token = answer.json()["data"]["token"]

    def start(self) -> None:
        """Start it, also after it was killed; return when it is ready."""
        options = ("--workers", str(WORKERS), "--no-sample")
        who = {"ADMIN_EMAIL": ADMIN_EMAIL, "ADMIN_PASSWORD": ADMIN_PASSWORD}
        self.run: Run = self.started.enter_context(up(self.data, self.port, *options, **who))

    def client(self) -> httpx.Client:
        """The API as the administrator."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=TIMEOUT_S)

    def manage(self, *command: str) -> str:
        """What `manage.py` says beside it."""
        run = Run(self.data, *command)
        assert run.process.wait(STOP_S) == 0, run.said
        return run.said

    # ── Its processes ─────────────────────────────────────────────────────────────────────────
    def web_server(self) -> psutil.Process:
        """The parent of those that answer."""
        children = psutil.Process(self.run.process.pid).children()
        return next(each for each in children if "granian" in each.cmdline())

    def worker(self) -> list[psutil.Process]:
        """One of those that answer: the one that has done so for longest."""
        workers: list[psutil.Process] = self.web_server().children()
        return workers[:1]

    def whole_server(self) -> list[psutil.Process]:
        """`up` and all that it has started; PostgreSQL and the cache are none of these."""
        up = psutil.Process(self.run.process.pid)
        return [up, *up.children(recursive=True)]

    def postmaster(self) -> list[psutil.Process]:
        """PostgreSQL's first process."""
        return [process_of(embedded.Layout.of(self.data).cluster / "postmaster.pid")]

    def valkey(self) -> list[psutil.Process]:
        """The cache."""
        return [process_of(embedded.Layout.of(self.data).run / "valkey.pid")]

    def is_whole(self) -> bool:
        """Whether it takes a write, is ready, and has as many workers as it should."""
        try:
            if len(self.web_server().children()) < WORKERS:
                return False
            if not httpx.get(f"{self.url}/readyz", timeout=TIMEOUT_S).is_success:
                return False
            with self.client() as client:
                made = client.post("/items", json={"sku": uuid4().hex, "name": "After"})
        except (httpx.TransportError, psutil.NoSuchProcess):
            return False
        return made.status_code == httpx.codes.CREATED


def process_of(pid_file: Path) -> psutil.Process:
    """The process that wrote its id there."""
    return psutil.Process(int(pid_file.read_text().split()[0]))


@contextmanager
def stockroom_of_its_own() -> Iterator[Stockroom]:
    """One that nobody else uses; nothing of it is left at the end."""
    data = Path(tempfile.mkdtemp(prefix="stockroom-kills-", dir="/tmp"))
    data.chmod(0o711)
    try:
        stockroom = Stockroom(data)
        with stockroom.started:
            yield stockroom
    finally:
        embedded.stop(data)
        shutil.rmtree(data)


def kill_under_load(
    stockroom: Stockroom,
    victims: Callable[[], Sequence[psutil.Process]],
    write: Write,
    *,
    writers: int,
    before_s: float,
    after_s: float,
    revive: Callable[[], None] | None = None,
) -> float:
    """Kill processes while several write, from so long before it until so long after.

    Returns how many seconds it took until it was whole again: by itself, or after `revive`.
    """
    stop = Event()
    with ThreadPoolExecutor(writers) as pool, ExitStack() as opened:  # which says when to stop
        opened.callback(stop.set)
        clients = [opened.enter_context(stockroom.client()) for _ in range(writers)]
        jobs = [pool.submit(write, client, stop) for client in clients]
        time.sleep(before_s)
        killed = time.monotonic()
        for victim in victims():
            with suppress(psutil.NoSuchProcess):  # it ended by itself when its parent did
                victim.kill()
        if revive is not None:
            revive()
        else:
            wait_until(lambda: not stockroom.is_whole(), timeout_s=NOTICED_S)
        recovered = wait_until(stockroom.is_whole, timeout_s=RECOVERY_S)
        took_s = time.monotonic() - killed
        time.sleep(max(0.0, after_s - took_s))
        stop.set()
        for job in jobs:
            job.result()
    assert recovered, stockroom.run.said[-3000:]
    return took_s
