"""The web server as a child process."""

import http.client
import json
import socket
import sys
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from django.conf import settings

from config.local import environment_with
from config.management.child import Child

READY_PATH = "/readyz"
READY_TIMEOUT_S = 60.0
ASK_TIMEOUT_S = 5.0
POLL_S = 0.1
WORKERS_STOP_S = 10  # for requests under way; then a worker is killed
STOP_TIMEOUT_S = WORKERS_STOP_S + 5.0

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - asked, not listened to


class WebServerError(Exception):
    """The web server cannot start, or did not go on; the message says what helps."""


@dataclass(frozen=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address as a person types it, without a slash at its end."""
        host = ANY_ADDRESS.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def check_free(address: Address) -> None:
    """Raise WebServerError unless one may listen there now."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            probe.listen()
    except OSError as error:
        raise WebServerError(
            f"Port {address.port} on {address.host} cannot be used: {error.strerror}. Stop what "
            f"listens there, or choose another with --port, for example {address.port + 1}."
        ) from error


class WebServer(Child):
    """Granian serving `config.rsgi`, for the length of a `with` block.

    At the block's end the requests under way are answered, within a bounded time.
    """

    def __init__(self, address: Address, workers: int, *, folder: Path, scratch: Path) -> None:
        """`scratch` is an empty folder of this run's own, for what its processes share."""
        self.address = address
        self._logs = scratch / "logs.json"
        super().__init__(
            _command(address, workers, self._logs),
            folder=folder,
            # Files that come in lie there too: what is temporary elsewhere may be in memory.
            environment=environment_with(
                PROMETHEUS_MULTIPROC_DIR=str(scratch), TMPDIR=str(scratch)
            ),
            stop_timeout_s=STOP_TIMEOUT_S,
        )
        self.hears = False  # before it is ready there is no request, and nobody who hears

    def __enter__(self) -> Self:
        self._logs.write_text(json.dumps(_logging()), encoding="utf-8")
        return super().__enter__()

    def wait_ready(self, host_header: str) -> None:
        """Return when it answers that it is ready to serve.

        Raises WebServerError when it ends first, or nothing good is heard in time.
        """
        deadline = time.monotonic() + READY_TIMEOUT_S
        answer = None
        while answer != HTTPStatus.OK:
            if time.monotonic() > deadline:
                raise WebServerError(
                    f"The web server is not ready after {READY_TIMEOUT_S:.0f} s: "
                    f"{self.address.url}{READY_PATH} gave {answer}. What it wrote above may tell "
                    "why."
                )
            time.sleep(POLL_S)
            self.check()
            answer = _ask(self.address, host_header)
        self.hears = True

    def check(self) -> None:
        """Raise WebServerError if it has ended."""
        if how := self.ended():
            raise WebServerError(f"The web server ended by itself, {how}. See what it wrote above.")


def _command(address: Address, workers: int, logs: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "config.rsgi:application"),
        *("--interface", "rsgi", "--no-ws", "--loop", "uvloop"),
        *("--host", address.host, "--port", str(address.port)),
        *("--workers", str(workers)),
        *("--respawn-failed-workers", "--workers-kill-timeout", str(WORKERS_STOP_S)),
        *("--log-level", "error", "--log-config", str(logs)),
    ]


def _logging() -> dict[str, Any]:
    """Our logging for the web server's own lines, which otherwise look different."""
    own = {"handlers": ["stderr"], "propagate": False}
    return {**settings.LOGGING, "loggers": {"_granian": own}}


def _ask(address: Address, host_header: str) -> int | str:
    host = ANY_ADDRESS.get(address.host, address.host)
    connection = http.client.HTTPConnection(host, address.port, timeout=ASK_TIMEOUT_S)
    try:
        connection.request("GET", READY_PATH, headers={"Host": host_header})
        return connection.getresponse().status
    except OSError as error:
        return error.strerror or str(error)
    except http.client.HTTPException as error:
        return repr(error)
    finally:
        connection.close()
