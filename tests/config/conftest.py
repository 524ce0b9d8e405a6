"""Servers that are not there, and the lines that are logged."""

import io
import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from pytest_django import Settings

from config.incoming import RequestIdFilter
from config.logs import HoldBackRepeated, JsonFormatter

WINDOW_S = 0.5


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine at which nobody answers."""
    with socket.socket() as taken:  # bound, and not listening
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def no_cache(settings: Settings, closed_port: int) -> None:
    """A cache that is not there."""
    default: dict[str, Any] = settings.CACHES["default"]
    location = f"redis://127.0.0.1:{closed_port}/0"
    settings.CACHES = {"default": {**default, "LOCATION": location}}


@pytest.fixture
def no_database(db: None, monkeypatch: pytest.MonkeyPatch, closed_port: int) -> None:
    """A database that is not there, for every connection that is opened from now on."""
    monkeypatch.setitem(connections.settings["default"], "HOST", "127.0.0.1")
    monkeypatch.setitem(connections.settings["default"], "PORT", closed_port)


@pytest.fixture
def no_tables(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that nobody has migrated, for every connection that is opened from now on."""
    monkeypatch.setitem(connections.settings["default"], "NAME", "postgres")


class Log:
    """What is logged, as the settings' handler writes it, with a window that a test outlives."""

    def __init__(self) -> None:
        self.written = io.StringIO()
        self.handler = logging.StreamHandler(self.written)
        self.handler.setFormatter(JsonFormatter())
        self.handler.addFilter(RequestIdFilter())
        self.handler.addFilter(HoldBackRepeated(WINDOW_S))

    @property
    def text(self) -> str:
        """All of it."""
        return self.written.getvalue()

    def lines(self, logger: str = "") -> list[dict[str, Any]]:
        """Its lines, or those of one logger."""
        found = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in found if logger in {"", line["logger"]}]


@pytest.fixture
def log() -> Iterator[Log]:
    """What is logged from now on."""
    log = Log()
    root = logging.getLogger()
    root.addHandler(log.handler)
    yield log
    root.removeHandler(log.handler)
