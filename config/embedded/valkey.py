"""The private Valkey: a cache that forgets everything when it stops."""

import signal
from pathlib import Path
from typing import BinaryIO, ClassVar

from .binaries import valkey_program
from .paths import VALKEY_SOCKET
from .server import Say, Server

# A cache alone: nothing reaches the disk, and the least used goes first when memory is full.
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "protected-mode": "yes",
    "save": "",
    "appendonly": "no",
    "maxmemory": "128mb",
    "maxmemory-policy": "allkeys-lru",
    "daemonize": "no",
    "logfile": "",  # to its output, which is the log
}


class Valkey(Server):
    """The private Valkey of a data folder."""

    name = "valkey"
    title = "Valkey"
    farewells: ClassVar = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))

    @property
    def socket(self) -> Path:
        """Beside PostgreSQL's."""
        return self.layout.run / VALKEY_SOCKET

    @property
    def _pid_file(self) -> Path:
        return self.layout.run / "valkey.pid"

    def answers(self) -> bool:
        """Whether it returns a ping."""
        return self._ask(b"PING\r\nQUIT\r\n").startswith(b"+PONG")

    def _prepare(self, lock: BinaryIO, say: Say) -> list[str | Path]:
        settings = {
            **SETTINGS,
            "dir": str(self.layout.run),
            "unixsocket": str(self.socket),
            "pidfile": str(self._pid_file),
        }
        words = (word for name, value in settings.items() for word in (f"--{name}", value))
        return [valkey_program(self.account), *words]
