"""Workbooks as rows of text."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from items.exchange.reading import Row, open_table
from tests.items.exchange.reading.books import HEADER, MAIN, book, raw_book, row_of
from tests.items.exchange.reading.files import read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stock.xlsx"


def test_rows_carry_the_sheets_numbers_when_a_workbook_is_read(path: Path) -> None:
    found = read(path, book([[], ["sku", "name"], ["A", "Chair"], [], ["B", None], [], [" "]]))
    assert (found.kind, found.header) == ("xlsx", ["sku", "name"])
    assert found.rows == [Row(3, ["A", "Chair"]), Row(5, ["B", ""])]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("Chair", "Chair"),
        (" padded ", " padded "),
        ("two\nlines", "two\nlines"),
        ("의자 & <b>", "의자 & <b>"),
        (5, "5"),
        (-5, "-5"),
        (5.0, "5"),
        (0.1, "0.1"),
        (1.1, "1.1"),
        (1e-7, "0.0000001"),
        (6.37702e15, "6377020000000000"),
        (True, "true"),
        (False, "false"),
        (dt.datetime(2024, 2, 29), "2024-02-29"),
        (dt.datetime(2024, 2, 29, 13, 45, 10), "2024-02-29T13:45:10"),
        (dt.date(2024, 2, 29), "2024-02-29"),
        (dt.time(13, 45), "13:45:00"),
        (dt.timedelta(hours=26, minutes=5), "26:05:00"),
    ],
)
def test_a_cell_is_text_without_loss_when_it_is_of_any_kind(
    path: Path, value: Any, cell: str
) -> None:
    assert read(path, book([["v"], [value]])).cells == [[cell]]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A2"><v>6.37702E+15</v></c>', "6377020000000000"),
        ('<c r="A2"><v>12345678901234567</v></c>', "12345678901234567"),
        ('<c r="A2"><v>1.1000000000000001</v></c>', "1.1"),
        ("<c><v>1E+300</v></c>", "1E+300"),
        ('<c t="str"><f>A1</f><v>cached</v></c>', "cached"),
        ('<c r="A2"><f>SUM(B1:B2)</f><v>3</v></c>', "3"),
        ('<c t="d"><v>2024-02-29T00:00:00</v></c>', "2024-02-29"),
        ('<c t="inlineStr"><is><r><t>one </t></r><r><t>two</t></r></is></c>', "one two"),
        ('<c t="inlineStr"><is><t>言</t><rPh sb="0" eb="1"><t>ゲン</t></rPh></is></c>', "言"),
        ('<c t="inlineStr"><is><t>a_x000D_b_x005F_x0041_</t></is></c>', "a\rb_x0041_"),
    ],
)
def test_a_cell_is_read_when_other_programs_write_it(path: Path, cell: str, text: str) -> None:
    assert read(path, raw_book(row_of(cell))).cells == [[text]]


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ('<c r="A2" t="e"><v>#N/A</v></c>', "The cell A2 holds the error #N/A."),
        ('<c r="A2"><v>x</v></c>', "The cell A2 holds “x”, which is not a number."),
        ('<c r="A2"><v>NaN</v></c>', "The cell A2 holds “NaN”, which is not a number."),
        (
            '<c t="inlineStr"><is><t>_x0000_</t></is></c>',
            "It holds a character that no text may hold: remove it.",
        ),
        (
            '<c r="A2"><v>1</v></c><c r="B2"><v>2</v></c>',
            "It has 2 cells, and the header has 1.",
        ),
    ],
)
def test_a_row_has_a_problem_when_a_cell_is_not_sound(path: Path, cell: str, problem: str) -> None:
    assert read(path, raw_book(row_of(cell))).problems == [problem]


def test_shared_texts_are_found_when_cells_refer_to_them(path: Path) -> None:
    texts = f'<sst xmlns="{MAIN}"><si><t>v</t></si><si><r><t>a</t></r><r><t>b</t></r></si></sst>'
    rows = '<row><c t="s"><v>0</v></c></row><row><c t="s"><v>1</v></c></row>'
    found = read(path, raw_book(rows, texts))
    assert (found.header, found.cells) == (["v"], [["ab"]])


def test_every_row_is_read_when_the_sheet_states_a_smaller_size(path: Path) -> None:
    cells = '<c r="A2"><v>1</v></c>'
    rows = "".join(f'<row r="{number}">{cells}</row>' for number in range(2, 3_000))
    assert len(read(path, raw_book(HEADER + rows)).rows) == 2_998


def test_the_first_filled_sheet_is_read_when_there_are_several(path: Path) -> None:
    found = read(path, book([], [["a"], ["1"]], [[" "]], [["b"], ["2"]]))
    assert found.cells == [["1"]]
    assert found.notes == ["The sheet “Sheet2” was read, and not “Sheet4”."]


def test_a_hidden_sheet_comes_last_when_another_is_shown(path: Path) -> None:
    path.write_bytes(book([["hidden"], ["1"]], [["shown"], ["2"]]))
    made = load_workbook(path)
    made.worksheets[0].sheet_state = "hidden"
    made.active = 1
    made.save(path)
    assert read(path, path.read_bytes()).header == ["shown"]


def test_cells_are_blank_when_they_are_merged(path: Path) -> None:
    made = Workbook()
    sheet = made.worksheets[0]
    sheet.append(["a", "b"])
    sheet.append(["1", None])
    sheet.merge_cells("A2:B2")
    made.save(path)
    assert read(path, path.read_bytes()).cells == [["1", ""]]


def test_dates_count_from_1904_when_the_workbook_says_so(path: Path) -> None:
    made = Workbook()
    made.epoch = dt.datetime(1904, 1, 1)
    made.worksheets[0].append(["v"])
    made.worksheets[0].append([dt.date(2024, 2, 29)])
    made.save(path)
    assert read(path, path.read_bytes()).cells == [["2024-02-29"]]


def test_blank_rows_are_counted_when_rows_follow_them(path: Path) -> None:
    found = read(path, book([["a"], [" "], ["1"], [" "], [" "]]))
    assert found.notes == ["1 blank line was left out."]


def test_progress_grows_to_the_files_size_when_a_sheet_is_read(path: Path) -> None:
    path.write_bytes(book([["a", "b"], *([str(n), "x" * 50] for n in range(5_000))]))
    with open_table(path, name="stock.xlsx") as table:
        rows = table.rows()
        next(rows)
        begun, size = table.progress()
        assert 0 < begun < size == path.stat().st_size
        assert len(list(rows)) == 4_999
        assert table.progress() == (size, size)
