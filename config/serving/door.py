"""The application as the web server calls it (RSGI): it receives, a crew answers.

Bodies are received by the event loop, so that one that comes slowly, or never, occupies no thread.
(Only a proxy that buffers can bound how long a body takes.)
"""

import asyncio
from collections.abc import Iterable
from functools import partial
from http import HTTPStatus
from io import BytesIO
from typing import Any

from django.core.handlers.wsgi import WSGIHandler

from config.api.envelope import JSON_TYPE, Failure, to_json
from config.api.exceptions import RETRY_AFTER_S
from config.serving.crew import HELPERS, PATIENCE_S, REGULARS, Crew, Job, look_after_connections
from config.serving.environ import Environ, environ_of

# What asks nothing of the database, and has to be answered when everything else waits.
AT_ONCE = frozenset({"/healthz", "/metrics"})
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
        self._crew = Crew(regulars=REGULARS, helpers=HELPERS, patience_s=PATIENCE_S)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Receive one request, and return when it is answered."""
        environ = environ_of(scope)
        if scope.path in AT_ONCE:
            self._answer(environ, protocol)
            return
        if not await self._received(environ, protocol):
            _refuse(protocol)
            return
        answered = self._loop.create_future()
        end = partial(self._loop.call_soon_threadsafe, _end, answered)
        self._crew.take(
            Job(
                do=partial(self._answer_and_end, environ, protocol, end),
                refuse=partial(_refuse_and_end, protocol, end),
            )
        )
        if not self._looking:
            self._looking = True
            self._loop.call_later(LOOK_S, self._look)
        await answered

    async def _received(self, environ: Environ, protocol: Any) -> bool:
        """Receive the body, where there is one; False when too many do so already."""
        announced = environ.get("CONTENT_LENGTH", "")
        in_parts = "HTTP_TRANSFER_ENCODING" in environ
        length = int(announced) if announced.isdecimal() else 0
        if length > self._whole_bytes or not (length or in_parts):
            return True
        if self._receiving >= SENDERS:
            return False
        self._receiving += 1
        try:
            body = await self._whole(protocol)
        finally:
            self._receiving -= 1
        if in_parts:
            environ["CONTENT_LENGTH"] = str(len(body))
        if len(body) <= self._whole_bytes:
            environ["wsgi.input"] = BytesIO(body)
        return True

    async def _whole(self, protocol: Any) -> bytes:
        """The body; of one that is too large, enough to see that."""
        parts, size = [], 0
        async for part in protocol:
            parts.append(part)
            size += len(part)
            if size > self._whole_bytes:
                break
        return b"".join(parts)

    def _look(self) -> None:
        self._looking = self._crew.look()
        if self._looking:
            self._loop.call_later(LOOK_S, self._look)

    def _answer_and_end(self, environ: Environ, protocol: Any, end: Any) -> None:
        try:
            self._answer(environ, protocol)
        finally:
            end()

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


def _refuse_and_end(protocol: Any, end: Any) -> None:
    _refuse(protocol)
    end()


def _refuse(protocol: Any) -> None:
    headers = [("Content-Type", JSON_TYPE), ("Retry-After", str(RETRY_AFTER_S))]
    protocol.response_bytes(HTTPStatus.SERVICE_UNAVAILABLE, headers, to_json(BUSY.body()))
