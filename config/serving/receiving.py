"""Bodies: received by the event loop, small ones in memory, files on the disk.

One that comes slowly, or never, occupies no thread.
"""

import asyncio
import logging
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Any

from django.conf import settings

from config.api.edges import API_PREFIX
from config.api.envelope import Failure
from config.sizes import KB, MB

logger = logging.getLogger(__name__)

RECEIVED_BYTES = 64 * MB  # of bodies that one process receives at once, as announced
BODY_TIMEOUT_S = 30.0  # how long a body may take to come in
WRITTEN_BYTES = 1 * MB  # of a file, that are written at once
BUSY = Failure("unavailable", "The server is busy at the moment; nothing was done.")
SLOW = Failure("request_timeout", "The body came too slowly; nothing was done.")
CUT_OFF = Failure("malformed", "The body was cut off: fewer bytes came than were announced.")
FULL = Failure("unavailable", "There is no room for the file at the moment; nothing was done.")


class Refused(Exception):
    """A request that does not reach Django, and what is answered."""

    def __init__(self, status: HTTPStatus, failure: Failure) -> None:
        super().__init__(failure.message)
        self.status, self.failure = status, failure


@dataclass(frozen=True)
class Received:
    """A body, and its size where that was not announced; to be closed when it is answered."""

    body: bytes | IO[bytes] = b""
    size: int | None = None
    close: Callable[[], None] = lambda: None


NOTHING = Received()


@dataclass(frozen=True)
class UploadLimits:
    """Which POSTs may bring a file, and how it has to come."""

    paths: tuple[str, ...]  # that they begin with
    most_bytes: int
    at_once: int = 4  # in one process, until they are answered
    pace: int = 64 * KB  # bytes a second that are the least, beyond the first BODY_TIMEOUT_S
    timeout_s: float = 600.0  # at the latest
    patience_s: float = BODY_TIMEOUT_S


class Receiver:
    """Receives one body after another, each within its limits.

    Those of up to `whole_bytes` in memory, as many at once as RECEIVED_BYTES hold; more are
    refused with a 503, one that takes longer than BODY_TIMEOUT_S with a 408. A larger one is not
    received at all, so that whoever asks for it finds it empty; but a file, of somebody who shows
    who they are, see `Uploads`.
    """

    def __init__(self, *, whole_bytes: int, uploads: UploadLimits) -> None:
        self._whole_bytes = whole_bytes
        self._uploads = Uploads(uploads)
        self._receiving = 0

    async def received(self, scope: Any, protocol: Any) -> Received:
        """The body of a request. Raises Refused."""
        headers = scope.headers
        announced = headers.get("content-length") or ""
        in_parts = "transfer-encoding" in headers
        length = int(announced) if announced.isdecimal() else 0
        if (length > self._whole_bytes or in_parts) and self._uploads.take(scope):
            return await self._uploads.received(protocol, None if in_parts else length)
        if length > self._whole_bytes or not (length or in_parts):
            return NOTHING
        reserved = self._whole_bytes if in_parts else length
        if self._receiving + reserved > RECEIVED_BYTES:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, BUSY)
        self._receiving += reserved
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                body = await self._whole(protocol, None if in_parts else length)
        except TimeoutError as error:
            raise Refused(HTTPStatus.REQUEST_TIMEOUT, SLOW) from error
        finally:
            self._receiving -= reserved
        if len(body) < length:
            raise Refused(HTTPStatus.BAD_REQUEST, CUT_OFF)
        kept = body if len(body) <= self._whole_bytes else b""
        return Received(kept, len(body) if in_parts else None)

    async def _whole(self, protocol: Any, length: int | None) -> bytes:
        """The body; of one that is too large, enough to see that.

        Where its length was announced it ends with that: to ask for what comes then would take the
        web server and the event loop another turn.
        """
        parts, size = [], 0
        async for part in protocol:
            parts.append(part)
            size += len(part)
            if size == length or size > self._whole_bytes:
                break
        return b"".join(parts)


class Uploads:
    """Receives files into nameless ones of our own, a few at once, in flat memory.

    One too many is refused with a 503; one that is too large with a 413, unread where it says so
    itself; one that comes too slowly with a 408.
    """

    def __init__(self, limits: UploadLimits) -> None:
        self._limits = limits
        self._taken = 0

    def take(self, scope: Any) -> bool:
        """Whether this request may bring a file; whoever is nobody is not worth receiving it."""
        if scope.method != "POST" or not scope.path.startswith(self._limits.paths):
            return False
        if scope.path.startswith(API_PREFIX):
            return "authorization" in scope.headers
        return f"{settings.SESSION_COOKIE_NAME}=" in (scope.headers.get("cookie") or "")

    async def received(self, protocol: Any, length: int | None) -> Received:
        """The file, from its beginning. Raises Refused."""
        if (length or 0) > self._limits.most_bytes:
            raise self._too_large()
        if self._taken >= self._limits.at_once:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, BUSY)
        with ExitStack() as opened:
            self._taken += 1
            opened.callback(self._let_go)
            try:
                file = opened.enter_context(tempfile.TemporaryFile())
                size = await self._copied(protocol, file)
            except TimeoutError as error:
                raise Refused(HTTPStatus.REQUEST_TIMEOUT, SLOW) from error
            except OSError as error:
                logger.error("a file could not be received: %s", error)
                raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, FULL) from error
            if size < (length or 0):
                raise Refused(HTTPStatus.BAD_REQUEST, CUT_OFF)
            file.seek(0)
            return Received(file, size if length is None else None, opened.pop_all().close)

    def _let_go(self) -> None:
        self._taken -= 1

    async def _copied(self, protocol: Any, file: IO[bytes]) -> int:
        """How many bytes came. Raises TimeoutError once they come too slowly."""
        begun, limits, size = asyncio.get_running_loop().time(), self._limits, 0
        waiting: list[bytes] = []
        unwritten = 0
        async with asyncio.timeout_at(begun + limits.patience_s) as end:
            async for part in protocol:
                size, unwritten = size + len(part), unwritten + len(part)
                if size > limits.most_bytes:
                    raise self._too_large()
                waiting.append(part)
                if unwritten >= WRITTEN_BYTES:
                    # In a thread, for a disk that is busy may keep us waiting.
                    await asyncio.to_thread(file.writelines, waiting)
                    waiting, unwritten = [], 0
                granted_s = limits.patience_s + size / limits.pace
                end.reschedule(begun + min(granted_s, limits.timeout_s))
            await asyncio.to_thread(file.writelines, waiting)
        return size

    def _too_large(self) -> Refused:
        message = (
            f"The file is larger than {self._limits.most_bytes // MB} MB, the most that is taken."
        )
        return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Failure("payload_too_large", message))
