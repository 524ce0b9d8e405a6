"""How a log line is written: as JSON or for a person, without secrets, and once when it repeats."""

import logging
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from threading import Lock
from traceback import walk_tb
from types import TracebackType
from typing import Any

import orjson
import psycopg

ACCESS_LOGGER = "stockroom.request"
REPEAT_WINDOW_S = 10.0
MAX_SECONDS = 2  # of which it is known how they are written: this one, and the last
MAX_REMEMBERED = 1000  # messages of which it is known when they were last let through

# The attribute of a record that holds what its line is to say besides. Nothing else that a library
# lends its records is written: a request, say, shows its query string.
FACTS = "stockroom_facts"

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


# ── What is not said ──────────────────────────────────────────────────────────────────────────
DATA_CLASSES = ("22", "XX")  # SQLSTATEs whose very sentence quotes a value, or could quote any


def without_data(error: BaseException) -> str:
    """What an error says; of one that PostgreSQL raised, nothing that quotes a row or a statement.

    Its DETAIL shows a refused row, password hash and all; its LINE, the values in the statement.
    """
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if not isinstance(cause, psycopg.Error) or cause.diag.message_primary is None:
        return str(error).strip()
    state = cause.sqlstate or ""
    if state.startswith(DATA_CLASSES):
        return f"{type(cause).__name__} (SQLSTATE {state}; what it quotes is withheld)"
    return f"{cause.diag.message_primary} (SQLSTATE {state})"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all that led to it, as a traceback shows them."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        found = waiting.pop()
        if found is not None and id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += [found.__cause__, found.__context__]


@lru_cache(MAX_SECONDS)
def _second(moment_s: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment_s))


class _Discreet(logging.Formatter):
    """Writes UTC, and tracebacks without the data that a database's error quotes."""

    def formatTime(  # noqa: N802 - logging's name
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        """The moment, as the API writes it."""
        return f"{_second(int(record.created))}.{int(record.msecs):03d}Z"

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - logging's name
        """The traceback."""
        text = super().formatException(ei)
        for error in _chain(ei[1]):
            said = str(error)
            if said and (told := without_data(error)) != said.strip():
                text = text.replace(said, told)
        return text


# ── How it is written ─────────────────────────────────────────────────────────────────────────
class TextFormatter(_Discreet):
    """A line for a person."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line, with how often it had come before and was held back."""
        line = super().formatMessage(record)
        repeated = getattr(record, "repeated", 0)
        return f"{line} (repeated {repeated} times before this)" if repeated else line


class JsonFormatter(_Discreet):
    """One JSON object a line: the message, the request's id, and the record's FACTS."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        lent = record.__dict__
        facts = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": lent.get("request_id"),
            **lent.get(FACTS, {}),
        }
        if "repeated" in lent:
            facts["repeated"] = lent["repeated"]
        if record.stack_info:
            facts["stack"] = record.stack_info
        if record.exc_info:
            facts["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(facts, default=str).decode()


# ── Once, not a thousand times ────────────────────────────────────────────────────────────────
@dataclass
class _Said:
    """When a message was last let through, and how often it has been held back since."""

    at: float
    held_back: int = 0


class HoldBackRepeated(logging.Filter):
    """Lets a warning or an error through once in `window_s`; the next says how many were not.

    Equal are those of the same logger, level and text, whose exception came from the same line.
    Each process counts its own. The lines of ACCESS_LOGGER all pass: each is another request.
    """

    def __init__(self, window_s: float = REPEAT_WINDOW_S) -> None:
        super().__init__()
        self._window_s = window_s
        self._said: OrderedDict[int, _Said] = OrderedDict()
        self._lock = Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record passes; one that had been repeated has that number as `repeated`."""
        if record.levelno < logging.WARNING or record.name == ACCESS_LOGGER:
            return True
        # The number alone is kept: memory stays bounded however long the messages are.
        said_by = (record.name, record.levelno, _text(record))
        key = hash((*said_by, _raised_at(record.exc_info)))
        now = time.monotonic()
        with self._lock:
            said = self._said.get(key)
            if said is not None and now - said.at < self._window_s:
                said.held_back += 1
                return False
            if said is not None and said.held_back:
                record.repeated = said.held_back
            self._said[key] = _Said(now)
            self._said.move_to_end(key)
            if len(self._said) > MAX_REMEMBERED:
                self._said.popitem(last=False)
        return True


def _text(record: logging.LogRecord) -> str:
    """The message; where its arguments do not fit, which logging itself tells later, what it is."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return str(record.msg)


def _raised_at(exc_info: Any) -> tuple[Any, ...]:
    """The kind of an exception and the line that raised it."""
    if not exc_info or exc_info[0] is None:
        return ()
    kind, _, traceback = exc_info
    frames = list(walk_tb(traceback))
    return (kind, *((f.f_code.co_filename, line) for f, line in frames[-1:]))


class OnlyTracebacks(logging.Filter):
    """Lets through what nobody foresaw: of what django.request says, all that is not said twice.

    The answer itself, of whatever status, has its line by ACCESS_LOGGER; what passes by itself
    (503) is told by who answered. The path gives way to its pattern.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record passes."""
        status = getattr(record, "status_code", HTTPStatus.INTERNAL_SERVER_ERROR)
        if status == HTTPStatus.SERVICE_UNAVAILABLE or not (record.exc_info and record.exc_info[0]):
            return False
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        record.msg, record.args = "unforeseen error in %s", (getattr(match, "route", "-"),)
        return True
