"""manage.py import_items: the plan on the terminal, and the deed when it is asked for."""

import csv
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from items.exchange import services
from items.models import Import, Item

pytestmark = pytest.mark.django_db

FILE = "sku,name,unit_price\nA-1,Lamp,5\nA-2,,cheap\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "items.csv"
    found.write_text(FILE, encoding="utf-8")
    return found


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    call_command("import_items", *map(str, arguments))
    return capsys.readouterr().out


def test_the_plan_is_shown_and_nothing_written(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run(capsys, path)
    assert "items: 1 create, 1 refused" in told
    assert "line 3: refused A-2" in told
    assert "unit_price: “cheap” It is not a number such as 1234.56." in told
    assert "Nothing has been written." in told
    assert not Item.objects.exists()


def test_nothing_is_applied_when_a_row_is_refused(path: Path) -> None:
    with pytest.raises(CommandError, match="1 row is refused, so nothing was written"):
        call_command("import_items", str(path), "--apply")
    assert not Item.objects.exists()


def test_the_good_rows_are_applied_and_the_others_written_when_they_are_skipped(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.csv"
    told = run(capsys, path, "--apply", "--skip-bad", "--refused", bad)
    assert "1 made, 1 refused and left out" in told
    with bad.open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["sku"], row["unit_price"]) == ("A-2", "cheap")
    assert "not a number" in row["Why it was refused"]


def test_the_refused_rows_are_imported_when_they_have_been_mended(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.csv"
    run(capsys, path, "--apply", "--skip-bad", "--refused", bad)
    mended = bad.read_text(encoding="utf-8-sig").replace("A-2,,cheap", "A-2,Desk,7")
    bad.write_text(mended, encoding="utf-8")
    run(capsys, bad, "--apply")
    assert Item.objects.get(sku="A-2").attributes == {}


def test_an_earlier_plan_is_applied_when_it_is_named(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, path)
    run(capsys, "--apply-plan", Import.objects.get().pk, "--skip-bad")
    assert Item.objects.get().sku == "A-1"


def test_an_import_is_taken_back_when_it_is_named(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, path, "--apply", "--skip-bad")
    told = run(capsys, "--undo", Import.objects.get().pk)
    assert "0 movements reversed, 0 items restored, 1 retired" in told


def test_changes_are_shown_when_they_are_asked_for(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, path, "--apply", "--skip-bad")
    path.write_text("sku,name,unit_price\nA-1,Torch,6\n", encoding="utf-8")
    told = run(capsys, path, "--show", "update")
    assert "name: Lamp → Torch" in told
    assert "unit_price: 5 → 6" in told


def test_the_first_rows_are_shown_and_the_rest_counted(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text("sku,name\n" + "".join(f"A-{n},\n" for n in range(9)), encoding="utf-8")
    told = run(capsys, path, "--limit", 2)
    assert "… and 7 more (--limit)" in told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name a file"),
        (["nowhere.csv"], "nowhere.csv cannot be read: No such file or directory."),
        (["--apply-plan", "9999"], "There is no import 9999."),
        (["--undo", "9999"], "There is no import 9999."),
    ],
)
def test_one_sentence_says_what_is_wrong(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("import_items", *arguments)


def test_a_question_of_the_file_is_asked_in_one_sentence(path: Path) -> None:
    path.write_text("Name,Price\nLamp,1.234\n", encoding="utf-8")
    with pytest.raises(CommandError, match="with a decimal point or with a decimal comma"):
        call_command("import_items", str(path))
    assert not Import.objects.exists()


def test_no_file_is_left_behind_when_it_cannot_be_planned(path: Path) -> None:
    path.write_bytes(b"")
    before = {*services.folder().glob("*")}
    with pytest.raises(CommandError):
        call_command("import_items", str(path))
    assert {*services.folder().glob("*")} == before


def test_a_mapping_is_taken_from_the_arguments(path: Path) -> None:
    path.write_text("Foo,Bar=x\n1,Lamp\n", encoding="utf-8")
    call_command("import_items", str(path), "--apply", "--map", "Foo=sku", "--map", "Bar=x=name")
    assert Item.objects.get().name == "Lamp"
