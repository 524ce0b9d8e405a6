"""Workbooks that are none, or are traps."""

from io import BytesIO
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest

from tests.items.exchange.reading.books import HEADER, MAIN, book, raw_book, row_of
from tests.items.exchange.reading.files import refusal

LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stock.xlsx"


def archive(*members: str, content: bytes = b"x", how: int = ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", how) as made:
        for member in members:
            made.writestr(member, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (archive("a.csv"), "is a ZIP archive and no workbook: unpack it first"),
        (archive(), "is a ZIP archive and no workbook"),
        (archive("mimetype", "content.xml"), "is an OpenDocument file (.ods)"),
        (archive("_rels/.rels", "xl/workbook.bin"), "is a binary workbook (.xlsb)"),
        (archive("_rels/.rels", "word/document.xml"), "is a text document (.docx)"),
        (archive("_rels/.rels", content=b"<x"), "is cut off or damaged"),
        (archive("_rels/.rels", how=ZIP_BZIP2), "is cut off or damaged"),
        (archive("_rels/.rels", content=b"<x/>"), "is cut off or damaged"),
        (book([["a"], ["1"]])[:-40], "is cut off or damaged"),
        (book([["a"], ["1"]])[:600], "is cut off or damaged"),
        (book([]), "has no sheet with cells"),
        (book([["a", "a"], ["1"]]), "same name, “a”"),
        (archive(*map(str, range(10_001))), "a ZIP of more than 10,000 files"),
        (archive(*map(str, range(40_000))), "a ZIP of more than 10,000 files"),
        (raw_book(row_of('<c r="ALM2"><v>1</v></c>')), "beyond column 1,000"),
        (raw_book(row_of('<c r="A2" t="s"><v>7</v></c>')), "is cut off or damaged"),
        (raw_book(f'{HEADER}<row r="x"/>'), "is cut off or damaged"),
        (raw_book(HEADER + "<x>" * 100), "is cut off or damaged"),
        (raw_book(f'{HEADER}<row r="2" x="{"y" * 5_000_000}"/>'), "is cut off or damaged"),
        (
            raw_book(row_of(f'<c t="inlineStr"><is><t>{"y" * 100_001}</t></is></c>')),
            "A cell in row 2 of stock.xlsx is longer than",
        ),
        (
            raw_book(HEADER, f'<sst xmlns="{MAIN}"><si><t>{"y" * 100_001}</t></si></sst>'),
            "A cell in stock.xlsx is longer than",
        ),
        (raw_book(HEADER, f"{LAUGHS}<sst>&c;</sst>"), "declares a document type"),
    ],
)
def test_a_workbook_is_refused_when_it_is_none(path: Path, content: bytes, words: str) -> None:
    assert words in refusal(path, content).message


def test_a_workbook_is_refused_when_it_is_called_csv(tmp_path: Path) -> None:
    message = refusal(tmp_path / "stock.csv", book([["a"], ["1"]])).message
    assert message == "stock.csv is an Excel workbook: call it stock.xlsx."


def test_a_workbook_is_refused_when_a_member_is_encrypted(path: Path) -> None:
    content = bytearray(book([["a"], ["1"]]))
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    assert "is protected by a password" in refusal(path, bytes(content)).message


def test_a_workbook_is_refused_when_a_members_sum_is_wrong(path: Path) -> None:
    content = bytearray(raw_book(row_of('<c r="A2"><v>1</v></c>')))
    place = content.rindex(b"xl/sheet.xml") - 30  # its check sum in the directory
    content[place] ^= 0xFF
    assert "is cut off or damaged" in refusal(path, bytes(content)).message


def test_a_workbook_is_refused_when_it_unpacks_to_a_flood(path: Path) -> None:
    flood = raw_book(HEADER, picture=b"\0" * 100_000_000)
    assert "more than 250 times its size" in refusal(path, flood).message


def test_a_workbook_is_refused_when_it_holds_more_than_the_bound(path: Path) -> None:
    content = raw_book(HEADER + "<row/>" * 300_000)
    assert "holds more than 1 MiB" in refusal(path, content, max_bytes=1024 * 1024).message
