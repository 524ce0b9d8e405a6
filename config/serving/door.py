"""The application as the web server calls it (RSGI): it receives, a crew answers."""

import asyncio
import gc
import re
import time
from collections import deque
from http import HTTPStatus
from typing import Any

from config import caching
from config.api.edges import API_PREFIX
from config.api.envelope import JSON_TYPE, Failure, to_json
from config.api.exceptions import RETRY_AFTER_S
from config.group_commit import leave_group
from config.serving.crew import Crew, Job, Writers, look_after_connections
from config.serving.environ import Unreadable, environ_of
from config.serving.handler import Handler
from config.serving.receiving import BUSY, NOTHING, Received, Receiver, Refused
from config.serving.sending import KEPT_S, file_of, headers_of

# What asks nothing of the database, and has to be answered when everything else waits.
AT_ONCE = frozenset({"/healthz", "/metrics"})
READING = frozenset({"GET", "HEAD"})
# Threads that compute at once in one process only wait for each other: one reads, and one at a time
# writes for several. The other writers are for what waits for the database by itself, for a lock or
# within a transaction of several statements. Each has a database connection of its own.
READERS, WRITERS = 1, 4
TOGETHER = 8  # whose writes are one transaction: most of what is gained, and nobody waits for long
# What takes long by its nature occupies none of those; who comes when all do is to wait a while.
FILES, EXPORTERS, EXPORT_PATIENCE_S = re.compile("/export|/refused"), 2, 20.0
HELPERS = 3  # threads more, of each kind, for when the line stands
# How long nobody may be served before those who wait are refused. What is wrong then is mostly the
# database, for which 3 s are waited as well (for a lock or a connection): 5 s in all.
PATIENCE_S = 2.0
# Objects made before the garbage is looked for; Python's own 700 is reached by each request.
GC_THRESHOLDS = (50_000, 10, 10)
LOOK_S = 0.02  # how often it is seen whether the line moves


class Door:
    """Hands Django one whole request after another.

    Its body is received first. Who waits while for PATIENCE_S no request was done is answered with
    a 503.
    """

    def __init__(self, handler: Handler, receiver: Receiver) -> None:
        self._handler, self._receiver = handler, receiver
        self._under_way = 0
        self._looking = False
        self._answered: deque[asyncio.Future[None]] = deque()

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin, in a process of the web server."""
        look_after_connections()
        caching.tell_together()
        gc.collect()
        gc.freeze()  # what is there now stays: it need not be looked through again and again
        gc.set_threshold(*GC_THRESHOLDS)
        self._loop = loop
        self._readers = Crew(regulars=READERS, helpers=HELPERS, patience_s=PATIENCE_S)
        self._writers = Writers(
            regulars=WRITERS, helpers=HELPERS, patience_s=PATIENCE_S, together=TOGETHER
        )
        self._exporters = Crew(regulars=EXPORTERS, helpers=0, patience_s=EXPORT_PATIENCE_S)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """End: what others have to know is told."""
        caching.tell_now()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Receive one request, and return when it is answered."""
        begun = time.perf_counter()
        if scope.path in AT_ONCE:
            self._answer(scope, protocol, begun=begun)
            return
        try:
            received = await self._receiver.received(scope, protocol)
        except Refused as refused:
            _refuse(protocol, refused)
            return
        answered = self._loop.create_future()

        def do() -> None:
            try:
                if not scope.path.startswith(API_PREFIX):  # a page, which knows nothing of groups
                    leave_group()
                self._answer(scope, protocol, begun=begun, received=received)
            finally:
                self._answered.append(answered)

        def refuse() -> None:
            self._answered.append(answered)
            _refuse(protocol, Refused(HTTPStatus.SERVICE_UNAVAILABLE, BUSY))

        self._end_answered()
        self._crew_for(scope).take(Job(do, refuse))
        self._under_way += 1
        self._look_soon()
        try:
            await answered
        finally:
            received.close()

    def _crew_for(self, scope: Any) -> Crew:
        if scope.method not in READING:
            return self._writers
        return self._exporters if FILES.search(scope.path) else self._readers

    def _look_soon(self) -> None:
        if not self._looking:
            self._looking = True
            self._loop.call_later(LOOK_S, self._look)

    def _look(self) -> None:
        self._looking = False
        self._end_answered()
        self._readers.look()
        self._writers.look()
        self._exporters.look()
        if self._under_way:
            self._look_soon()

    def _end_answered(self) -> None:
        """End what has been answered; to tell the loop of each at once would wake it each time."""
        while self._answered:
            answered = self._answered.popleft()
            if not answered.done():
                answered.set_result(None)
            self._under_way -= 1

    def _answer(
        self, scope: Any, protocol: Any, *, begun: float, received: Received = NOTHING
    ) -> None:
        try:
            environ = environ_of(scope, begun=begun, body=received.body, size=received.size)
        except Unreadable as error:
            failure = Failure("malformed", str(error))
            _refuse(protocol, Refused(HTTPStatus.BAD_REQUEST, failure))
            return
        response: Any = self._handler.answer(environ)
        status, headers = response.status_code, headers_of(response)
        if (file := file_of(response)) is not None:
            protocol.response_file(status, headers, file)
            self._loop.call_soon_threadsafe(self._loop.call_later, KEPT_S, response.close)
            return
        try:
            content = b"".join(response) if response.streaming else response.content
            protocol.response_bytes(status, headers, content)
        finally:
            response.close()


def _refuse(protocol: Any, refused: Refused) -> None:
    headers = [("Content-Type", JSON_TYPE), ("Retry-After", str(RETRY_AFTER_S))]
    protocol.response_bytes(refused.status, headers, to_json(refused.failure.body()))
