"""What is no table at all, or is called what it is not."""

import bz2
import gzip
import lzma
from pathlib import Path

import pytest

from items.exchange.reading import Unreadable, open_table
from tests.items.exchange.reading.files import read, refusal

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def ole(entry: str) -> bytes:
    """An OLE file whose directory, its second sector, names one stream."""
    head = bytearray(OLE.ljust(512, b"\0"))
    head[0x1E:0x20] = (9).to_bytes(2, "little")
    head[0x30:0x34] = (1).to_bytes(4, "little")
    return bytes(head) + b"\0" * 512 + entry.encode("utf-16-le").ljust(512, b"\0")


def packed(content: bytes) -> bytes:
    """Packed, the same at every time: tests are called by it."""
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7\n", "is a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is a picture (PNG)"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "is a picture (JPEG)"),
        (b"GIF89a", "is a picture (GIF)"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "is a picture (WebP)"),
        (b"{\\rtf1 x}", "is a text document"),
        (bz2.compress(b"a,b\n"), "is packed with bzip2"),
        (lzma.compress(b"a,b\n"), "is packed with xz"),
        (b"SQLite format 3\0", "is a SQLite database"),
        (ole("Workbook"), "is of the old Excel kind (.xls): save it as .xlsx or CSV"),
        (ole("EncryptedPackage"), "is protected by a password: save it without one"),
        (b"<!DOCTYPE html>\n<html><table></table></html>", "is an HTML page"),
        (b"\xef\xbb\xbf \n<HTML>", "is an HTML page"),
        ("<table><tr>".encode("utf-16"), "is an HTML page"),
        (b'<?xml version="1.0"?><Workbook/>', "is an XML file"),
        (b'[{"sku": "A"}]', "is JSON: call it stock.json"),
        (b'{"sku": "A"}\n', "is JSON: call it stock.json"),
    ],
)
def test_a_file_is_refused_when_it_is_no_csv_at_all(
    tmp_path: Path, content: bytes, words: str
) -> None:
    message = refusal(tmp_path / "stock.csv", content).message
    assert message.startswith("stock.csv ")
    assert words in message


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("stock.xlsx", b"a,b\n1,2\n", "is no workbook: if it is CSV, call it stock.csv"),
        ("stock.csv", packed(b"a,b\n"), "is packed with gzip: call it stock.csv.gz"),
        ("stock.csv.gz", b"a,b\n1,2\n", "is not packed with gzip: call it stock.csv"),
        ("stock.dat", b"a,b\n1,2\n", "The ending of stock.dat does not say what it is"),
        ("stock", b"a,b\n1,2\n", "The ending of stock does not say what it is"),
        ("stock.csv.gz", packed(b"PK\x03\x04"), "workbook packed again"),
        ("stock.csv.gz", packed(packed(b"a")), "is packed twice"),
    ],
)
def test_a_file_is_refused_when_it_is_called_what_it_is_not(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    assert words in refusal(tmp_path / name, content).message


def test_the_users_name_counts_when_the_path_is_another(tmp_path: Path) -> None:
    found = read(tmp_path / "upload.tmp", b"a\tb\n1\t2\n", name="Stock.TSV")
    assert found.cells == [["1", "2"]]


def test_a_file_is_refused_when_it_has_no_bytes(tmp_path: Path) -> None:
    assert "stock.xlsx is empty" in refusal(tmp_path / "stock.xlsx", b"").message


def test_a_packed_file_is_read_when_it_is_called_so(tmp_path: Path) -> None:
    assert read(tmp_path / "stock.csv.gz", gzip.compress(b"a,b\n1,2\n")).cells == [["1", "2"]]


def test_a_packed_file_is_refused_when_it_is_cut_off(tmp_path: Path) -> None:
    packed = gzip.compress(b"a,b\n" + b"1,2\n" * 1000)
    assert "is cut off" in refusal(tmp_path / "stock.csv.gz", packed[:-9]).message


def test_a_packed_file_is_refused_when_it_is_damaged(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"a,b\n" + b"1,2\n" * 1000))
    packed[15] ^= 0xFF
    assert "is damaged" in refusal(tmp_path / "stock.csv.gz", bytes(packed)).message


def test_a_packed_file_is_refused_when_it_unpacks_to_a_flood(tmp_path: Path) -> None:
    flood = gzip.compress(b"a,b\n" + (b"1" * 90_000 + b",2\n") * 900)
    assert "more than 250 times its size" in refusal(tmp_path / "stock.csv.gz", flood).message


def test_a_file_is_refused_when_it_is_not_there(tmp_path: Path) -> None:
    with (
        pytest.raises(Unreadable, match="cannot be opened: No such file"),
        open_table(tmp_path / "stock.csv", name="stock.csv"),
    ):
        pass
