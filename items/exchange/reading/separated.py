"""CSV, at nearly the speed of Python's own reader."""

import csv
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from itertools import chain
from typing import NoReturn

from items.exchange.reading.bounds import MAX_CELL_CHARS, MAX_RECORD_CHARS
from items.exchange.reading.decoding import MARK, decoded, encoding_of, sample_text, whole_lines
from items.exchange.reading.dialects import DELIMITERS, dialect_of
from items.exchange.reading.errors import Unreadable
from items.exchange.reading.sources import Source
from items.exchange.reading.table import (
    Row,
    Table,
    blank_note,
    check_blank,
    checked_header,
    fitted,
    unnamed_problem,
)

csv.field_size_limit(MAX_CELL_CHARS)  # for the whole process: the module knows no other way


class CsvTable(Table):
    """A CSV file. Making one reads its header; raises Unreadable."""

    def __init__(self, source: Source, encoding: str | None) -> None:
        super().__init__(kind="csv", source=source)
        self.encoding, self.notes = encoding_of(source, encoding)
        blocks = whole_lines(decoded(source, self.encoding), source.name)
        first = next(blocks, "").removeprefix(MARK)
        self.delimiter, self.newline, self._before = dialect_of(sample_text(source, self.encoding))
        self._note_delimiter()
        self._begun, self._blank = 1, 0  # the line where the row being read begins; blank lines
        self._lines = chain.from_iterable(self._fed(chain([first], blocks)))
        for _ in range(self._before):
            next(self._lines)
        self._reader = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
        self._begun += self._before
        self.header = self._read_header()

    def rows(self) -> Iterator[Row]:
        """The rows, whose checks cost next to nothing while nothing is wrong."""
        width, header, reader, before = len(self.header), self.header, self._reader, self._before
        unnamed = [index for index, name in enumerate(header) if not name]
        new = tuple.__new__  # twice as quick as Row(…)
        try:
            for cells in reader:
                line, self._begun = self._begun, reader.line_num + before + 1
                if (not cells or not cells[0].strip()) and not any(map(str.strip, cells)):
                    self._note_blank(line)
                elif len(cells) != width or unnamed:
                    yield self._odd(line, cells, unnamed)
                else:
                    yield new(Row, (line, cells, ""))
        except csv.Error as error:
            self._refuse(error)
        self.notes += blank_note(self._blank)

    def _note_blank(self, line: int) -> None:
        self._blank += 1
        check_blank(self._blank, self.source.name, line)

    def _odd(self, line: int, cells: list[str], unnamed: list[int]) -> Row:
        row = fitted(line, cells, self.header)
        return row._replace(problem=row.problem or unnamed_problem(row.cells, unnamed))

    def _fed(self, blocks: Iterator[str]) -> Iterator[StringIO]:
        """Lines for the reader, a block at a time; raises Unreadable for a row without end."""
        begun, read = 0, 0
        for block in blocks:
            read = read + len(block) if begun == self._begun else 0
            begun = self._begun
            if read > MAX_RECORD_CHARS:
                raise Unreadable(
                    f"The row that begins in line {begun} of {self.source.name} is longer than "
                    f"{MAX_RECORD_CHARS:,} characters: check that its quotes are closed.",
                    line=begun,
                )
            yield StringIO(block, newline="")

    def _read_header(self) -> list[str]:
        with suppress(StopIteration):
            while True:
                try:
                    cells = next(self._reader)
                except csv.Error as error:
                    self._refuse(error)
                line, self._begun = self._begun, self._reader.line_num + self._before + 1
                if any(map(str.strip, cells)):
                    return checked_header(cells, self.source.name, line)
                self._note_blank(line)
        raise Unreadable(
            f"{self.source.name} is empty: it should have a line of column names, and rows below."
        )

    def _note_delimiter(self) -> None:
        if self.delimiter != ",":
            word = DELIMITERS.get(self.delimiter, f"“{self.delimiter}”")
            self.notes.append(f"The delimiter is a {word}.")

    def _refuse(self, error: csv.Error) -> NoReturn:
        line, name, reason = self._begun, self.source.name, str(error)
        if "unexpected end" in reason:
            message = (
                f"The file is cut off: the quote opened in the row of line {line} is never closed."
            )
        elif "field limit" in reason:
            message = (
                f"A cell in the row that begins in line {line} of {name} is longer than "
                f"{MAX_CELL_CHARS:,} characters: shorten it, or check that its quotes are closed."
            )
        else:
            message = (
                f"In the row that begins in line {line} of {name} something follows a closing "
                "quote: a quote within a quoted cell has to be doubled."
            )
        raise Unreadable(message, line=line) from None
