"""Rows written in the shape of the file that they came from, such as those that were refused."""

import csv
import gzip
import json
import re
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell

from items.exchange.reading.dialects import DELIMITERS
from items.exchange.reading.table import Table

# What XML cannot hold, or not keep, and what would be taken for its stand-in.
TO_ESCAPE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
UNMARKED = {"utf-8": "utf-8-sig", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}
SHEET = "Rows"


def write_rows(table: Table, path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    """Write `rows` below `header` as a file of the kind of `table`, which `open_table` reads alike.

    CSV keeps delimiter, line ends and encoding, with a mark where it is Unicode; what an old
    encoding lacks becomes an escape by its number. JSON is written as lines. A .gz stays one.
    A workbook's cell holds 32,767 characters: what is longer, as Excel writes none, is cut.
    """
    if table.kind == "xlsx":
        _write_workbook(path, header, rows)
        return
    with _text_file(table, path) as file:
        if table.kind == "csv":
            _write_csv(file, table, header, rows)
        else:
            file.writelines(
                json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) + "\n"
                for row in rows
            )


def _text_file(table: Table, path: Path) -> IO[str]:
    encoding = table.encoding
    if table.kind != "csv":
        encoding = "utf-8"
    encoding = UNMARKED.get(encoding, encoding)
    opened = gzip.open if table.packed else open
    file: IO[str] = opened(path, "wt", encoding=encoding, errors="backslashreplace", newline="")
    return file


def _write_csv(file: IO[str], table: Table, header: list[str], rows: Iterable[list[str]]) -> None:
    delimiter = table.delimiter if len(header) > 1 else ","  # which shows by no header of one
    if delimiter not in DELIMITERS:
        file.write(f"sep={delimiter}{table.newline}")
    plain = csv.writer(file, delimiter=delimiter, lineterminator=table.newline)
    quoting = csv.writer(
        file, delimiter=delimiter, lineterminator=table.newline, quoting=csv.QUOTE_ALL
    )
    needs_quotes = re.compile(r"[,;\t|\r\n]").search
    (quoting if needs_quotes("".join(header)) else plain).writerow(header)
    for row in rows:
        # The plain writer leaves a CR bare where lines end in LF, and the other way round.
        text = "".join(row)
        (quoting if "\r" in text or "\n" in text else plain).writerow(row)


def _write_workbook(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(SHEET)

    def cell(text: str) -> Cell:
        made: Cell = WriteOnlyCell(sheet, TO_ESCAPE.sub(_escape, text))
        made.data_type = "s"  # also what looks like a formula, or an error
        return made

    for row in chain([header], rows):
        sheet.append([cell(text) if text else None for text in row])
    book.save(path)


def _escape(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"
