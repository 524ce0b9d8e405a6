"""The engine: one moment, no hurry, flat, and workbooks that open."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import F, Func, TextField
from openpyxl import load_workbook

from config.exports import workbooks
from config.exports.cells import unescaped
from config.exports.errors import TooLarge
from config.exports.tables import Column, Table
from config.exports.workbooks import out_of_xml
from config.exports.writing import FORMATS, write
from tests.exported import cells, objects, sheet
from tests.items.helpers import sql
from users.models import User

NAMES = Table("names", (Column("name", "name"),))
TEXTS = [
    "=1+1",
    "'=1",
    "#N/A",
    "a\x01b\x0bc",
    "one\r\ntwo\rthree\n",
    " spaces ",
    "_x0001_",
    "\ufffe\uffff",
    "<b>&amp;]]>",
    "😀 의자",
    '"quoted", and; more',
    "\\N",
    "\\.",
]


def exported(form: str, table: Table = NAMES, **options: Any) -> bytes:
    """The users as a file."""
    file = BytesIO()
    write(User.objects.all(), table, FORMATS[form], file, emails=True, **options)
    return file.getvalue()


@pytest.fixture
def named(db: None) -> list[str]:
    """Users with names of every kind."""
    with_two = [text.ljust(2) for text in TEXTS]
    for number, name in enumerate(with_two):
        User.objects.create(email=f"{number}@example.org", name=name)
    return with_two


def test_exact_when_csv_is_read_back(named: list[str]) -> None:
    found = [row["name"] for row in cells(exported("csv"))]
    assert [unescaped(cell) for cell in found] == named


def test_exact_when_json_lines_are_read_back(named: list[str]) -> None:
    assert [row["name"] for row in objects(exported("jsonl"))] == named


def test_exact_when_a_workbook_is_read_back(named: list[str]) -> None:
    found = [row[0] for row in sheet(exported("xlsx"))[1:]]
    assert [unescaped(out_of_xml(cell)) for cell in found] == named


def test_texts_alone_when_a_workbook_holds_what_looks_like_more(named: list[str]) -> None:
    book = load_workbook(BytesIO(exported("xlsx")))
    assert book.active is not None
    assert {cell.data_type for [cell] in book.active.iter_rows()} == {"s"}


def test_told_of_every_row_when_it_is_written(named: list[str]) -> None:
    for form in FORMATS:
        told: list[int] = []
        exported(form, told=told.append)
        assert sum(told) == len(named)


def test_refused_when_a_text_is_longer_than_a_cell(db: None) -> None:
    User.objects.create(email="a@example.org", name="Somebody")
    for letter, length in (("x", 32_768), ("😀", 16_384)):
        long = Func(F("email"), template=f"repeat('{letter}', {length})", output_field=TextField())
        table = Table("long", (Column("long", long),))
        with pytest.raises(TooLarge, match="Row 1 has a text of more than 32,767 letters"):
            exported("xlsx", table)
        assert len(cells(exported("csv", table))[0]["long"]) == length


def test_no_file_of_the_sheet_left_when_a_workbook_is_refused(
    named: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MAX_ROWS", 3)
    with pytest.raises(TooLarge, match="A workbook holds 3 rows"):
        exported("xlsx")


# ── The transaction ───────────────────────────────────────────────────────────────────────────
SLEEP = Func(template="pg_sleep(0.3)::text", output_field=TextField())
SLOW = Table("slow", (Column("slow", SLEEP),))


@pytest.fixture
def hurried(transactional_db: None) -> Iterator[None]:
    """A connection whose statements may take a moment at most."""
    User.objects.create(email="a@example.org", name="Somebody")
    sql("SET statement_timeout = '100ms'")
    yield
    sql("RESET statement_timeout")


def test_to_its_end_when_it_takes_longer_than_a_statement_may(hurried: None) -> None:
    assert len(cells(exported("csv", SLOW))) == 1
    with pytest.raises(OperationalError):
        sql("SELECT pg_sleep(0.3)")


def test_nothing_is_written_when_it_is_in_a_transaction_of_its_own(hurried: None) -> None:
    asked = Func(template="current_setting('transaction_read_only')", output_field=TextField())
    level = Func(template="current_setting('transaction_isolation')", output_field=TextField())
    table = Table("settings", (Column("read_only", asked), Column("isolation", level)))
    assert cells(exported("csv", table)) == [{"read_only": "on", "isolation": "repeatable read"}]


def test_the_connection_is_well_when_writing_has_failed(hurried: None) -> None:
    class Full(BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write(User.objects.all(), NAMES, FORMATS["csv"], Full(), emails=True)
    assert not connection.in_atomic_block
    assert sql("SELECT 1") == [(1,)]
