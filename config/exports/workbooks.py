"""Workbooks (XLSX): written row by row by openpyxl, out of the same COPY."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

from django.db.models import QuerySet
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from config.exports import copying
from config.exports.errors import TooLarge
from config.exports.tables import Table

Told = Callable[[int], None]

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS = 1_048_576 - 1  # of a sheet, below its header
MAX_CELL_LENGTH = 32_767  # as Excel counts: in UTF-16
EXACT_DIGITS = 15  # of a number, which a spreadsheet keeps as a double
TEXT = "s"  # openpyxl's name of what a cell holds
STEP = 1000  # rows after which it is told how many there are
# What XML cannot hold, or reads as something else: the format writes it as _x000B_, and so what
# looks like that already.
UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
WRITTEN = re.compile(r"_x([0-9A-Fa-f]{4})_")


def in_xml(text: str) -> str:
    """A text as a workbook writes it."""
    return UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def out_of_xml(text: str) -> str:
    """The text that a workbook has written, by us or by Excel."""
    return WRITTEN.sub(lambda found: chr(int(found[1], 16)), text)


def write(rows: QuerySet[Any], table: Table, into: IO[bytes], told: Told) -> int:
    """Write one sheet. Raises TooLarge where a workbook cannot hold that."""
    if rows.order_by()[: MAX_ROWS + 1].count() > MAX_ROWS:
        raise TooLarge(f"A workbook holds {MAX_ROWS:,} rows, and there are more; ask for csv.")
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.name)
    sheet.append(table.names)
    written = 0
    try:
        for written, row in enumerate(_rows(rows, table, sheet), start=1):
            sheet.append(row)
            if not written % STEP:
                told(STEP)
    finally:
        book.save(into)  # which takes away the file that openpyxl keeps a sheet in
    told(written % STEP)
    return written


def _rows(rows: QuerySet[Any], table: Table, sheet: Any) -> Iterator[Sequence[Any]]:
    """The cells of each row; the same cells each time, as openpyxl writes them at once."""
    cells = [(WriteOnlyCell(sheet), column.kind.is_number) for column in table.columns]
    with copying.copied(rows.values_list(*table.cells()), copying.TEXT) as copy:
        for place, values in enumerate(copy.rows(), start=1):
            yield [
                _filled(cell, value, place, is_number=is_number) if value else None
                for (cell, is_number), value in zip(cells, values, strict=True)
            ]


def _filled(cell: Any, value: str, row: int, *, is_number: bool) -> Any:
    """The cell with what COPY wrote. Raises TooLarge."""
    if is_number and _is_exact(value):
        cell.value = float(value) if "." in value else int(value)
    else:
        cell.value = _text(value, row)
        cell.data_type = TEXT  # whatever openpyxl takes it for
    return cell


def _is_exact(number: str) -> bool:
    """Whether a spreadsheet keeps a number as it is written, but for padding zeros."""
    return len(number.replace(".", "")) <= EXACT_DIGITS


def _text(value: str, row: int) -> str:
    """A text as it is written. Raises TooLarge."""
    text = in_xml(value)
    if len(text) * 2 > MAX_CELL_LENGTH and len(text.encode("utf-16-le")) > 2 * MAX_CELL_LENGTH:
        message = f"Row {row:,} has a text of more than {MAX_CELL_LENGTH:,} letters, which a "
        raise TooLarge(f"{message}workbook cannot hold; ask for csv.")
    return text
