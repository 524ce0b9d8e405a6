"""Any file that people import, as rows of text cells: lazily, in bounded memory, no database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from items.exchange.reading.bounds import MAX_BYTES
from items.exchange.reading.errors import Unreadable
from items.exchange.reading.kinds import kind_of
from items.exchange.reading.records import DocumentTable, LinesTable, RecordTable
from items.exchange.reading.separated import CsvTable
from items.exchange.reading.sheets import SheetTable
from items.exchange.reading.sources import Source, open_source
from items.exchange.reading.table import Row, Table
from items.exchange.reading.writing import write_rows

__all__ = ["MAX_BYTES", "RecordTable", "Row", "Table", "Unreadable", "open_table", "write_rows"]


@contextmanager
def open_table(
    path: Path, *, name: str, encoding: str | None = None, max_bytes: int = MAX_BYTES
) -> Iterator[Table]:
    """The table in a file, by what it holds; `name` is what its user calls it.

    `encoding` overrides the guess, for text. At most `max_bytes` are read, unpacked. Raises
    Unreadable, here and while the rows are read, with one sentence for a person.
    """
    with open_source(path, name=name, max_bytes=max_bytes) as source:
        yield _table(source, encoding)


def _table(source: Source, encoding: str | None) -> Table:
    kind = kind_of(source)
    if kind == "csv":
        return CsvTable(source, encoding)
    if kind == "json":
        return DocumentTable("json", source, encoding)
    if kind == "jsonl":
        return LinesTable("jsonl", source, encoding)
    return SheetTable(source)
