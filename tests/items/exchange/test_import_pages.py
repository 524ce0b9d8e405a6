"""The pages of an import, from the file to taking it back."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client

from items.exchange.import_pages import seen
from items.exchange.models import Import
from items.models import Item
from tests.factories import ItemFactory
from tests.items.exchange.importing import (
    IMPORTS,
    XSS,
    apply,
    page_of,
    upload,
    uploaded,
)
from tests.items.helpers import queries, text_of
from tests.items.stock.desk import told
from tests.items.stock.helpers import check_proof
from users.models import User

HEADER = "sku,name,quantity,location"
GOOD, OTHER = "A-1,Anvil,3,Yard", "A-2,Axe,2,Yard"
BAD = "A-3,,1,Yard"


# ── The file ──────────────────────────────────────────────────────────────────────────────────
def test_import_waits_for_nobody_when_a_small_file_is_sent(
    manager_desk: Client, manager: User
) -> None:
    record = uploaded(manager_desk, HEADER, GOOD)
    assert (record.status, record.actor) == (Import.Status.PLANNED, manager)
    assert not Item.objects.exists()


def test_options_kept_when_they_are_said_with_the_file(manager_desk: Client) -> None:
    said = {"decimal": "comma", "currency": "JPY", "location": "Hall / 2", "count": "on"}
    record = uploaded(manager_desk, HEADER, GOOD, **said)
    assert {name: record.options[name] for name in said} == {**said, "count": True}


def test_form_again_when_the_file_is_empty(manager_desk: Client) -> None:
    answer = upload(manager_desk, "")
    assert list(answer.context["form"].errors) == ["file"]
    assert not Import.objects.exists()


def test_form_again_when_the_location_names_nothing(manager_desk: Client) -> None:
    answer = upload(manager_desk, HEADER, GOOD, location=" / ")
    assert answer.context["form"].errors == {"location": ["It holds no name."]}


def test_what_is_understood_told_when_a_file_is_to_be_chosen(manager_desk: Client) -> None:
    text = text_of(manager_desk.get(f"{IMPORTS}add/"))
    assert "Snipe-IT : assets, consumables" in text
    assert ".xlsx" in text


@pytest.mark.parametrize("name", ["items", "levels", "users", "locations"])
def test_an_empty_table_planned_without_rows_when_it_is_sent_back(
    name: str, manager_desk: Client
) -> None:
    [header] = manager_desk.get(f"{IMPORTS}template/{name}.csv").content.decode().splitlines()
    record = uploaded(manager_desk, header.removeprefix("\ufeff"), "")
    assert (record.format, record.totals["rows"]) == (f"native.{name}", 0)


def test_404_when_there_is_no_such_template(manager_desk: Client) -> None:
    assert manager_desk.get(f"{IMPORTS}template/movements.csv").status_code == 404


# ── The plan ──────────────────────────────────────────────────────────────────────────────────
def test_told_what_it_would_do_when_it_is_planned(manager_desk: Client) -> None:
    page = manager_desk.get(page_of(uploaded(manager_desk, HEADER, GOOD, OTHER)))
    text = text_of(page)
    assert page.context["deed"] == "Make 2 items, book 2 quantities"
    assert "Nothing has been written yet. 2 rows, read as Stockroom items." in text
    assert "1 new location: Yard ." in text
    assert "3 at Yard, as a first stock" in text


def test_before_and_after_when_an_item_would_change(manager_desk: Client) -> None:
    ItemFactory.create(sku="A-1", name="Hammer", attributes={"colour": "red", "size": "M"})
    rows = [HEADER + ",attributes", 'A-1,Anvil,,,"{""colour"": ""blue"", ""size"": ""M""}"']
    text = text_of(manager_desk.get(page_of(uploaded(manager_desk, *rows))))
    assert "name : Hammer → Anvil" in text
    assert "colour : red → blue" in text
    assert "size" not in text.partition("In detail")[2]


def test_column_value_and_reason_when_a_row_is_refused(manager_desk: Client) -> None:
    record = uploaded(manager_desk, "SKU,Name,Price", "A-1,Anvil,cheap", "A-2,,")
    text = text_of(manager_desk.get(page_of(record, outcome="refused")))
    assert "Price cheap : It is not a number such as 1234.56." in text
    assert "2 rows are refused." in text


def test_no_button_when_there_is_nothing_to_do(manager_desk: Client) -> None:
    ItemFactory.create(sku="A-1", name="Anvil")
    page = manager_desk.get(page_of(uploaded(manager_desk, "sku,name", "A-1,Anvil")))
    assert "Nothing: what the file says is there already" in text_of(page)
    assert b'id="apply"' not in page.content


def test_rows_of_one_outcome_when_a_tab_is_chosen(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, GOOD, BAD)
    page = manager_desk.get(page_of(record, outcome="refused"))
    assert [each.row.line for each in page.context["rows"].shown] == [3]
    assert [(tab.label, tab.number, tab.chosen) for tab in page.context["tabs"]] == [
        ("All rows", "2", False),
        ("To be made", "1", False),
        ("Refused", "1", True),
    ]


@pytest.mark.parametrize("asked", [{"outcome": "none"}, {"after": "x"}, {"after": "9" * 30}])
def test_all_rows_when_what_is_asked_makes_no_sense(
    asked: dict[str, str], manager_desk: Client
) -> None:
    record = uploaded(manager_desk, HEADER, GOOD)
    assert len(manager_desk.get(page_of(record, **asked)).context["rows"].shown) == 1


def test_each_row_once_when_one_pages_through(manager_desk: Client) -> None:
    record = uploaded(manager_desk, "sku,name", *(f"A-{n},Thing {n}" for n in range(120)))
    lines, url = [], "?"
    while url:
        rows = manager_desk.get(page_of(record) + url).context["rows"]
        lines += [each.row.line for each in rows.shown]
        url = rows.next_url
    assert lines == list(range(2, 122))


def test_text_escaped_when_a_file_holds_markup(manager_desk: Client) -> None:
    name = XSS.replace("/", "")
    record = uploaded(
        manager_desk, f"sku,name,{XSS}", f"A-1,{XSS},{XSS}", f",{XSS},", name=f"{name}.csv"
    )
    page = manager_desk.get(page_of(record)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    listed = manager_desk.get(IMPORTS).content.decode()
    assert "<script>alert" not in listed


def test_long_value_cut_with_all_of_it_beside_when_it_is_shown(manager_desk: Client) -> None:
    long = "x" * 200
    page = manager_desk.get(page_of(uploaded(manager_desk, "sku,name,description", f"1,a,{long}")))
    assert f'title="{long}">{"x" * 80}…<' in page.content.decode()


def test_the_first_values_when_a_row_has_very_many(manager_desk: Client) -> None:
    names = ",".join(f"c{n}" for n in range(100))
    record = uploaded(manager_desk, f"sku,name,{names}", f"A-1,Anvil,{names}")
    page = manager_desk.get(page_of(record))
    assert len(page.context["rows"].shown[0].values) == 30
    assert "and 70 more" in text_of(page)


@pytest.mark.parametrize("many", [1, 60])
def test_few_queries_when_a_plan_is_opened(many: int, manager_desk: Client) -> None:
    header = "sku,name,category,quantity,location,holder"
    rows = (f"A-{n},Thing {n},C{n} / D{n},1,L{n} / M{n},p{n}@example.org" for n in range(many))
    record = uploaded(manager_desk, header, *rows)
    manager_desk.get(page_of(record))
    assert queries(manager_desk, page_of(record)) <= 10
    apply(manager_desk, record)
    assert queries(manager_desk, page_of(record)) <= 10


# ── The deed ──────────────────────────────────────────────────────────────────────────────────
def test_register_as_planned_when_it_is_applied(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, GOOD, OTHER)
    apply(manager_desk, record)
    assert record.status == Import.Status.APPLIED
    on_hand = dict(Item.objects.values_list("sku", "on_hand"))
    assert on_hand == {"A-1": Decimal(3), "A-2": Decimal(2)}
    check_proof()


def test_told_what_was_done_with_links_when_it_is_applied(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, GOOD)
    apply(manager_desk, record)
    page = manager_desk.get(page_of(record))
    assert "Made 1 item, booked 1 quantity." in text_of(page)
    [row] = page.context["rows"].shown
    assert row.url == f"/admin/items/item/{Item.objects.get().pk}/change/"
    assert "1 movement" in text_of(manager_desk.get(page.context["booked"]))


def test_nothing_written_when_nobody_says_to_leave_refused_rows_out(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, GOOD, BAD)
    [sentence] = told(apply(manager_desk, record))
    assert sentence.startswith("Nothing was written: 1 row is refused.")
    assert record.status == Import.Status.PLANNED
    assert not Item.objects.exists()


def test_good_rows_written_when_refused_ones_are_left_out(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, GOOD, BAD)
    apply(manager_desk, record, leave_out="on")
    assert list(Item.objects.values_list("sku", flat=True)) == ["A-1"]
    assert "1 row was left out." in text_of(manager_desk.get(page_of(record)))


def test_nothing_written_when_the_plan_was_made_anew_since_it_was_seen(
    manager_desk: Client,
) -> None:
    record = uploaded(manager_desk, HEADER, GOOD)
    Import.objects.update(planned_at=datetime.now(UTC))
    answer = manager_desk.post(page_of(record, "apply"), {"seen": seen(record)})
    assert "made anew" in told(answer)[0]
    assert not Item.objects.exists()


def test_nothing_written_and_told_why_when_something_has_changed_since(
    manager_desk: Client,
) -> None:
    item = ItemFactory.create(sku="A-1", name="Hammer")
    record = uploaded(manager_desk, "sku,name", "A-1,Anvil")
    item.name = "Mallet"
    item.save()
    [sentence] = told(apply(manager_desk, record))
    assert "1 item has been changed since the plan was made" in sentence
    item.refresh_from_db()
    assert item.name == "Mallet"


def test_applied_once_when_it_is_sent_twice(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, GOOD)
    sent = {"seen": seen(record)}
    answers = [manager_desk.post(page_of(record, "apply"), sent) for _ in range(2)]
    assert "cannot be applied: it is applied" in told(answers[1])[0]
    assert Item.objects.get().on_hand == 3


# ── The rows that were refused ────────────────────────────────────────────────────────────────
def test_refused_rows_with_reasons_when_they_are_downloaded(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, GOOD, BAD, name="our list.csv")
    answer = manager_desk.get(page_of(record, "refused"))
    assert answer["Content-Disposition"] == 'attachment; filename="our list-refused.csv"'
    [header, row] = b"".join(answer).decode("utf-8-sig").splitlines()
    assert header == f"{HEADER},Why it was refused"
    assert row.startswith(BAD)
    assert "It may not be blank" in row


def test_mended_rows_imported_when_the_file_of_the_refused_is_sent(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, BAD)
    file = b"".join(manager_desk.get(page_of(record, "refused"))).decode("utf-8-sig")
    again = uploaded(manager_desk, *file.replace("A-3,,", "A-3,Awl,").splitlines())
    apply(manager_desk, again)
    assert Item.objects.get().name == "Awl"


def test_404_when_the_file_is_not_there_any_more(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, BAD)
    Import.objects.update(stored_as="gone")
    assert manager_desk.get(page_of(record, "refused")).status_code == 404


# ── Taken back, or discarded ──────────────────────────────────────────────────────────────────
def test_told_what_it_does_and_nothing_done_when_undoing_is_asked_about(
    manager_desk: Client,
) -> None:
    record = uploaded(manager_desk, HEADER, GOOD)
    apply(manager_desk, record)
    assert "retires the items that it made" in text_of(manager_desk.get(page_of(record, "undo")))
    assert Item.objects.get().status == "active"


def test_taken_back_when_it_is_undone(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, GOOD)
    apply(manager_desk, record)
    manager_desk.post(page_of(record, "undo"))
    item = Item.objects.get()
    assert (item.status, item.on_hand) == ("retired", Decimal(0))
    assert "1 bookings reversed and 1 items retired" in text_of(manager_desk.get(page_of(record)))
    check_proof()


def test_told_which_and_why_when_something_cannot_be_undone(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, GOOD, OTHER)
    apply(manager_desk, record)
    Item.objects.filter(sku="A-2").update(name="Big axe")
    manager_desk.post(page_of(record, "undo"))
    text = text_of(manager_desk.get(page_of(record)))
    assert "1 item stays as it is" in text
    assert "3 A-2 It has been edited since." in text


def test_back_to_its_page_when_there_is_nothing_to_undo(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, GOOD)
    assert manager_desk.post(page_of(record, "undo"))["Location"] == page_of(record)
    record.refresh_from_db()
    assert record.status == Import.Status.PLANNED


def test_gone_when_a_plan_is_discarded(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, GOOD)
    answer = manager_desk.post(page_of(record, "discard"))
    assert told(answer) == ["Discarded: items.csv. Nothing of it was written."]
    assert not Import.objects.exists()


def test_kept_when_an_import_that_was_applied_is_discarded(manager_desk: Client) -> None:
    record = uploaded(manager_desk, HEADER, GOOD)
    apply(manager_desk, record)
    answer = manager_desk.post(page_of(record, "discard"))
    assert told(answer) == ["The import cannot be discarded: it is applied."]
    assert Import.objects.exists()
