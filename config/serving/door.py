"""The application as the web server calls it (RSGI): it receives, a crew answers.

Bodies are received by the event loop, so that one that comes slowly, or never, occupies no thread.
(Only a proxy that buffers can bound how long a body takes.)
"""

import asyncio
import time
from collections.abc import Iterable
from functools import partial
from http import HTTPStatus
from typing import Any

from django.core.handlers.wsgi import WSGIHandler

from config.api.envelope import JSON_TYPE, Failure, to_json
from config.api.exceptions import RETRY_AFTER_S
from config.serving.crew import Crew, Job, look_after_connections
from config.serving.environ import Environ, environ_of

# What asks nothing of the database, and has to be answered when everything else waits.
AT_ONCE = frozenset({"/healthz", "/metrics"})
READING = frozenset({"GET", "HEAD"})
# Threads that compute at once in one process only wait for each other: there is one that reads, and
# some that write, which also wait for the disk. Each has a database connection of its own.
READERS, WRITERS = 1, 2
HELPERS = 3  # threads more, of each kind, for when the line stands
# How long nobody may be served before those who wait are refused. What is wrong then is mostly the
# database, for which 3 s are waited as well (for a lock or a connection): 5 s in all.
PATIENCE_S = 2.0
SENDERS = 100  # bodies that one process receives at once
LOOK_S = 0.02  # how often it is seen whether the line moves
CHUNK_TIMEOUT_S = 30.0  # how long a reader may take for a part of an answer that comes in parts
BUSY = Failure("unavailable", "The server is busy at the moment; nothing was done.")


class Door:
    """Hands Django one whole request after another.

    Bodies of up to `whole_bytes` are received, of at most SENDERS at once; more are answered with
    a 503, as is who waits while for PATIENCE_S no request was done. A larger body is not received
    at all: whoever asks for it finds it empty.
    """

    def __init__(self, handler: WSGIHandler, *, whole_bytes: int) -> None:
        self._handler = handler
        self._whole_bytes = whole_bytes
        self._receiving = 0
        self._looking = False

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin, in a process of the web server."""
        look_after_connections()
        self._loop = loop
        self._readers = Crew(regulars=READERS, helpers=HELPERS, patience_s=PATIENCE_S)
        self._writers = Crew(regulars=WRITERS, helpers=HELPERS, patience_s=PATIENCE_S)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Receive one request, and return when it is answered."""
        begun = time.perf_counter()
        if scope.path in AT_ONCE:
            self._answer(environ_of(scope, begun=begun), protocol)
            return
        body, size = await self._received(scope.headers, protocol)
        if body is None:
            _refuse(protocol)
            return
        answered = self._loop.create_future()
        end = partial(self._loop.call_soon_threadsafe, _end, answered)

        def do() -> None:
            try:
                self._answer(environ_of(scope, begun=begun, body=body, size=size), protocol)
            finally:
                end()

        def refuse() -> None:
            _refuse(protocol)
            end()

        crew = self._readers if scope.method in READING else self._writers
        crew.take(Job(do, refuse))
        self._look_soon()
        await answered

    async def _received(self, headers: Any, protocol: Any) -> tuple[bytes | None, int | None]:
        """The body, and its size where that was not announced; None when too many send already."""
        announced = headers.get("content-length") or ""
        in_parts = "transfer-encoding" in headers
        length = int(announced) if announced.isdecimal() else 0
        if length > self._whole_bytes or not (length or in_parts):
            return b"", None
        if self._receiving >= SENDERS:
            return None, None
        self._receiving += 1
        try:
            body = await self._whole(protocol)
        finally:
            self._receiving -= 1
        kept = body if len(body) <= self._whole_bytes else b""
        return kept, len(body) if in_parts else None

    async def _whole(self, protocol: Any) -> bytes:
        """The body; of one that is too large, enough to see that."""
        parts, size = [], 0
        async for part in protocol:
            parts.append(part)
            size += len(part)
            if size > self._whole_bytes:
                break
        return b"".join(parts)

    def _look_soon(self) -> None:
        if not self._looking:
            self._looking = True
            self._loop.call_later(LOOK_S, self._look)

    def _look(self) -> None:
        self._looking = False
        if any([self._readers.look(), self._writers.look()]):
            self._look_soon()

    def _answer(self, environ: Environ, protocol: Any) -> None:
        begun: list[tuple[int, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            begun.append((int(status[:3]), headers))

        response: Any = self._handler(environ, start_response)
        [(status, headers)] = begun
        try:
            if response.streaming and not hasattr(response, "file_to_stream"):
                self._stream(protocol.response_stream(status, headers), response)
            else:  # a file of ours is a small one
                protocol.response_bytes(status, headers, b"".join(response))
        finally:
            response.close()

    def _stream(self, transport: Any, parts: Iterable[bytes]) -> None:
        """Send an answer in parts, each when the reader has taken the one before."""
        for part in parts:
            sent = asyncio.run_coroutine_threadsafe(transport.send_bytes(part), self._loop)
            sent.result(CHUNK_TIMEOUT_S)


def _end(answered: "asyncio.Future[None]") -> None:
    if not answered.done():
        answered.set_result(None)


def _refuse(protocol: Any) -> None:
    headers = [("Content-Type", JSON_TYPE), ("Retry-After", str(RETRY_AFTER_S))]
    protocol.response_bytes(HTTPStatus.SERVICE_UNAVAILABLE, headers, to_json(BUSY.body()))
