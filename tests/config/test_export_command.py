"""manage.py export: the same files, without a server."""

import os
import signal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.exports import workbooks
from config.exports.subjects import subjects
from config.management.stopping import Stop
from tests.exported import cells, objects, sheet
from tests.factories import ItemFactory, UserFactory


def export(*words: Any) -> str:
    """What the command says."""
    out = StringIO()
    call_command("export", *map(str, words), stdout=out)
    return out.getvalue()


def test_all_of_a_subject_when_nothing_else_is_said(db: None, tmp_path: Path) -> None:
    made = [ItemFactory.create().sku for _ in range(2)]
    path = tmp_path / "items.csv"
    assert export("items", "--output", path) == f"Wrote {path}: 2 items.\n"
    assert [row["sku"] for row in cells(path.read_bytes())] == made


@pytest.mark.parametrize("subject", ["items", "levels", "movements", "loans", "users"])
def test_a_file_when_any_subject_is_exported(subject: str, db: None, tmp_path: Path) -> None:
    export(subject, "--output", tmp_path / "file.csv")
    header = ",".join(subjects()[subject].exported.names)
    assert (tmp_path / "file.csv").read_text("utf-8-sig").splitlines()[0] == header


def test_the_format_of_the_name_when_none_is_said(db: None, tmp_path: Path) -> None:
    item = ItemFactory.create(owner=UserFactory.create(email="o@example.org"))
    for name in ("file.jsonl", "file.xlsx"):
        export("items", "--output", tmp_path / name)
    [row] = objects((tmp_path / "file.jsonl").read_bytes())
    assert (row["sku"], row["owner"]) == (item.sku, "o@example.org")
    assert sheet((tmp_path / "file.xlsx").read_bytes())[1][0] == item.sku


def test_the_format_that_is_said_when_the_name_says_another(db: None, tmp_path: Path) -> None:
    export("items", "--format", "csv", "--output", tmp_path / "file.jsonl")
    assert (tmp_path / "file.jsonl").read_bytes().startswith(b"\xef\xbb\xbfsku,")


def test_what_the_filters_leave_when_there_are_some(db: None, tmp_path: Path) -> None:
    wanted = ItemFactory.create(status="draft", tags=["a", "b"])
    ItemFactory.create(status="draft", tags=["a"])
    path = tmp_path / "items.csv"
    export("items", "--output", path, "--where", "status=draft&tag=a&tag=b")
    assert [row["sku"] for row in cells(path.read_bytes())] == [wanted.sku]


def test_on_stdout_when_no_file_is_named(
    db: None, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    item = ItemFactory.create()
    assert export("items") == ""
    assert [row["sku"] for row in cells(capfdbinary.readouterr().out)] == [item.sku]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--where", "x=1"], "x: There is no such field"),
        (["--where", "status=lost&owner=x"], "status: "),
        (["--where", "format=csv"], "The format is named by --format, not among the filters."),
        (["--output", "items.pdf"], "There is no format for items.pdf: .pdf is none of csv, jsonl"),
        (["--output", "/nowhere/items.csv"], "Nothing was exported: .*/nowhere/items.csv.part"),
    ],
)
def test_one_sentence_when_it_cannot_be_done(words: list[str], said: str, db: None) -> None:
    with pytest.raises(CommandError, match=said):
        export("items", *words)


def test_the_old_file_alone_when_a_new_one_fails(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MAX_ROWS", 0)
    path = tmp_path / "items.xlsx"
    path.write_text("old")
    ItemFactory.create()
    with pytest.raises(CommandError, match="A workbook holds 0 rows"):
        export("items", "--output", path)
    assert [each.name for each in tmp_path.iterdir()] == ["items.xlsx"]
    assert path.read_text() == "old"


def test_no_file_when_it_is_told_to_stop(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        raise Stop

    monkeypatch.setattr(workbooks, "in_xml", stopped)
    ItemFactory.create()
    with pytest.raises(CommandError, match=r"Stopped: nothing was exported\."):
        export("items", "--output", tmp_path / "items.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_command_line_when_there_is_no_such_subject(db: None) -> None:
    with pytest.raises(CommandError, match="invalid choice: 'passwords'"):
        export("passwords")
