"""Memory stays bounded, whatever a file holds: each is read by a process of its own."""

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.items.exchange.reading.books import HEADER, MAIN, raw_book, row_of

ROOT = Path(__file__).resolve().parents[4]
LARGE = 50_000_000  # bytes
MOST_MB = 96  # beyond what the modules themselves take
READER = """
import re, sys
from pathlib import Path
from items.exchange.reading import Unreadable, open_table

def peak_mb():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

path, before, count, words = Path(sys.argv[1]), peak_mb(), 0, ""
try:
    with open_table(path, name=path.name) as table:
        for row in table.rows():
            count += 1
except Unreadable as error:
    words = error.message
print(peak_mb() - before, count, words, sep="|")
"""


def reading(path: Path) -> tuple[int, int, str]:
    """How many MB a file's reading took, how many rows it gave, and why it was refused."""
    done = subprocess.run(
        [sys.executable, "-c", READER, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    peak, count, words = done.stdout.rstrip("\n").split("|", 2)
    return int(peak), int(count), words


TRAPS: dict[str, tuple[Callable[[], bytes], str]] = {
    "cell.csv": (lambda: b"a,b\n1," + b"x" * LARGE, "longer than"),
    "quoted.csv": (lambda: b'a,b\n1,"' + b"x\n" * (LARGE // 2), "longer than 100,000 characters"),
    "line.csv": (lambda: b"x" * LARGE, "longer than"),
    "header.csv": (lambda: b"," * LARGE, "longer than"),
    "columns.csv": (lambda: b"x," * 2_000_000, "2,000,000 columns"),
    "row.csv": (lambda: b"a,b\n" + b'"x\n",' * (LARGE // 5), "longer than"),
    "wide.csv": (lambda: ("x" * (LARGE // 4)).encode("utf-16"), "longer than"),
    "bomb.csv.gz": (lambda: gzip.compress(b"\n" * 4 * LARGE), "more than 2,000,000 blank lines"),
    "zeros.csv.gz": (lambda: gzip.compress(b"\0" * 4 * LARGE), "NUL character"),
    "text.json": (lambda: b'[{"a": "' + b"x" * LARGE, "longer than"),
    "number.json": (lambda: b'[{"a": ' + b"1" * LARGE, "longer than"),
    "nested.json": (lambda: b'[{"a": ' + b"[" * LARGE, "nested too deeply"),
    "blank.json": (lambda: b" " * LARGE, "is no JSON"),
    "line.jsonl": (lambda: b'{"a": "' + b"x" * LARGE, "longer than"),
    "cell.xlsx": (
        lambda: raw_book(row_of(f'<c t="str"><v>{"x" * LARGE}</v></c>')),
        "longer than 100,000 characters",
    ),
    "tag.xlsx": (lambda: raw_book(f'{HEADER}<row x="{"x" * LARGE}"/>'), "damaged"),
    "deep.xlsx": (lambda: raw_book(HEADER + "<x>" * (LARGE // 3)), "damaged"),
    "texts.xlsx": (
        lambda: raw_book(HEADER, f"<sst><si>{'<t>x</t>' * (LARGE // 8)}</si></sst>"),
        "longer than 100,000 characters",
    ),
    "flood.xlsx": (lambda: raw_book(HEADER, flood=b"\0" * 3 * LARGE), "times its size"),
    "huge.xlsx": (
        lambda: raw_book(HEADER, f'<sst xmlns="{MAIN}">{"<si/>" * 30_000_000}</sst>'),
        "times its size",
    ),
}


@pytest.mark.parametrize("name", TRAPS)
def test_memory_stays_bounded_when_a_file_is_a_trap(tmp_path: Path, name: str) -> None:
    make, words = TRAPS[name]
    path = tmp_path / name
    path.write_bytes(make())
    peak, _, message = reading(path)
    assert words in message
    assert peak < MOST_MB


TABLES: dict[str, tuple[Callable[[], bytes], int]] = {
    "many.csv": (lambda: b"a,b,c\n" + b"1234567,chair,12.50\n" * 1_000_000, 1_000_000),
    "many.json": (lambda: b"[" + b'{"a": 1, "b": "chair"},' * 300_000 + b'{"a": 1}]', 300_001),
    "many.jsonl": (lambda: b'{"a": 1, "b": "chair"}\n' * 300_000, 300_000),
    "many.xlsx": (lambda: raw_book(HEADER + "<row><c><v>1</v></c></row>" * 300_000), 300_000),
    "blank.xlsx": (lambda: raw_book(HEADER + "<row/>" * 1_000_000), 0),
}


@pytest.mark.parametrize("name", TABLES)
def test_memory_does_not_grow_when_there_are_many_rows(tmp_path: Path, name: str) -> None:
    make, rows = TABLES[name]
    path = tmp_path / name
    path.write_bytes(make())
    peak, count, message = reading(path)
    assert (count, message) == (rows, "")
    assert peak < MOST_MB / 6
