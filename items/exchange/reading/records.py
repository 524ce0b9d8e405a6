"""JSON, as a list of objects or an object a line: each is a row, its keys are the columns."""

import json
from abc import abstractmethod
from collections.abc import Iterator
from io import StringIO
from itertools import chain
from typing import Any

from items.exchange.reading.bounds import MAX_CELL_CHARS
from items.exchange.reading.decoding import MARK, decoded, encoding_of, whole_lines
from items.exchange.reading.documents import DECODER, Number, broken, records_of
from items.exchange.reading.errors import Unreadable
from items.exchange.reading.sources import Source
from items.exchange.reading.table import (
    Row,
    Table,
    blank_note,
    check_blank,
    checked_header,
    named,
    odd_problem,
)

Record = dict[str, Any]
_quoted = json.JSONEncoder(ensure_ascii=False).encode


class RecordTable(Table):
    """Records as rows. Making one reads the first, whose keys are the header; raises Unreadable."""

    def __init__(self, kind: str, source: Source, encoding: str | None) -> None:
        super().__init__(kind=kind, source=source)
        self.encoding, self.notes = encoding_of(source, encoding)
        records = self._found()
        first = next(records, None)
        self._records = chain([first], records) if first else records
        self._keys: list[str] = []  # the header before it is stripped
        if first:
            self._keys = [key for key in first[1] if key.strip()]
            self.header = checked_header(self._keys, source.name, first[0])

    def records(self) -> Iterator[tuple[int, Record]]:
        """The records as they are, with their lines, instead of `rows` and as lazily.

        Each number is its literal text, a `Number`.
        """
        return self._records

    def rows(self) -> Iterator[Row]:
        """A row for each record; one with a key that the first does not have has a problem."""
        keys, known = self._keys, set(self._keys)
        for line, record in self._records:
            try:
                cells = [_text_of(record.get(key)) for key in keys]
            except RecursionError as error:
                raise broken(f"Record {line} of {self.source.name}", error, line) from None
            if max(map(len, cells), default=0) > MAX_CELL_CHARS:
                raise self._too_long(line)
            problem = odd_problem(cells)
            if unknown := record.keys() - known:
                found = named([key for key in record if key in unknown])
                problem = f"It has {found}, which the first record does not have."
            yield Row(line, cells, problem)

    @abstractmethod
    def _found(self) -> Iterator[tuple[int, Record]]:
        """The records, with their lines or numbers; raises Unreadable."""

    def _too_long(self, line: int) -> Unreadable:
        return Unreadable(
            f"A value in record {line} of {self.source.name} is longer than "
            f"{MAX_CELL_CHARS:,} characters: shorten it.",
            line=line,
        )


class DocumentTable(RecordTable):
    """A JSON document that is a list of objects, or has one as its `data`."""

    def _found(self) -> Iterator[tuple[int, Record]]:
        return records_of(decoded(self.source, self.encoding), self.source.name)


class LinesTable(RecordTable):
    """JSON lines: an object in each."""

    def _found(self) -> Iterator[tuple[int, Record]]:
        name, blank, read = self.source.name, 0, False
        blocks = whole_lines(decoded(self.source, self.encoding), name)
        lines = chain.from_iterable(StringIO(block, newline="") for block in blocks)
        for line, text in enumerate(lines, start=1):
            if (stripped := text.removeprefix(MARK).strip()) == "":
                blank += 1
                check_blank(blank, name, line)
                continue
            yield line, _object(stripped, line, name)
            read = True
        if not read:
            raise Unreadable(f"{name} is empty: each of its lines should be an object.")
        self.notes += blank_note(blank)


def _object(text: str, line: int, name: str) -> Record:
    try:
        value = DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise broken(f"Line {line} of {name}", error, line) from None
    if not isinstance(value, dict):
        raise Unreadable(
            f"Line {line} of {name} is JSON but no object: each line has to be one, such as "
            '{"sku": "A-1"}.',
            line=line,
        )
    return value


def _text_of(value: Any) -> str:
    """A value as a cell: text as it is, a number by its literal, a list or an object as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else _compact(value)


def _compact(value: Any) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return f"{{{','.join(f'{_quoted(key)}:{_compact(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_compact, value))}]"
    return _quoted(value)
