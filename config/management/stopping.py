"""Being told to stop, whatever one is doing."""

import signal
from typing import Self


class Stop(KeyboardInterrupt):
    """Someone has asked us to stop, from the terminal or by a signal."""


class StopSignals:
    """Turns the first Ctrl-C, SIGTERM or closed terminal into Stop, and lets no other disturb that.

    Python raises it wherever it is, which may be in a finaliser that swallows it: hence `check`.
    """

    NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> Self:
        self.previous = {number: signal.signal(number, self._stop) for number in self.NUMBERS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """Raise Stop if someone has asked for it."""
        if self.requested:
            raise Stop

    def _stop(self, *_: object) -> None:
        if not self.requested:  # what is being stopped takes a bounded time
            self.requested = True
            raise Stop
