"""The rows of a workbook's sheet."""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from openpyxl.utils import get_column_letter

from items.exchange.reading.bounds import MAX_CELL_CHARS, MAX_COLUMNS, MAX_RECORD_CHARS
from items.exchange.reading.cells import (
    MAX_NUMBER_CHARS,
    NotAValue,
    moment_text,
    number_text,
    unescaped,
)
from items.exchange.reading.errors import Unreadable
from items.exchange.reading.packages import Part
from items.exchange.reading.sources import Source
from items.exchange.reading.table import (
    Row,
    Table,
    blank_note,
    check_blank,
    checked_header,
    fitted,
    named,
    odd_problem,
    shortened,
    unnamed_problem,
)
from items.exchange.reading.workbooks import Sheet, Workbook, long_cell

COLUMNS = {get_column_letter(number + 1): number for number in range(MAX_COLUMNS)}
DIGITS = "0123456789"
BOOLEANS = {"1": "true", "0": "false", "true": "true", "false": "false"}
MIDNIGHT = "T00:00:00"


class Found(NamedTuple):
    """A row of a sheet as it stands there."""

    line: int
    cells: list[str]
    problem: str


class SheetTable(Table):
    """The first sheet of a workbook that holds something. Making one reads its header."""

    def __init__(self, source: Source) -> None:
        super().__init__(kind="xlsx", source=source)
        self._book = Workbook(source)
        filled = [(sheet, found) for sheet in self._book.sheets if (found := self._begun(sheet))]
        if not filled:
            raise Unreadable(
                f"{source.name} has no sheet with cells: it should have a row of column names, "
                "and rows below."
            )
        sheet, (self._part, self._found) = filled[0]
        if len(filled) > 1:
            others = named([other.name for other, _ in filled[1:]])
            self.notes.append(f"The sheet “{sheet.name}” was read, and not {others}.")
        header = next(self._found)
        if header.problem:
            raise Unreadable(f"In the header of {source.name}: {header.problem}", line=header.line)
        self.header = checked_header(header.cells, source.name, header.line)
        self._done = False

    def rows(self) -> Iterator[Row]:
        """The rows below the header; a short one is filled, for sheets do not keep blank cells."""
        header, width, blank, pending = self.header, len(self.header), 0, 0
        unnamed = [index for index, name in enumerate(header) if not name]
        for line, cells, problem in self._found:
            if not any(map(str.strip, cells)):
                pending += 1  # those at the end do not count
                check_blank(blank + pending, self.source.name, line)
                continue
            blank, pending = blank + pending, 0
            row = fitted(line, cells + [""] * (width - len(cells)), header)
            known = problem or row.problem or unnamed_problem(row.cells, unnamed)
            yield Row(line, row.cells, known or odd_problem(row.cells))
        self._done = True
        self.notes += blank_note(blank)

    def progress(self) -> tuple[int, int]:
        """Bytes of the file: as large a part as has been read of the sheet, and all."""
        size = self.source.size
        if self._done or not self._part.size:
            return size, size
        return size * self._part.read_bytes // self._part.size, size

    def _begun(self, sheet: Sheet) -> tuple[Part, Iterator[Found]] | None:
        """The rows of a sheet from the first that is not blank, or None."""
        part = self._book.part(sheet.path)
        found = _rows(part, self._book)
        for blank, row in enumerate(found):
            if any(map(str.strip, row.cells)):
                return part, chain([row], found)
            check_blank(blank, self.source.name, row.line)
        return None


def _rows(part: Part, book: Workbook) -> Iterator[Found]:
    reader = _SheetReader(book)
    for _ in part.walk(reader.start, reader.end, reader.text):
        yield from reader.rows
        reader.rows.clear()


class _SheetReader:
    """Makes rows of a sheet's elements: a row holds cells, a cell a value or a text."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.rows: list[Found] = []
        self.line, self.problem = 0, ""
        self.cells: list[str] = []
        self.column, self.type, self.style = -1, "n", ""
        self.pieces: list[str] = []
        self.chars, self.row_chars = 0, 0
        self.gathering, self.spoken = False, False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            reference = attributes.get("r")
            self.column = (
                COLUMNS.get(reference.rstrip(DIGITS), MAX_COLUMNS) if reference else self.column + 1
            )
            self.type, self.style = attributes.get("t", "n"), attributes.get("s", "")
            self.pieces, self.chars = [], 0
        elif tag in {"v", "t"}:
            self.gathering = not self.spoken
        elif tag == "rPh":
            self.spoken = True
        elif tag == "row":
            self.line = int(attributes.get("r", self.line + 1))
            self.cells, self.problem, self.column, self.row_chars = [], "", -1, 0

    def text(self, data: str) -> None:
        if not self.gathering:
            return
        self.chars += len(data)
        self.row_chars += len(data)
        if self.chars > MAX_CELL_CHARS or self.row_chars > MAX_RECORD_CHARS:
            raise long_cell(self.book.name, self.line)
        self.pieces.append(data)

    def end(self, tag: str) -> None:
        if tag in {"v", "t"}:
            self.gathering = False
        elif tag == "c":
            if self.pieces:
                self._put("".join(self.pieces))
        elif tag == "rPh":
            self.spoken = False
        elif tag == "row":
            self.rows.append(Found(self.line, self.cells, self.problem))

    def _put(self, literal: str) -> None:
        cells, column = self.cells, self.column
        if column >= MAX_COLUMNS:
            raise Unreadable(
                f"Row {self.line} of {self.book.name} goes beyond column {MAX_COLUMNS:,}: remove "
                "the columns that are not needed.",
                line=self.line,
            )
        if column > len(cells):
            cells.extend([""] * (column - len(cells)))
        value = self._value(literal)
        if column < len(cells):
            cells[column] = value
        else:
            cells.append(value)

    def _value(self, literal: str) -> str:
        kind = self.type
        if kind == "s":
            return self.book.texts[int(literal)]
        if kind in {"str", "inlineStr"}:
            return unescaped(literal)
        if kind == "n":
            return self._number(literal)
        if kind == "b":
            return BOOLEANS.get(literal, literal)
        if kind == "d":
            return literal.removesuffix(MIDNIGHT)
        if not self.problem:
            where = f"{get_column_letter(self.column + 1)}{self.line}"
            self.problem = f"The cell {where} holds the error {shortened(literal)}."
        return literal

    def _number(self, literal: str) -> str:
        moment = self.book.moments.get(self.style)
        try:
            if len(literal) > MAX_NUMBER_CHARS:
                raise NotAValue
            if moment:
                return moment_text(literal, moment, self.book.from_1904)
            return number_text(literal)
        except NotAValue:
            where = f"{get_column_letter(self.column + 1)}{self.line}"
            wanted = "a date" if moment else "a number"
            self.problem = f"The cell {where} holds “{shortened(literal)}”, which is not {wanted}."
            return literal
