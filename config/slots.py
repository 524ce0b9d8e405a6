"""Many may send at once, few compute: who sends slowly keeps nobody waiting for long.

The server has many threads, so that a body that comes slowly, or never, occupies one of many. What
has come in whole takes one of a few slots, each with a database connection of its own: threads that
compute at once in one process only wait for each other, and a connection for each thread would be
far too many. Slots are given in the order of asking, so that nobody waits in vain while others who
came later are served. Some threads are kept from senders, so that who only asks is answered even
when all the others wait for bodies. (Only a proxy that buffers can bound how long a body takes.)
"""

import select
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from io import BytesIO
from queue import Empty
from threading import BoundedSemaphore
from typing import Any

from django.core.cache import close_caches
from django.core.signals import request_finished, request_started
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections, reset_queries
from django.db.backends.base.base import BaseDatabaseWrapper

from config.api.envelope import JSON_TYPE, Failure, to_json
from config.api.exceptions import RETRY_AFTER_S
from config.turns import InTurn

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

# What asks for no connection of its thread, and has to be answered when everything else waits.
WITHOUT_SLOT = frozenset({"/healthz", "/metrics"})
BEGUN = "stockroom.begun"  # in the environ: when the request came in, by time.perf_counter()
# How long nobody may be served before those who wait are refused. What is wrong then is mostly the
# database, for which 3 s are waited as well (for a lock or a connection): 5 s in all.
PATIENCE_S = 2.0
BUSY = Failure("unavailable", "The server is busy at the moment; nothing was done.")


class Slots:
    """A WSGI application that lets `count` requests at once into another.

    Who waits for a slot has one in turn, however many come at once; but when for PATIENCE_S no
    request was done as quickly as that, those who wait are answered with a 503. Bodies of up to
    `whole_bytes` are read before that, of at most `senders` at once; more are answered with a 503.
    A larger body is not read at all: whoever asks for it finds it empty.
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
        self.connections: InTurn[BaseDatabaseWrapper] = InTurn(there, patience_s=PATIENCE_S)
        _look_after_connections_alone()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The application's answer."""
        environ[BEGUN] = time.perf_counter()
        if environ["PATH_INFO"] in WITHOUT_SLOT:
            return self.application(environ, start_response)
        if not self._receive(environ):
            return _refuse(start_response)
        try:
            connection = self.connections.take()
        except Empty:
            return _refuse(start_response)
        close_if_ended(connection)
        connections[DEFAULT_DB_ALIAS] = connection
        taken = time.monotonic()
        try:
            return self.application(environ, start_response)
        finally:
            connection.close_if_unusable_or_obsolete()
            del connections[DEFAULT_DB_ALIAS]
            self.connections.put_back(connection, after_s=time.monotonic() - taken)

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


def _look_after_connections_alone() -> None:
    """Spare each request what Django does for connections of threads, at its start and its end."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    request_started.disconnect(reset_queries)
    request_finished.disconnect(close_caches)  # which the cache's own pool makes nothing of


def close_if_ended(connection: BaseDatabaseWrapper) -> None:
    """Close a connection that the server has ended, so that the next statement opens another.

    While nothing was asked, a server has nothing to say but that. (Django would ask it.)
    """
    raw = connection.connection
    if raw is not None and (raw.closed or _has_something_to_say(raw.fileno())):
        connection.close()


def _has_something_to_say(socket: int) -> bool:
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


def _refuse(start_response: StartResponse) -> Iterable[bytes]:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = [("Content-Type", JSON_TYPE), ("Retry-After", str(RETRY_AFTER_S))]
    start_response(f"{status.value} {status.phrase}", headers)
    return [to_json(BUSY.body())]
