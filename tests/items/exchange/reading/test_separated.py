"""CSV in every dialect, and what is wrong with it."""

import csv
from pathlib import Path

import pytest

from items.exchange.reading import Row, open_table
from tests.items.exchange.reading.files import read, refusal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stock.csv"


def test_rows_come_with_their_lines_when_cells_hold_line_ends(path: Path) -> None:
    found = read(path, b'a,b\n1,"x\ny"\n2,z\n')
    assert found.rows == [Row(2, ["1", "x\ny"]), Row(4, ["2", "z"])]


def test_doubled_quotes_are_one_when_a_cell_is_quoted(path: Path) -> None:
    assert read(path, b'a,b\n"5"" disk",x\n').cells == [['5" disk', "x"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_are_told_apart_when_lines_end_in_any_way(path: Path, end: str) -> None:
    found = read(path, end.join(["a,b", "1,2", "3,4", ""]).encode())
    assert found.rows == [Row(2, ["1", "2"]), Row(3, ["3", "4"])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_when_others_stand_in_cells(path: Path, delimiter: str) -> None:
    others = "".join(set(",;\t|") - {delimiter})
    lines = [["name", "price"], [f'"{others}"', "1.5"], ["y", "2"]]
    found = read(path, "\n".join(delimiter.join(line) for line in lines).encode())
    assert found.cells == [[others, "1.5"], ["y", "2"]]


def test_the_delimiter_is_a_semicolon_when_commas_are_decimal(path: Path) -> None:
    found = read(path, b"name;price;cost\nx;1,5;2,5\ny;3,5;4,5\n")
    assert found.cells == [["x", "1,5", "2,5"], ["y", "3,5", "4,5"]]
    assert found.notes == ["The delimiter is a semicolon."]


def test_the_delimiter_is_a_comma_when_the_header_holds_semicolons_too(path: Path) -> None:
    found = read(path, b"name,tags (a;b;c;d)\nx,a;b\ny,c\n")
    assert found.header == ["name", "tags (a;b;c;d)"]


def test_one_column_is_read_when_there_is_no_delimiter(path: Path) -> None:
    assert read(path, b"sku\nA 1\nA 2\n").cells == [["A 1"], ["A 2"]]


def test_the_first_line_decides_when_it_names_the_delimiter(path: Path) -> None:
    found = read(path, b"sep=;\r\na;b\r\n1,1,1;2,2,2\r\n")
    assert found.rows == [Row(3, ["1,1,1", "2,2,2"])]


def test_the_dialect_is_told_when_a_table_is_open(path: Path) -> None:
    path.write_bytes("a;b\r\n1;2\r\n".encode("utf-16"))
    with open_table(path, name="stock.csv") as table:
        assert (table.delimiter, table.encoding, table.newline) == (";", "utf-16", "\r\n")


def test_header_names_are_stripped_when_spaces_surround_them(path: Path) -> None:
    assert read(path, b"\xef\xbb\xbf sku , name\n1,2\n").header == ["sku", "name"]


def test_blank_lines_are_left_out_and_counted_when_there_are_any(path: Path) -> None:
    found = read(path, b"\na,b\n\n1,2\n,\n  \n3,4\n\n")
    assert [row.line for row in found.rows] == [4, 7]
    assert found.notes == ["5 blank lines were left out."]


def test_there_are_no_rows_when_a_file_is_a_header_alone(path: Path) -> None:
    found = read(path, b"a,b")
    assert (found.header, found.rows) == (["a", "b"], [])


@pytest.mark.parametrize(
    ("line", "cells", "problem"),
    [
        (b"1", ["1", "", ""], "It has 1 cell, and the header has 3."),
        (b"1,2", ["1", "2", ""], "It has 2 cells, and the header has 3."),
        (b"1,2,3,4", ["1", "2", "3"], "It has 4 cells, and the header has 3."),
        (b"1,2,3,, ", ["1", "2", "3"], ""),
    ],
)
def test_a_row_has_a_problem_when_its_width_is_not_the_headers(
    path: Path, line: bytes, cells: list[str], problem: str
) -> None:
    found = read(path, b"a,b,c\n" + line + b"\n4,5,6\n")
    assert found.rows == [Row(2, cells, problem), Row(3, ["4", "5", "6"])]


def test_a_row_has_a_problem_when_a_column_without_name_holds_something(path: Path) -> None:
    found = read(path, b"a,,c\n1,,3\n4,5,6\n")
    assert found.problems == ["", "“5” stands in column 2, which the header does not name."]


def test_columns_are_left_out_when_neither_name_nor_cells_are_there(path: Path) -> None:
    found = read(path, b"a,b,,\n1,2,,\n")
    assert (found.header, found.rows) == (["a", "b"], [Row(2, ["1", "2"])])


def test_a_file_is_refused_when_two_columns_have_one_name(path: Path) -> None:
    error = refusal(path, b"sku,name,sku\n1,2,3\n")
    assert "same name, “sku”" in error.message
    assert error.line == 1


@pytest.mark.parametrize("content", [b"", b"\n\n", b" \r\n", b"\xef\xbb\xbf", b",,\n"])
def test_a_file_is_refused_when_it_is_empty(path: Path, content: bytes) -> None:
    assert "stock.csv is empty" in refusal(path, content).message


def test_a_file_is_refused_when_a_quote_is_never_closed(path: Path) -> None:
    error = refusal(path, b'a,b\n1,2\n3,"4\n5,6\n')
    assert error.message == (
        "The file is cut off: the quote opened in the row of line 3 is never closed."
    )
    assert error.line == 3


def test_a_file_is_refused_when_something_follows_a_quote(path: Path) -> None:
    error = refusal(path, b'a,b\n1,"5" disk"\n')
    assert "line 2" in error.message
    assert "has to be doubled" in error.message


def test_a_file_is_refused_when_it_holds_a_nul(path: Path) -> None:
    error = refusal(path, b"a,b\n1,2\n3,\0\n")
    assert error.message.startswith("Line 3 of stock.csv holds a NUL character")
    assert error.line == 3


def test_a_file_is_refused_when_it_has_too_many_columns(path: Path) -> None:
    header = ",".join(f"c{number}" for number in range(5000))
    assert "5,000 columns" in refusal(path, header.encode()).message


def test_a_file_is_refused_when_a_cell_is_too_long(path: Path) -> None:
    error = refusal(path, b"a,b\n1,2\n3," + b"x" * 100_001)
    assert "longer than 100,000 characters" in error.message
    assert error.line == 3


def test_a_cell_is_read_when_it_is_just_not_too_long(path: Path) -> None:
    assert read(path, b"a,b\n3," + b"x" * 100_000).cells == [["3", "x" * 100_000]]


def test_a_file_is_refused_when_a_row_never_ends(path: Path) -> None:
    error = refusal(path, b"a,b\n" + b'"x\n",' * 2_000_000)
    assert error.message.startswith("The row that begins in line 2 of stock.csv is longer")


def test_a_file_is_refused_when_it_holds_more_than_the_bound(path: Path) -> None:
    error = refusal(path, b"a,b\n" + b"1,2\n" * 1_000_000, max_bytes=3 * 1024 * 1024)
    assert "holds more than 3 MiB" in error.message


def test_progress_is_told_in_bytes_when_rows_are_read(path: Path) -> None:
    path.write_bytes(b"a,b\n" + b"1,2\n" * 500_000)
    with open_table(path, name="stock.csv") as table:
        rows = table.rows()
        next(rows)
        begun, size = table.progress()
        assert 0 < begun < size == path.stat().st_size
        assert len(list(rows)) == 499_999
        assert table.progress() == (size, size)


def test_rows_are_those_of_pythons_reader_when_there_are_many(path: Path) -> None:
    lines = [[str(number), "x" * (number % 97), '"'] for number in range(50_000)]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["a", "b", "c"], *lines])
    found = read(path, path.read_bytes())
    assert found.cells == lines
    assert [row.line for row in found.rows] == list(range(2, 50_002))
