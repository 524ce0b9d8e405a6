"""The formats: how the rows of a table become a file."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

import psycopg
from django.db.models import QuerySet

from config.exports import copying, workbooks
from config.exports.tables import Table
from config.exports.workbooks import Told

BOM = "\ufeff"  # by which a spreadsheet knows that the letters are UTF-8
STEP = 10_000  # rows after which it is told how many there are


@dataclass(frozen=True)
class Format:
    """How a format is called, what it is, and what writes it, telling of the rows written."""

    name: str
    media_type: str
    title: str
    is_text: bool
    write: Callable[[QuerySet[Any], Table, IO[bytes], Told], int]


def _write_csv(rows: QuerySet[Any], table: Table, into: IO[bytes], told: Told) -> int:
    into.write(f"{BOM}{','.join(table.names)}\n".encode())
    with copying.copied(rows.values_list(*table.cells()), copying.CSV) as copy:
        return _pour(copy, into, told)


def _write_json_lines(rows: QuerySet[Any], table: Table, into: IO[bytes], told: Told) -> int:
    with copying.copied_objects(rows.values_list(*table.values()), table.names) as copy:
        return _pour(copy, into, told)


def _pour(copy: psycopg.Copy, into: IO[bytes], told: Told) -> int:
    """Write what COPY gives, a row at a time; how many there were."""
    written, count, lines = 0, STEP, iter(copy)
    while count == STEP:
        count = 0
        for count, line in enumerate(islice(lines, STEP), start=1):  # noqa: B007  asked below
            into.write(line)
        written += count
        told(count)
    return written


FORMATS = {
    each.name: each
    for each in (
        Format("csv", "text/csv; charset=utf-8", "CSV", True, _write_csv),
        Format("jsonl", "application/x-ndjson", "JSON lines", True, _write_json_lines),
        Format("xlsx", workbooks.MEDIA_TYPE, "Excel", False, workbooks.write),
    )
}


def write(
    rows: QuerySet[Any],
    table: Table,
    form: Format,
    into: IO[bytes],
    *,
    emails: bool,
    told: Told = lambda _: None,
) -> int:
    """Write the rows of one moment to a file, by their ids; how many there were.

    `emails` says whether the reader may see the e-mails of others. Raises TooLarge where the format
    cannot hold them.
    """
    with copying.one_moment():
        return form.write(rows, table.told(emails=emails), into, told)
