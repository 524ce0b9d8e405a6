"""Encodings, told and guessed."""

import codecs
from pathlib import Path

import pytest

from tests.items.exchange.reading.files import read, refusal

TEXT = "이름,수량\n의자,5\n책상,3\n"
CELLS = [["의자", "5"], ["책상", "3"]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stock.csv"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_a_file_is_read_when_it_is_in_a_form_of_unicode(path: Path, encoding: str) -> None:
    found = read(path, TEXT.encode(encoding))
    assert (found.header, found.cells, found.notes) == (["이름", "수량"], CELLS, [])


def test_a_file_is_read_when_it_is_marked_as_utf_16_of_the_other_order(path: Path) -> None:
    assert read(path, codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")).cells == CELLS


@pytest.mark.parametrize(
    ("encoding", "text", "word"),
    [
        ("cp949", TEXT, "CP949 (Korean)"),
        ("cp932", "名前,数量\n椅子,3\n", "CP932 (Japanese)"),
        ("cp1252", "Name,Größe\nStühle,5\nTür,3\n", "Windows-1252"),
        ("cp1252", "Item,Temp\nCable,5 °C\n", "Windows-1252"),
        ("cp1252", "Item,Price\nCable,5 €\n", "Windows-1252"),
        ("cp1252", "Désignation,Quantité\nchaise à bras,5\n", "Windows-1252"),
        ("cp1252", "ação,peça\nmaçã,3\n", "Windows-1252"),
        ("cp1250", "Nazwa,ilość\nkrzesło,3\n", "Windows-1250"),
        ("gb18030", "名称,数量\n椅子,3\n办公桌,4\n", "GB 18030"),
        ("big5", "名稱,數量\n椅子,3\n辦公桌,4\n", "Big5"),
        ("cp1253", "Όνομα,ποσότητα\nκαρέκλα,3\n", "Windows-1253"),
        ("cp949", "sku,name\nA-1,Monitor stand\nA-2,모니터 27인치\n", "CP949 (Korean)"),
        ("cp1251", "Название,Количество\nстул,3\n", "Windows-1251"),
    ],
)
def test_the_guess_is_told_when_a_file_is_in_an_old_encoding(
    path: Path, encoding: str, text: str, word: str
) -> None:
    found = read(path, text.encode(encoding))
    assert [",".join(cells) for cells in (found.header, *found.cells)] == text.splitlines()
    assert f"Read as {word}" in found.notes[0]
    assert "which is a guess" in found.notes[0]


def test_the_guess_is_right_when_the_sample_parts_a_character(path: Path) -> None:
    text = TEXT + "의자자리,1\n" * 40_001
    found = read(path, text.encode("cp949"))
    assert found.cells[-1] == ["의자자리", "1"]


def test_no_guess_is_made_when_the_encoding_is_named(path: Path) -> None:
    found = read(path, "a,b\nkrzesło,ŕ\n".encode("cp1250"), encoding="windows-1250")
    assert (found.cells, found.notes) == ([["krzesło", "ŕ"]], [])


def test_the_mark_is_no_part_of_the_header_when_utf_8_is_named(path: Path) -> None:
    assert read(path, TEXT.encode("utf-8-sig"), encoding="utf-8").header[0] == "이름"


@pytest.mark.parametrize(
    "encoding", ["nonsense", "base64", "zlib", "rot13", "a\0b", "utf-7", "unicode-escape"]
)
def test_a_file_is_refused_when_the_named_encoding_is_none(path: Path, encoding: str) -> None:
    assert "is no encoding" in refusal(path, b"a,b\n", encoding=encoding).message


def test_a_file_is_refused_when_it_is_not_in_the_named_encoding(path: Path) -> None:
    error = refusal(path, TEXT.encode("cp949"), encoding="utf-8")
    assert error.message.startswith("Line 1 of stock.csv is not text in UTF-8")


def test_the_line_is_told_when_text_ceases_to_be_utf_8(path: Path) -> None:
    error = refusal(path, b"a,b\n" + b"1,2\n" * 100_000 + b"3,\xff\n")
    assert error.line == 100_002


def test_a_character_is_read_whole_when_blocks_part_it(path: Path) -> None:
    lines = [["의" * 100, "자" * 33] for _ in range(2_000)]
    text = "".join(f"{a},{b}\n" for a, b in [["x", "y"], *lines])
    assert read(path, text.encode()).cells == lines
