"""Files that were exported, as tests read them."""

import csv
import json
from io import BytesIO, StringIO
from typing import Any

from openpyxl import load_workbook

from tests.client import Reply


def content(reply: Reply) -> bytes:
    """The file that was answered."""
    assert reply.status == 200, reply.body
    return b"".join(reply.response.streaming_content)


def cells(csv_file: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file, by the names of their columns."""
    text = csv_file.decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline="")))


def objects(json_lines: bytes) -> list[dict[str, Any]]:
    """The objects of JSON lines."""
    return [json.loads(line) for line in json_lines.splitlines()]


def sheet(workbook: bytes) -> list[list[Any]]:
    """The rows of a workbook, its header first."""
    book = load_workbook(BytesIO(workbook), read_only=True)
    assert book.active is not None
    return [list(row) for row in book.active.iter_rows(values_only=True)]
