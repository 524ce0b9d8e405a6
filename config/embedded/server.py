"""What the private servers have in common: one process each, whose life is a lock.

A server inherits the open lock file that its starter holds, and so do its children. The kernel
frees the lock when the last of them is gone: that, and no process id, says whether it lives.
"""

import contextlib
import signal
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, ClassVar

from . import locks
from .account import Account
from .errors import ServicesError
from .paths import PRIVATE, Layout

Say = Callable[[str], None]

START_TIMEOUT_S = 60.0  # a database that was cut off reads its log again before it answers
SOCKET_TIMEOUT_S = 5.0  # a server that lives has its socket well before
ANSWER_TIMEOUT_S = 2.0
ANSWER_BYTES = 4096
LOG_BYTES = 10 * 1024 * 1024  # a longer log is put aside at the next start
TAIL_BYTES = 3000


class Server(ABC):
    """One of the private servers of a data folder."""

    name: ClassVar[str]  # of its files
    title: ClassVar[str]  # in sentences
    farewells: ClassVar[tuple[tuple[signal.Signals, float], ...]]  # each with its patience in s

    def __init__(self, layout: Layout, account: Account, *, durable: bool = True) -> None:
        self.layout = layout
        self.account = account
        self.durable = durable
        self.log = layout.log(self.name)
        self._lock = layout.lock(self.name)

    @property
    @abstractmethod
    def socket(self) -> Path:
        """Where it takes requests."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it takes requests now."""

    @abstractmethod
    def _prepare(self, lock: BinaryIO, say: Say) -> list[str | Path]:
        """Make what the process needs, with nothing of it alive: the command to run."""

    @property
    @abstractmethod
    def _pid_file(self) -> Path:
        """Where the server writes its process id; to be believed only while it lives."""

    @property
    def _leftovers(self) -> tuple[Path, ...]:
        """What a server that was killed leaves, and the next would take for another's."""
        return self._pid_file, self.socket

    def alive(self) -> bool:
        """Whether anything of it lives, be it starting, serving or ending."""
        return locks.is_held(self._lock)

    def start(self, say: Say) -> bool:
        """See that it runs and answers: whether it had to be started for that.

        To be called by one starter at a time. Raises ServicesError, with the end of the server's
        log, when it does not come up.
        """
        lock = self._claim(say)
        if lock is None:
            return False
        with lock:
            command = self._prepare(lock, say)
            self._make_run_folder()  # which checks whose it is, before anything in it is deleted
            self._sweep()
            begin = self._launch(command, lock)
        locks.wait_until(
            lambda: self.answers() or not self.alive(),
            timeout_s=START_TIMEOUT_S,
            patience=lambda: say(f"waiting for {self.title} to answer"),
        )
        if not self.answers():
            self.stop()
            raise ServicesError(f"{self.title} did not start. {self._tail(begin)}")
        return True

    def stop(self) -> bool:
        """End it, gently at first, within a bounded time: whether it was alive.

        Raises ServicesError when it outlives even SIGKILL.
        """
        if not self.alive():
            return False
        for farewell, timeout_s in self.farewells:
            pid = self._pid()
            if pid is not None:
                self.account.signal(pid, farewell.name.removeprefix("SIG"))
            if locks.wait_until(lambda: not self.alive(), timeout_s=timeout_s):
                self._sweep()
                return True
        raise ServicesError(
            f"{self.title} (process {self._pid()}) does not end, not even killed. See {self.log}."
        )

    def _claim(self, say: Say) -> BinaryIO | None:
        """The lock once nothing of the server lives, or None when it serves already."""
        claimed: BinaryIO | None = None

        def settled() -> bool:
            nonlocal claimed
            claimed = locks.try_lock(self._lock)
            return claimed is not None or self.answers()

        if locks.wait_until(settled, timeout_s=SOCKET_TIMEOUT_S):
            return claimed
        if not self.socket.exists():  # swept away, by a cleaner of /tmp for example
            say(f"{self.title} has lost its socket: starting it again")
            self.stop()
        if locks.wait_until(settled, timeout_s=START_TIMEOUT_S):
            return claimed
        raise ServicesError(
            f"{self.title} runs (process {self._pid()}) and does not answer on {self.socket}. Stop "
            f"it with `manage.py services stop` and start again. {self._tail(0)}"
        )

    def _sweep(self) -> None:
        for leftover in self._leftovers:
            leftover.unlink(missing_ok=True)

    def _pid(self) -> int | None:
        try:
            return int(self._pid_file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _make_run_folder(self) -> None:
        self.layout.make_base()
        with contextlib.suppress(FileExistsError):
            self.layout.run.mkdir(mode=PRIVATE)
        self.account.own(self.layout.run)

    def _launch(self, command: list[str | Path], lock: BinaryIO) -> int:
        """Set the process going: where its part of the log begins."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as output:
            begin = output.tell()
            self.account.launch(*command, output=output, keep_open=lock)
        return begin

    def _tail(self, begin: int) -> str:
        if not self.log.exists():
            return f"It has written no log ({self.log})."
        words = self.log.read_bytes()[begin:][-TAIL_BYTES:].decode("utf-8", "replace").strip()
        return f"The end of its log, {self.log}:\n{words or '(nothing)'}"

    def _ask(self, question: bytes) -> bytes:
        """What the server answers on its socket; nothing when it does not."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(ANSWER_TIMEOUT_S)
                connection.connect(str(self.socket))
                connection.sendall(question)
                return b"".join(iter(lambda: connection.recv(ANSWER_BYTES), b""))
        except OSError:
            return b""
