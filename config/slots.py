"""Many may send at once, few compute: who sends slowly keeps nobody waiting for long.

The server has many threads, so that a body that comes slowly, or never, occupies one of many. What
has come in whole takes one of a few slots, each with a database connection of its own: threads that
compute at once in one process only wait for each other, and a connection for each thread would be
far too many. Slots are given in the order of asking, so that nobody waits in vain while others who
came later are served. Some threads are kept from senders, so that who only asks is answered even
when all the others wait for bodies. (Only a proxy that buffers can bound how long a body takes.)
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from http import HTTPStatus
from io import BytesIO
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Lock
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from config.api.envelope import JSON_TYPE, Failure, to_json
from config.api.exceptions import RETRY_AFTER_S

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Lent = TypeVar("Lent")

# What asks for no connection of its thread, and has to be answered when everything else waits.
WITHOUT_SLOT = frozenset({"/healthz", "/metrics"})
BEGUN = "stockroom.begun"  # in the environ: when the request came in, by time.perf_counter()
# Beside what the database may be waited for (3 s, for a lock or a connection): 5 s in all.
PATIENCE_S = 2.0
BUSY = Failure("unavailable", "The server is busy at the moment; nothing was done.")


class InTurn(Generic[Lent]):
    """Things that threads use one after another: whoever has waited longest has the next one.

    (A queue of the standard library gives it to whoever comes by first, who is often the one that
    has just put it back.)
    """

    def __init__(self, things: Iterable[Lent]) -> None:
        self._free = deque(things)
        self._waiting: deque[SimpleQueue[Lent]] = deque()
        self._lock = Lock()

    @property
    def waiting(self) -> int:
        """How many threads wait for one."""
        return len(self._waiting)

    def take(self, timeout_s: float) -> Lent:
        """One of them, when it is this thread's turn. Raises Empty when that takes too long."""
        with self._lock:
            if self._free:  # then nobody waits
                return self._free.popleft()
            mine: SimpleQueue[Lent] = SimpleQueue()
            self._waiting.append(mine)
        try:
            return mine.get(timeout=timeout_s)
        except Empty:
            with self._lock:
                if mine in self._waiting:
                    self._waiting.remove(mine)
            return mine.get_nowait()  # unless it has come at the last moment

    def put_back(self, thing: Lent) -> None:
        """Hand it to whoever is next."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().put(thing)
            else:
                self._free.append(thing)


class Slots:
    """A WSGI application that lets `count` requests at once into another.

    Who has waited PATIENCE_S for a slot is answered with a 503. Bodies of up to `whole_bytes` are
    read before that, of at most `senders` at once; more are answered with a 503. A larger body is
    not read at all: whoever asks for it finds it empty.
    """

    def __init__(
        self, application: Application, *, count: int, senders: int, whole_bytes: int
    ) -> None:
        self.application = application
        self.whole_bytes = whole_bytes
        self.senders = BoundedSemaphore(senders)
        there = [connections.create_connection(DEFAULT_DB_ALIAS) for _ in range(count)]
        for connection in there:
            connection.inc_thread_sharing()  # by one thread after another
        self.connections: InTurn[BaseDatabaseWrapper] = InTurn(there)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The application's answer."""
        environ[BEGUN] = time.perf_counter()
        if environ["PATH_INFO"] in WITHOUT_SLOT:
            return self.application(environ, start_response)
        if not self._receive(environ):
            return _refuse(start_response)
        try:
            connection = self.connections.take(PATIENCE_S)
        except Empty:
            return _refuse(start_response)
        connections[DEFAULT_DB_ALIAS] = connection
        try:
            return self.application(environ, start_response)
        finally:
            del connections[DEFAULT_DB_ALIAS]
            self.connections.put_back(connection)

    def _receive(self, environ: Environ) -> bool:
        """Read the body, where there is one; False when too many do so already."""
        announced = environ.get("CONTENT_LENGTH") or "0"
        length = int(announced) if announced.isdecimal() else 0
        if not 0 < length <= self.whole_bytes:
            environ["wsgi.input"] = BytesIO()
            return True
        if not self.senders.acquire(blocking=False):
            return False
        try:
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length))
        finally:
            self.senders.release()
        return True


def _refuse(start_response: StartResponse) -> Iterable[bytes]:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = [("Content-Type", JSON_TYPE), ("Retry-After", str(RETRY_AFTER_S))]
    start_response(f"{status.value} {status.phrase}", headers)
    return [to_json(BUSY.body())]
