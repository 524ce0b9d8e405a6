"""How a CSV file separates its cells, and its lines."""

import csv
import re
from collections.abc import Iterable
from contextlib import suppress
from io import StringIO
from itertools import islice
from typing import NamedTuple

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
SNIFFED_ROWS = 50
SNIFFED_CHARS = 64 * 1024
ANNOUNCED = re.compile(r"sep=([^\w\s\"]|\t)(?:\r\n|\n|\r|$)", re.IGNORECASE)


class Dialect(NamedTuple):
    """A delimiter, how lines end, and how many lines go before the header to say so."""

    delimiter: str
    newline: str
    announced_lines: int


def dialect_of(text: str) -> Dialect:
    """The dialect of a file that begins with `text`.

    A first line of `sep=;` decides; else the delimiter by which most rows have as many cells as
    the header.
    """
    newline = _newline_of(text)
    if announced := ANNOUNCED.match(text):
        return Dialect(announced[1], newline, 1)
    best = max(DELIMITERS, key=lambda delimiter: _fit(text[:SNIFFED_CHARS], delimiter))
    return Dialect(best if _fit(text[:SNIFFED_CHARS], best) > NO_FIT else ",", newline, 0)


NO_FIT = (0.0, 0)


def _fit(text: str, delimiter: str) -> tuple[float, int]:
    """The share of rows that have as many cells as the header, and how many those are."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    widths = _widths(islice(reader, SNIFFED_ROWS))
    if len(text) == SNIFFED_CHARS and len(widths) > 1:
        widths.pop()  # it may be cut
    if not widths or widths[0] == 1:
        return NO_FIT
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]


def _widths(rows: Iterable[list[str]]) -> list[int]:
    widths: list[int] = []
    with suppress(csv.Error):  # cut off, or not so: what stands before it tells
        widths.extend(len(row) for row in rows if any(map(str.strip, row)))
    return widths


def _newline_of(text: str) -> str:
    ends = re.search(r"\r\n|\n|\r", text)
    return ends[0] if ends else "\n"
