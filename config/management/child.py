"""A child process, which does not outlive its parent."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Child:
    """A process that runs for the length of a `with` block.

    It sees nothing of the terminal's Ctrl-C: only its parent's word, or death, ends it. At the
    block's end it is asked to stop, and killed after `stop_timeout_s`; at once when it `hears`
    nothing yet.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        stop_timeout_s: float,
    ) -> None:
        self._command, self._folder, self._environment = command, folder, environment
        self._stop_timeout_s = stop_timeout_s
        self.hears = True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.hears:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self._stop_timeout_s)
        with suppress(ProcessLookupError, PermissionError):  # nothing is left of its group
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def start(self) -> None:
        """Start it, also again after it has ended."""
        self._process = subprocess.Popen(  # noqa: S603 - the words are our own
            self._command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_tie_to_parent(),  # noqa: PLW1509 - it takes no lock that a thread may hold
        )

    def ended(self) -> str:
        """How it has ended: "with exit code 1"; nothing while it runs."""
        code = self._process.poll()
        if code is None:
            return ""
        return f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"


def _tie_to_parent() -> Callable[[], None] | None:
    """What makes the kernel stop the child when this process is killed outright (Linux)."""
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died just before
            os.kill(os.getpid(), signal.SIGTERM)

    return tie
