"""What a file is: by its first bytes, and whether its name says the same."""

import re
from typing import Final

from items.exchange.reading.errors import Unreadable
from items.exchange.reading.sources import Source

SUFFIXES: Final = {
    "csv": (".csv", ".tsv", ".tab", ".txt"),
    "jsonl": (".jsonl", ".ndjson"),
    "json": (".json",),
    "xlsx": (".xlsx", ".xlsm"),
}
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what Office wrote before 2007, and encrypts into
SAVE = "open it in a spreadsheet and save it as .xlsx or CSV"
FOREIGN = (  # first bytes, what they are, what to do
    (b"%PDF-", "a PDF", "export the table as CSV or .xlsx instead"),
    (b"\x89PNG\r\n", "a picture (PNG)", "export the table as CSV or .xlsx instead"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "export the table as CSV or .xlsx instead"),
    (b"GIF89a", "a picture (GIF)", "export the table as CSV or .xlsx instead"),
    (b"{\\rtf", "a text document (RTF)", SAVE),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack it first"),
    (b"BZh91AY&SY", "packed with bzip2", "unpack it first"),
    (b"\xfd7zXZ\x00", "packed with xz", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "packed with Zstandard", "unpack it first"),
    (b"\x1f\x8b", "packed twice", "unpack it first"),
    (b"SQLite format 3\x00", "a SQLite database", "export its tables as CSV"),
    (b"PAR1\x15", "a Parquet file", "convert it to CSV"),
)
MARKUP = re.compile(rb"\s*<(!doctype|html|head|body|table|\?xml|!--|meta)", re.IGNORECASE)
RECORDS = re.compile(rb'\s*(\[\s*\{\s*"|\{\s*"[^"]*"\s*:)')
MARKS_AND_ZEROS = re.compile(rb"^\xef\xbb\xbf|^\xff\xfe|^\xfe\xff|\x00")
LOOKED_AT_BYTES = 1024
DIRECTORY_SECTOR_AT, SECTOR_POWER_AT = 0x30, 0x1E  # in the first bytes of an OLE file
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
DIRECTORY_BYTES = 4096


def kind_of(source: Source) -> str:
    """Which of the four kinds a file is; raises Unreadable where it is none, or is misnamed."""
    name = source.name
    if not source.size:
        raise Unreadable(f"{name} is empty: it has no bytes at all.")
    bare = _unpacked_name(source)
    kind = _kind_by(bare)
    _refuse_foreign(source)
    if source.sample.startswith(ZIP_MAGIC):
        if source.packed:
            raise Unreadable(f"{name} is a ZIP or workbook packed again: unpack it first.")
        return "xlsx"
    _refuse_markup(source)
    if kind == "xlsx":
        raise Unreadable(f"{name} is no workbook: if it is CSV, call it {_stem(bare)}.csv.")
    if kind == "csv" and RECORDS.match(_plain(source)):
        raise Unreadable(f"{name} is JSON: call it {_stem(bare)}.json, or .jsonl.")
    if not kind:
        raise Unreadable(
            f"The ending of {name} does not say what it is: call it .csv, .tsv, .xlsx, .json or "
            ".jsonl."
        )
    return kind


def check_workbook_name(name: str) -> None:
    """Raise Unreadable for a workbook that is not called one."""
    if _kind_by(name) != "xlsx":
        stem = _stem(name[:-3] if name.lower().endswith(".gz") else name)
        raise Unreadable(f"{name} is an Excel workbook: call it {stem}.xlsx.")


def _unpacked_name(source: Source) -> str:
    """The name without .gz; raises Unreadable when it says .gz and the bytes do not, or they do."""
    name = source.name
    named = name.lower().endswith(".gz")
    if source.packed and not named:
        raise Unreadable(f"{name} is packed with gzip: call it {name}.gz.")
    if named and not source.packed and not source.sample.startswith(ZIP_MAGIC):
        raise Unreadable(f"{name} is not packed with gzip: call it {name[:-3]}.")
    return name[:-3] if named else name


def _kind_by(name: str) -> str:
    lower = name.lower()
    return next((kind for kind, ends in SUFFIXES.items() if lower.endswith(ends)), "")


def _stem(name: str) -> str:
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def _refuse_foreign(source: Source) -> None:
    sample, name = source.sample, source.name
    for magic, what, remedy in FOREIGN:
        if sample.startswith(magic):
            raise Unreadable(f"{name} is {what}: {remedy}.")
    if sample.startswith(b"RIFF") and b"WEBP" in sample[:16]:
        raise Unreadable(f"{name} is a picture (WebP): export the table as CSV instead.")
    if sample.startswith(OLE_MAGIC):
        if _is_encrypted(source):
            raise Unreadable(f"{name} is protected by a password: save it without one.")
        raise Unreadable(f"{name} is of the old Excel kind (.xls): save it as .xlsx or CSV.")


def _is_encrypted(source: Source) -> bool:
    """Whether an OLE file is a newer workbook behind a password: its directory says so."""
    sample = source.sample
    power = min(int.from_bytes(sample[SECTOR_POWER_AT : SECTOR_POWER_AT + 2], "little"), 12)
    sector = int.from_bytes(sample[DIRECTORY_SECTOR_AT : DIRECTORY_SECTOR_AT + 4], "little")
    return ENCRYPTED in source.at((sector + 1) << power, DIRECTORY_BYTES)


def _refuse_markup(source: Source) -> None:
    if not (found := MARKUP.match(_plain(source))):
        return
    what = "an XML file" if found[1].lower() == b"?xml" else "an HTML page"
    raise Unreadable(f"{source.name} is {what} and no table: {SAVE}.")


def _plain(source: Source) -> bytes:
    """How the text begins, whatever Unicode it is in: without a mark and UTF-16's zeros."""
    return MARKS_AND_ZEROS.sub(b"", source.sample[:LOOKED_AT_BYTES])
