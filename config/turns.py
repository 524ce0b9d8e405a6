"""Things that threads use one after another, in the order of asking."""

import time
from collections import deque
from collections.abc import Iterable
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Generic, TypeVar

Lent = TypeVar("Lent")


class InTurn(Generic[Lent]):
    """Whoever has waited longest has the next one.

    (A queue of the standard library gives it to whoever comes by first, who is often the one that
    has just put it back.) The line moves while what is taken comes back soon; one that stands is
    not worth waiting in.
    """

    def __init__(self, things: Iterable[Lent], *, patience_s: float) -> None:
        self._patience_s = patience_s
        self._free = deque(things)
        self._waiting: deque[SimpleQueue[Lent]] = deque()
        self._moved_at = -patience_s
        self._lock = Lock()

    @property
    def waiting(self) -> int:
        """How many threads wait for one."""
        return len(self._waiting)

    def take(self) -> Lent:
        """One of them, when it is this thread's turn.

        Raises Empty when the line has stood for `patience_s` since this thread joined it.
        """
        with self._lock:
            if self._free:  # then nobody waits
                return self._free.popleft()
            mine: SimpleQueue[Lent] = SimpleQueue()
            self._waiting.append(mine)
        waits_until = time.monotonic() + self._patience_s
        while True:
            try:
                return mine.get(timeout=max(0.0, waits_until - time.monotonic()))
            except Empty:
                with self._lock:
                    waits_until = self._moved_at + self._patience_s
                    if waits_until > time.monotonic():
                        continue
                    if mine in self._waiting:
                        self._waiting.remove(mine)
                return mine.get_nowait()  # unless it has come at the last moment

    def put_back(self, thing: Lent, *, after_s: float) -> None:
        """Hand to whoever is next what was used for so long."""
        with self._lock:
            if after_s < self._patience_s:
                self._moved_at = time.monotonic()
            if self._waiting:
                self._waiting.popleft().put(thing)
            else:
                self._free.append(thing)
