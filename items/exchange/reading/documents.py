"""The records of a JSON document of any length, one at a time.

Python's own decoder reads each of them: it is quick, and hands out numbers by their literal text,
which a reader of JSON events does not ("1e5", "-0").
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from items.exchange.reading.bounds import MAX_RECORD_CHARS
from items.exchange.reading.decoding import MARK
from items.exchange.reading.errors import Unreadable

BLANK = re.compile(r"[ \t\n\r]*")
ENVELOPE = "data"  # where our API puts a list
TOKEN_CHARS = 12  # a word or escape may be cut by the end of what is held so far
WANTED = 'a list of objects such as [{"sku": "A-1"}]'


class Number(str):
    """A number by its literal text."""

    __slots__ = ()


class _Doubled(ValueError):
    """An object has a key twice."""


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Doubled
    return found


def _no_constant(word: str) -> NoReturn:
    raise json.JSONDecodeError(word, word, 0)


DECODER = json.JSONDecoder(
    parse_float=Number,
    parse_int=Number,
    parse_constant=_no_constant,
    object_pairs_hook=_object_of,
)


def broken(what: str, error: Exception, line: int) -> Unreadable:
    """The refusal of JSON that is not sound: `what` says where."""
    if isinstance(error, RecursionError):
        reason = "is nested too deeply: a record is an object of plain values"
    elif isinstance(error, _Doubled):
        reason = "has an object with the same key twice: give each key once"
    else:
        reason = "is not sound JSON: export it again, or mend it there"
    return Unreadable(f"{what} {reason}.", line=line)


def records_of(texts: Iterator[str], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records of the document in `texts`, numbered from 1; raises Unreadable."""
    document = _Document(texts, name)
    if document.peek() == "[":
        yield from document.records()
    elif document.peek() == "{":
        yield from document.enveloped()
    else:
        raise Unreadable(f"{name} is no JSON: expected was {WANTED}.")
    if document.peek():
        raise Unreadable(f"{name} goes on after the end of its JSON: export it again.")


class _Document:
    """The text of a document, of which never much more than one record is held."""

    def __init__(self, texts: Iterator[str], name: str) -> None:
        self.name, self.number = name, 0
        self._texts, self._text, self._at, self._ended = texts, "", 0, False
        self._grow()
        self._text = self._text.removeprefix(MARK)

    def peek(self) -> str:
        """The next character that is not blank, and '' at the end."""
        while True:
            self._at = BLANK.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._grow()

    def records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The objects of the list that begins here."""
        self._take("[")
        going = self.peek() != "]"
        while going:
            self.number += 1
            if self.peek() not in {"{", ""}:
                raise Unreadable(
                    f"Record {self.number} of {self.name} is no object: expected was {WANTED}.",
                    line=self.number,
                )
            yield self.number, self._value()
            going = self._goes_on("]")
        self._take("]")

    def enveloped(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The objects of the list that the object that begins here has as its data."""
        self._take("{")
        found, going = False, self.peek() != "}"
        while going:
            key = self._value()
            self._take(":")
            if key == ENVELOPE and self.peek() == "[":
                found = True
                yield from self.records()
            else:
                self._value()
            going = self._goes_on("}")
        self._take("}")
        if not found:
            lines = self.peek() == "{"
            hint = (
                "if each line is an object, call it .jsonl" if lines else f"expected was {WANTED}"
            )
            raise Unreadable(f"{self.name} is a single JSON object: {hint}.")

    def _goes_on(self, end: str) -> bool:
        if self.peek() == end:
            return False
        self._take(",")
        return True

    def _take(self, character: str) -> None:
        if (found := self.peek()) != character:
            raise self._broken() if found else self._cut_off()
        self._at += 1

    def _value(self) -> Any:
        """The value that begins here, whole; the text grows until it is."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                near_end = error.pos > len(self._text) - TOKEN_CHARS
                if not near_end and not error.msg.startswith("Unterminated"):
                    raise self._broken() from None
            except (ValueError, RecursionError) as error:
                raise broken(self._where(), error, self.number) from None
            else:
                if end < len(self._text) or self._ended:
                    self._at = end
                    return value
            if self._ended:
                raise self._cut_off()
            if len(self._text) - self._at > MAX_RECORD_CHARS:
                raise self._too_long()
            self._grow()

    def _grow(self) -> None:
        """Let go of what has been read, and at least double what has not: few attempts a value."""
        pieces = [self._text[self._at :]]
        wanted, held = max(2 * len(pieces[0]), 1), len(pieces[0])
        while held < wanted and not self._ended:
            piece = next(self._texts, "")
            self._ended = not piece
            pieces.append(piece)
            held += len(piece)
        self._text, self._at = "".join(pieces), 0

    def _where(self) -> str:
        return f"Record {self.number} of {self.name}" if self.number else self.name

    def _broken(self) -> Unreadable:
        return broken(self._where(), ValueError(), self.number)

    def _cut_off(self) -> Unreadable:
        within = f"within record {self.number}" if self.number else "before its first record"
        return Unreadable(
            f"{self.name} is cut off, {within}: save or fetch it again.", line=self.number
        )

    def _too_long(self) -> Unreadable:
        return Unreadable(
            f"{self._where()} is longer than {MAX_RECORD_CHARS:,} characters: check that it is "
            "the right file.",
            line=self.number,
        )
