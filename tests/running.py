"""`manage.py` as a person runs it: a process on a data folder with servers of its own."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded.locks import wait_until

PROJECT = Path(__file__).resolve().parents[1]
START_S, STOP_S = 60.0, 20.0
READY = "Stockroom is ready"
SETTINGS = {
    *("SECRET_KEY", "HTTPS", "LOG_FORMAT", "DATABASE_URL", "REDIS_URL"),
    *("DJANGO_SETTINGS_MODULE", "PORT"),
}


def free_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


class Run:
    """One `manage.py`, and what it has said so far."""

    def __init__(self, data: Path, *arguments: str, **environment: str) -> None:
        self.log = Path(tempfile.mkstemp(dir=data, suffix=".out")[1])
        clean = {k: v for k, v in os.environ.items() if k not in SETTINGS}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=PROJECT,
                env={**clean, "STOCKROOM_DATA": str(data), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def wait_ready(self) -> None:
        wait_until(lambda: READY in self.said or self.ended(), timeout_s=START_S)
        assert READY in self.said, self.said

    def ended(self) -> bool:
        return self.process.poll() is not None


@contextmanager
def up(data: Path, port: int, *options: str, **environment: str) -> Iterator[Run]:
    """`manage.py up` with one worker unless the options say otherwise, ready."""
    run = Run(data, "up", "--port", str(port), "--workers", "1", *options, **environment)
    try:
        run.wait_ready()
        yield run
    finally:
        run.process.terminate()
        run.process.wait(STOP_S)
