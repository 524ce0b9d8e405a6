"""A table that is being read: its header, what there is to say about it, and its rows."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from items.exchange.reading.bounds import MAX_BLANK_LINES, MAX_CELL_CHARS, MAX_COLUMNS
from items.exchange.reading.errors import Unreadable
from items.exchange.reading.sources import Source

NO_TEXT: Final = "It holds a character that no text may hold: remove it."


class Row(NamedTuple):
    """A row of text cells, as many as the header; `problem` says why it is not to be trusted.

    `line` is the line of the file where it begins (CSV, JSON lines), the number of the record
    (JSON) or of the sheet's row (a workbook). A tuple, for there are millions of them.
    """

    line: int
    cells: list[str]
    problem: str = ""


@dataclass(kw_only=True)
class Table(ABC):
    """What `open_table` gives. The notes are complete when the rows have been read.

    `delimiter`, `encoding` and `newline` are those of the file, where it is text; `packed` says
    that it is a .gz.
    """

    kind: str
    source: Source
    header: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    delimiter: str = ","
    encoding: str = "utf-8"
    newline: str = "\n"

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """The rows below the header, once, lazily; raises Unreadable where it goes no further."""

    def progress(self) -> tuple[int, int]:
        """Bytes of the file as it lies on disk: those consumed, and all."""
        return self.source.progress()

    @property
    def packed(self) -> bool:
        """Whether the file is a .gz."""
        return self.source.packed


def checked_header(names: list[str], name: str, line: int) -> list[str]:
    """The header's names, stripped, without blank ones at the end.

    Raises Unreadable for too many columns, and for a name that is there twice or is no text.
    """
    width = len(names)
    while width and not names[width - 1].strip():
        width -= 1
    if width > MAX_COLUMNS:
        raise Unreadable(
            f"{name} has {width:,} columns, and at most {MAX_COLUMNS:,} are read: remove those "
            "that are not needed.",
            line=line,
        )
    header = [cell.strip() for cell in names[:width]]
    _refuse_odd(header, name, line)
    _refuse_doubles([cell for cell in header if cell], name, line)
    return header


def _refuse_odd(header: list[str], name: str, line: int) -> None:
    if odd_problem(header):
        raise Unreadable(
            f"A column name of {name} holds a character that no text may hold: remove it.",
            line=line,
        )
    if max(map(len, header), default=0) > MAX_CELL_CHARS:
        raise Unreadable(
            f"{name} has a column name of more than {MAX_CELL_CHARS:,} characters: shorten it.",
            line=line,
        )


def _refuse_doubles(header: list[str], name: str, line: int) -> None:
    if len(set(header)) == len(header):
        return
    doubles = list(dict.fromkeys(cell for cell in header if header.count(cell) > 1))
    raise Unreadable(
        f"In line {line} of {name}, columns have the same name, {named(doubles)}: give each its "
        "own.",
        line=line,
    )


SHOWN_CHARS = 60
SHOWN_NAMES = 5


def named(texts: list[str]) -> str:
    """The texts in quotes, or the first of them and how many more there are."""
    shown = ", ".join(f"“{shortened(text)}”" for text in texts[:SHOWN_NAMES])
    more = len(texts) - SHOWN_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown


def shortened(text: str) -> str:
    """The text, or its beginning where it is too long for a sentence."""
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"


def fitted(line: int, cells: list[str], header: list[str]) -> Row:
    """A row of another number of cells than the header: cut or filled, with its problem.

    Blank cells beyond the header are no problem.
    """
    width = len(header)
    if len(cells) >= width and not any(map(str.strip, cells[width:])):
        return Row(line, cells[:width])
    problem = f"It has {len(cells)} cell{'s' * (len(cells) != 1)}, and the header has {width}."
    return Row(line, (cells + [""] * (width - len(cells)))[:width], problem)


def check_blank(count: int, name: str, line: int) -> None:
    """Raise Unreadable for more blank lines than any program leaves: reading them takes long."""
    if count > MAX_BLANK_LINES:
        raise Unreadable(
            f"{name} has more than {MAX_BLANK_LINES:,} blank lines: remove them.", line=line
        )


def blank_note(count: int) -> list[str]:
    """That lines were left out, if any were."""
    were = "line was" if count == 1 else "lines were"
    return [f"{count:,} blank {were} left out."] if count else []


def unnamed_problem(cells: list[str], unnamed: list[int]) -> str:
    """Why a row is not to be trusted that has something in columns without a name, or ''."""
    for index in unnamed:
        if cells[index].strip():
            return (
                f"“{shortened(cells[index])}” stands in column {index + 1}, which the header does "
                "not name."
            )
    return ""


def odd_problem(cells: list[str]) -> str:
    """Why cells are not to be trusted that no text file would have let through, or ''."""
    text = "".join(cells)
    if "\0" in text:
        return NO_TEXT
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return NO_TEXT
    return ""
