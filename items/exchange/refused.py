"""The rows that a plan refuses, as a file that can be mended and imported again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.conf import settings

from items.exchange.errors import WrongState
from items.exchange.formats import REASON, TableFormat
from items.exchange.models import Import
from items.exchange.options import Options
from items.exchange.planned import planned_rows
from items.exchange.plans import format_of
from items.exchange.reading import Table, open_table
from items.exchange.reading.writing import write_rows
from items.exchange.rooms import Room
from items.exchange.services import path_of
from items.exchange.shaping import Shaper

ROWS_AT_ONCE = 1000
PACKED = ".gz"
# What is written instead of some kinds of file; see reading.writing.
WRITTEN_AS = {".json": ".jsonl", ".xlsm": ".xlsx"}


def write(record: Import, path: Path) -> int:
    """Write the refused rows, as they came, with the reasons in a column more; how many.

    The file has the shape of the one that was imported. Raises OSError.
    """
    options = Options.of(record.options)
    with open_table(
        path_of(record), name=record.file_name, encoding=options.encoding or None
    ) as table:
        kind = format_of(table, options)
        counted = _Counted(_rows(record, table, kind))
        header = [name for name in table.header if name != REASON]
        write_rows(table, path, [*header, REASON], counted)
    return counted.count


def opened(record: Import) -> IO[bytes]:
    """That file, which has no name, and is gone when it is closed.

    Raises WrongState when there is no plan, or the file that was imported is not there any more.
    """
    with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as made:
        path = Path(made.name)
        if not path_of(record).is_file() or not Room(record.schema).has("rows"):
            raise WrongState(asked="read again", status="without its file or its plan")
        write(record, path)
        return path.open("rb")


def name_of(file_name: str) -> str:
    """How the file of the refused rows of a file is called, so that it can be imported again."""
    packed = file_name.lower().endswith(PACKED)
    path = Path(file_name[: -len(PACKED)] if packed else file_name)
    ending = WRITTEN_AS.get(path.suffix.lower(), path.suffix)
    return f"{path.stem}-refused{ending}{PACKED if packed else ''}"


def _rows(record: Import, table: Table, kind: TableFormat) -> Iterator[list[str]]:
    """Those rows of the file that are refused; both come in the order of their lines."""
    reasons = _reasons(record)
    line, reason = next(reasons, (0, ""))
    shaper = Shaper(kind, table.header)
    kept = [at for at, name in enumerate(table.header) if name != REASON]
    for row in table.rows():
        given = shaper.completed(row.cells)
        if row.line == line:
            yield [*(given[at] for at in kept), reason]
            line, reason = next(reasons, (0, ""))


def _reasons(record: Import) -> Iterator[tuple[int, str]]:
    after = 0
    while rows := planned_rows(record, outcome="refused", after=after, size=ROWS_AT_ONCE):
        for row in rows:
            said = (f"{p.column}: {p.message}" if p.column else p.message for p in row.problems)
            yield row.line, " ".join(said)
        after = rows[-1].line


class _Counted:
    def __init__(self, rows: Iterator[list[str]]) -> None:
        self.rows, self.count = rows, 0

    def __iter__(self) -> Iterator[list[str]]:
        for row in self.rows:
            self.count += 1
            yield row
