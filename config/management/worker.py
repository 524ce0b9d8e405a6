"""The worker of the jobs as a child process."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from config.local import environment_with
from config.management.child import Child
from config.working import GRACE_S, PAUSE_S

STOP_TIMEOUT_S = GRACE_S + PAUSE_S + 5.0  # it ends by itself before
REVIVE_PAUSE_S = 20.0  # so that one that cannot live is not started without end


class JobWorker(Child):
    """`manage.py work`, for the length of a `with` block."""

    def __init__(self, *, folder: Path) -> None:
        super().__init__(
            [sys.executable, "manage.py", "work"],
            folder=folder,
            environment=environment_with(),
            stop_timeout_s=STOP_TIMEOUT_S,
        )
        self._revive_at = 0.0

    def revive(self, say: Callable[[str], None]) -> None:
        """Start it again if it has ended; the next time, not before REVIVE_PAUSE_S have passed."""
        if time.monotonic() < self._revive_at:
            return
        if how := self.ended():
            say(f"the worker has ended by itself, {how}, and is started again")
            self.start()
            self._revive_at = time.monotonic() + REVIVE_PAUSE_S
