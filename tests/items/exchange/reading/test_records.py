"""JSON documents and lines as rows."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from items.exchange.reading import RecordTable, Row, open_table
from tests.items.exchange.reading.files import read, refusal

DEEP = 100_000
LESS_DEEP = 600  # Python reads it, and cannot write it


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stock.json"


@pytest.fixture
def lines_path(tmp_path: Path) -> Path:
    return tmp_path / "stock.jsonl"


def test_records_are_rows_when_a_document_is_a_list(path: Path) -> None:
    found = read(path, b'[{"sku": "A", "n": "1"},\n {"n": "2", "sku": "B"}]')
    assert found.kind == "json"
    assert found.header == ["sku", "n"]
    assert found.rows == [Row(1, ["A", "1"]), Row(2, ["B", "2"])]


def test_records_are_rows_when_a_document_is_an_envelope(path: Path) -> None:
    content = b'{"success": true, "data": [{"sku": "A"}], "meta": {"page": 1, "total": 1}}'
    assert read(path, content).rows == [Row(1, ["A"])]


def test_records_are_rows_when_each_line_is_one(lines_path: Path) -> None:
    found = read(lines_path, b'\xef\xbb\xbf{"sku": "A"}\r\n\r\n{"sku": "B"}')
    assert found.rows == [Row(1, ["A"]), Row(3, ["B"])]
    assert found.notes == ["1 blank line was left out."]


@pytest.mark.parametrize(
    ("literal", "cell"),
    [
        ('"x"', "x"),
        ("0.1000", "0.1000"),
        ("1e5", "1e5"),
        ("-0", "-0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("0.1234567890123456789", "0.1234567890123456789"),
        ("9" * 5000, "9" * 5000),
        ("true", "true"),
        ("false", "false"),
        ("null", ""),
        ('[1.50, "의", null]', '[1.50,"의",null]'),
        ('{"a": {"b": [true, "\\""]}}', '{"a":{"b":[true,"\\""]}}'),
    ],
)
def test_a_value_is_a_cell_without_loss_when_it_is_of_any_kind(
    path: Path, literal: str, cell: str
) -> None:
    assert read(path, f'[{{"v": {literal}}}]'.encode()).cells == [[cell]]


def test_a_cell_is_blank_when_its_key_is_missing(path: Path) -> None:
    assert read(path, b'[{"a": 1, "b": 2}, {"b": 3}]').rows[1] == Row(2, ["", "3"])


def test_a_row_has_a_problem_when_its_key_is_unknown(path: Path) -> None:
    found = read(path, b'[{"a": 1}, {"a": 2, "x": 3}]')
    assert found.problems == ["", "It has “x”, which the first record does not have."]


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800"])
def test_a_row_has_a_problem_when_a_value_is_no_text(path: Path, escape: str) -> None:
    found = read(path, f'[{{"a": "{escape}"}}]'.encode())
    assert found.problems == ["It holds a character that no text may hold: remove it."]


def test_records_are_there_as_they_are_when_asked_for(path: Path) -> None:
    dump = [{"model": "part.part", "pk": 5, "fields": {"name": "M2", "tags": [1.5]}}]
    path.write_text(json.dumps(dump), encoding="utf-8")
    with open_table(path, name="stock.json") as table:
        assert isinstance(table, RecordTable)
        assert table.header == ["model", "pk", "fields"]
        expected = {"model": "part.part", "pk": "5", "fields": {"name": "M2", "tags": ["1.5"]}}
        assert list(table.records()) == [(1, expected)]


def test_fields_are_json_when_a_dump_is_read_as_rows(path: Path) -> None:
    dump = b'[{"model": "part.part", "pk": 5, "fields": {"name": "M2", "stock": 1.50}}]'
    assert read(path, dump).cells == [["part.part", "5", '{"name":"M2","stock":1.50}']]


def test_every_record_is_read_when_there_are_many_blocks(path: Path) -> None:
    records: list[dict[str, Any]] = [
        {"n": str(number), "text": "의자\\" * (number % 300)} for number in range(5_000)
    ]
    found = read(path, json.dumps(records, indent=1, ensure_ascii=False).encode())
    assert found.cells == [[record["n"], record["text"]] for record in records]


def test_a_value_is_found_when_spaces_surround_its_key(path: Path) -> None:
    found = read(path, b'[{" a ": 1}]')
    assert (found.header, found.cells) == (["a"], [["1"]])


def test_there_are_no_rows_when_a_list_is_empty(path: Path) -> None:
    assert read(path, b'{"data": []}').rows == []


def test_a_document_is_read_when_it_is_packed(tmp_path: Path) -> None:
    content = gzip.compress(b'[{"a": 1}]')
    assert read(tmp_path / "stock.json.gz", content).cells == [["1"]]


@pytest.mark.parametrize("content", [b'[{"a": 1}, {"a": ', b'[{"a": 1}, {"a": "x', b'[{"a": 1},'])
def test_a_document_is_refused_when_it_is_cut_off(path: Path, content: bytes) -> None:
    error = refusal(path, content)
    assert error.message == ("stock.json is cut off, within record 2: save or fetch it again.")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"sku,name\n1,2\n", "is no JSON"),
        (b'{"a": 1}', "is a single JSON object: expected was a list"),
        (b'{"a": 1}\n{"a": 2}', "call it .jsonl"),
        (b"[1, 2]", "Record 1 of stock.json is no object"),
        (b'[{"a": 1} {"a": 2}]', "Record 1 of stock.json is not sound JSON"),
        (b'[{"a": 1}, {"a": 1,, "b": 2, "c": "xxxxxx"}]', "Record 2 of stock.json is not sound"),
        (b'[{"a": NaN, "b": 2, "c": "xxxxxx"}]', "is not sound JSON"),
        (b'[{"a": 1, "a": 2}]', "same key twice"),
        (b'[{"a": 1}] x', "goes on after the end"),
        (b'[{"a": ' + b"[" * DEEP + b"]" * DEEP + b"}]", "nested too deeply"),
        (b'[{"a": ' + b"[" * LESS_DEEP + b"]" * LESS_DEEP + b"}]", "nested too deeply"),
        (b'[{"a": "' + b"x" * 100_001 + b'"}]', "longer than 100,000 characters"),
        (b'[{"a": "' + b"x" * 20_000_000 + b'"}]', "longer than 4,194,304 characters"),
        (b"[" + b"[" * 5_000_000, "is no object"),
        (b" " * 5_000_000, "is no JSON"),
    ],
)
def test_a_document_is_refused_when_it_is_no_list_of_records(
    path: Path, content: bytes, words: str
) -> None:
    assert words in refusal(path, content).message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\n\n", "stock.jsonl is empty"),
        (b'{"\\u0000": 1}', "A column name of stock.jsonl holds a character"),
        (b'{"a": 1}\n{"a": \n', "Line 2 of stock.jsonl is not sound JSON"),
        (b'{"a": 1}\n[1]\n', "Line 2 of stock.jsonl is JSON but no object"),
        (b'{"a": "' + b"x" * 5_000_000 + b'"}', "Line 1 of stock.jsonl is longer"),
    ],
)
def test_lines_are_refused_when_one_is_no_record(
    lines_path: Path, content: bytes, words: str
) -> None:
    assert words in refusal(lines_path, content).message
