"""What is written reads back alike."""

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from items.exchange.reading import open_table, write_rows
from tests.items.exchange.reading.books import book
from tests.items.exchange.reading.files import read

SOURCES = {
    "comma.csv": b"a,b\n1,2\n",
    "semicolon.csv": b"a;b\r\n1;2\r\n",
    "tab.tsv": b"a\tb\r1\t2\r",
    "bar.csv": b"a|b\n1|2\n",
    "other.csv": b"sep=^\na^b\n1^2\n",
    "wide.csv": "a,b\n1,2\n".encode("utf-16"),
    "unmarked.csv": "a,b\n1,2\n".encode("utf-16-be"),
    "packed.csv.gz": gzip.compress(b"a;b\n1;2\n"),
    "lines.jsonl": b'{"a": 1, "b": 2}\n',
    "list.json": b'[{"a": 1, "b": 2}]',
    "packed.json.gz": gzip.compress(b'[{"a": 1, "b": 2}]'),
    "book.xlsx": book([["a", "b"], ["1", "2"]]),
}
TEXT = st.text(
    st.one_of(
        st.sampled_from(list(",;\t|\"'\r\n =#\\_x0041\x01\x1c\x85\u2028\ufeff\uffff의")),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=20,
)
NAMES = st.lists(
    TEXT.map(lambda text: f"c{text}d"), min_size=1, max_size=4, unique_by=lambda text: text
)


def rewritten(name: str, header: list[str], rows: list[list[str]], folder: Path) -> Path:
    """The path of a file of the kind of a source, with these rows."""
    source = folder / name
    source.write_bytes(SOURCES[name])
    ending = ".jsonl" if "json" in name else "".join(source.suffixes).removesuffix(".gz")
    target = folder / f"written{ending}{'.gz' if name.endswith('.gz') else ''}"
    with open_table(source, name=name) as table:
        write_rows(table, target, header, iter(rows))
    return target


@pytest.mark.parametrize("name", SOURCES)
@given(data=st.data())
def test_rows_read_back_alike_when_they_hold_any_text(name: str, data: st.DataObject) -> None:
    header = data.draw(NAMES)
    # A key cell in each: rows of blanks alone are left out.
    row = st.lists(TEXT, min_size=len(header), max_size=len(header))
    rows = [
        ["k" + cells[0], *cells[1:]] for cells in data.draw(st.lists(row, min_size=1, max_size=4))
    ]
    with TemporaryDirectory() as folder:
        target = rewritten(name, header, rows, Path(folder))
        found = read(target, target.read_bytes())
    assert (found.header, found.cells) == (header, rows)


def test_the_shape_is_kept_when_rows_are_written(tmp_path: Path) -> None:
    target = rewritten("semicolon.csv", ["a", "의"], [["1,5", "x"]], tmp_path)
    assert target.read_bytes() == "a;의\r\n1,5;x\r\n".encode("utf-8-sig")


def test_an_old_encoding_is_kept_when_rows_are_written(tmp_path: Path) -> None:
    source, target = tmp_path / "old.csv", tmp_path / "new.csv"
    source.write_bytes("이름,수량\n의자,1\n".encode("cp949"))
    with open_table(source, name="old.csv", encoding="cp949") as table:
        write_rows(table, target, ["이름", "수량"], [["책상", "é2"]])
    assert target.read_bytes() == "이름,수량\n책상,\\xe92\n".encode("cp949")


def test_a_workbooks_texts_stay_texts_when_they_look_like_formulas(tmp_path: Path) -> None:
    target = rewritten("book.xlsx", ["a", "b"], [["=1+1", "#N/A"]], tmp_path)
    found = read(target, target.read_bytes())
    assert (found.cells, found.problems) == ([["=1+1", "#N/A"]], [""])
