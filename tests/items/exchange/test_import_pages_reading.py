"""How a file is read, as the admin shows it and lets it be changed."""

import pytest
from django.test import Client

from items.exchange.models import Import
from tests.items.exchange.importing import becomes, page_of, read_again, reading, uploaded
from tests.items.helpers import text_of

UNKNOWN = ("Tuote,Nimike,Lukumäärä,Väri", "X-1,Schraube,10,rot", "X-2,Mutter,20,blau")


# ── Columns ───────────────────────────────────────────────────────────────────────────────────
def test_what_each_column_becomes_shown_when_the_format_is_recognised(
    manager_desk: Client,
) -> None:
    header = "Asset Tag,Name,Serial,Purchase Date,Image"
    record = uploaded(manager_desk, header, "T-1,Laptop,S-1,1/2/26,x.png")
    assert becomes(manager_desk, record) == {
        "Asset Tag": "sku",
        "Name": "name",
        "Serial": "serial_number",
        "Purchase Date": "attributes.",
        "Image": "-",
    }


def test_first_values_that_differ_shown_when_a_column_has_some(manager_desk: Client) -> None:
    rows = [f"A-{n},Thing,{'' if n < 2 else n % 3}" for n in range(9)]
    record = uploaded(manager_desk, "sku,name,colour", *rows)
    columns = manager_desk.get(page_of(record)).context["form"].columns
    assert [column.examples for column in columns] == [
        ["A-0", "A-1", "A-2"],
        ["Thing"],
        ["2", "0", "1"],
    ]


def test_read_otherwise_when_a_column_is_made_another(manager_desk: Client) -> None:
    record = uploaded(manager_desk, "sku,name,colour,shade", "A-1,Anvil,black,dark")
    read_again(manager_desk, record, column_1="description", column_2="name", column_3="-")
    assert record.options["map"] == {"name": "description", "colour": "name", "shade": "-"}
    text = text_of(manager_desk.get(page_of(record)))
    assert "A-1 black" in text
    assert "name Anvil" in text
    assert record.format == "native.items"


def test_as_recognised_again_when_a_column_is_made_what_it_was(manager_desk: Client) -> None:
    record = uploaded(manager_desk, "sku,name,colour", "A-1,Anvil,black")
    read_again(manager_desk, record, column_2="-")
    read_again(manager_desk, record, column_2="attributes.")
    assert record.options["map"] == {}


def test_told_what_is_needed_when_no_column_is_known(manager_desk: Client) -> None:
    record = uploaded(manager_desk, *UNKNOWN)
    assert record.status == Import.Status.FAILED
    text = text_of(manager_desk.get(page_of(record)))
    assert "Nothing has been written. One thing has to be said" in text
    assert "No column is the SKU, name, barcode or serial number ." in text


def test_planned_when_it_is_said_what_the_columns_are(manager_desk: Client) -> None:
    record = uploaded(manager_desk, *UNKNOWN)
    read_again(manager_desk, record, column_0="sku", column_1="name", column_2="quantity")
    assert (record.status, record.totals["create"]) == (Import.Status.PLANNED, 2)
    assert "read as a table whose columns were named by hand" in text_of(
        manager_desk.get(page_of(record))
    )


def test_planned_as_people_when_it_is_said_that_rows_are_such(manager_desk: Client) -> None:
    record = uploaded(manager_desk, "Wer,Adresse", "Paula Person,paula@example.org")
    read_again(manager_desk, record, subject="person", column_0="name", column_1="email")
    assert record.totals["subjects"]["person"]["create"] == 1


def test_form_again_when_what_is_needed_is_not_said(manager_desk: Client) -> None:
    record = uploaded(manager_desk, *UNKNOWN)
    answer = read_again(manager_desk, record, column_2="quantity")
    assert answer.context["form"].non_field_errors() == [
        "Say which column is the SKU, name, barcode or serial number."
    ]
    assert record.status == Import.Status.FAILED


def test_form_again_when_a_column_is_made_what_there_is_not(manager_desk: Client) -> None:
    record = uploaded(manager_desk, *UNKNOWN)
    answer = read_again(manager_desk, record, column_0="version")
    assert list(answer.context["form"].errors) == ["column_0"]


def test_columns_as_the_format_knows_them_when_another_is_chosen(manager_desk: Client) -> None:
    record = uploaded(manager_desk, "sku,name,colour", "A-1,Anvil,black")
    read_again(manager_desk, record, column_1="description", format="spreadsheet.items")
    assert (record.options["map"], record.format) == ({}, "spreadsheet.items")


def test_no_columns_when_the_file_is_no_table(manager_desk: Client) -> None:
    part = '{"model": "part.part", "pk": 1, "fields": {"name": "Bolt"}}'
    record = uploaded(manager_desk, f"[{part}]", name="dump.json")
    assert manager_desk.get(page_of(record)).context["form"].columns == []
    read_again(manager_desk, record, location="Hall")
    assert record.status == Import.Status.PLANNED


# ── What is asked ─────────────────────────────────────────────────────────────────────────────
DECIMALS = ("Product,Price,Quantity", 'Drill,"1,234",3')
DAYS = ("Product,Quantity,Assigned To,Due Date", "Easel,1,max@example.org,03/04/2027")


@pytest.mark.parametrize(
    ("lines", "name", "choices", "said"),
    [
        (DECIMALS, "decimal", ["point", "comma"], "Price 1.234"),
        (DAYS, "date", ["mdy", "dmy"], "1 at Unsorted lent to max@example.org"),
    ],
)
def test_planned_when_what_is_asked_is_answered(
    lines: tuple[str, ...], name: str, choices: list[str], said: str, manager_desk: Client
) -> None:
    record = uploaded(manager_desk, *lines)
    page = manager_desk.get(page_of(record))
    [question] = page.context["form"].questions
    assert (question.name, [value for value, _ in question.field.choices]) == (name, choices)
    assert "Choose:" not in text_of(page)
    read_again(manager_desk, record, **{name: choices[1]})
    assert record.status == Import.Status.PLANNED
    assert said in text_of(manager_desk.get(page_of(record)))


def test_asked_again_when_it_is_not_answered(manager_desk: Client) -> None:
    record = uploaded(manager_desk, *DECIMALS)
    answer = read_again(manager_desk, record)
    assert list(answer.context["form"].errors) == ["decimal"]


# ── What cannot be read ───────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("lines", "name", "sentence"),
    [
        (("sku,name", 'A-1,"Anvil'), "items.csv", "the quote opened in the row of line 2"),
        (("%PDF-1.4",), "items.csv", "items.csv is a PDF"),
        (("kind,source,destination,quantity",), "items.csv", "Movements are the ledger itself"),
    ],
)
def test_told_why_when_a_file_cannot_be_planned(
    lines: tuple[str, ...], name: str, sentence: str, manager_desk: Client
) -> None:
    record = uploaded(manager_desk, *lines, name=name)
    text = text_of(manager_desk.get(page_of(record)))
    assert "Nothing has been written. The file could not be planned." in text
    assert sentence in text


def test_told_why_when_the_file_is_gone(manager_desk: Client) -> None:
    record = uploaded(manager_desk, "sku,name", "A-1,Anvil")
    said = reading(manager_desk, record)
    Import.objects.update(stored_as="gone")
    manager_desk.post(page_of(record, "plan"), said)
    assert "without its file" in text_of(manager_desk.get(page_of(record)))
