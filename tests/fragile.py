"""A way to the real Redis that a test can cut and mend: a small forwarder of TCP."""

import select
import socket
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

CHUNK = 65536


def connect_to(url: str) -> socket.socket:
    """A connection to the Redis that `url` names, by TCP or by a unix socket."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379))
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(unquote(parts.path))
    return connection


def database_of(url: str) -> int:
    """The number of the database that `url` names."""
    parts = urlsplit(url)
    number = parse_qs(parts.query).get("db", [parts.path.strip("/")])[0]
    return int(number) if number.isdecimal() else 0


class FragileRedis:
    """Forwards 127.0.0.1:`port` to the Redis at `url` between `start` and `stop`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = database_of(url)
        self.port = 0
        self._listener: socket.socket | None = None
        self._thread: Thread | None = None
        self.deaf = False  # takes what comes and answers nothing

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Mend it: connections are taken, and what they say is forwarded."""
        if self._listener is not None:
            return
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._thread = Thread(target=self._forward, args=(self._listener,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cut it: who connects is refused, and who is connected is cut off."""
        if self._listener is None or self._thread is None:
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()
        self._listener = self._thread = None

    def _forward(self, listener: socket.socket) -> None:
        other_end: dict[socket.socket, socket.socket] = {}
        try:
            while True:
                ready = select.select([listener, *other_end], [], [])[0]
                if listener in ready:
                    caller = listener.accept()[0]  # OSError: it has been cut
                    server = connect_to(self.url)
                    other_end |= {caller: server, server: caller}
                for end in ready:
                    self._hand_on(end, other_end)
        except OSError:
            for end in other_end:
                end.close()

    def _hand_on(self, end: socket.socket, other_end: dict[socket.socket, socket.socket]) -> None:
        if end not in other_end:  # the listener, or closed with its other end a moment ago
            return
        data = b""
        with suppress(OSError):
            data = end.recv(CHUNK)
            if data and not self.deaf:
                other_end[end].sendall(data)
        if not data:
            other = other_end.pop(end)
            other_end.pop(other)
            end.close()
            other.close()
