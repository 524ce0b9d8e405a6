"""The admin's forms that book: what they refuse, each with its sentence beside its field."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from items.models import Item
from tests.factories import UserFactory
from tests.items.helpers import text_of
from tests.items.stock.desk import (
    Stage,
    errors_of,
    form_of,
    page_of,
    quantity,
    send,
    told,
)
from tests.items.stock.helpers import at, check_proof, kept, receive

MANY = "quantity"  # stands for the field that asks how many of the subject
REQUIRED, NO_NUMBER = "This field is required.", "Enter a number."
UNKNOWN = "Select a valid choice. That choice is not one of the available choices."
TOO_LONG = "Ensure that there are no more than 15 digits in total."
LEAST = "Ensure this value is greater than or equal to 0.001."


def refused(desk: Client, slug: str, subject: Any, **said: Any) -> dict[str, list[str]]:
    """The reasons; nothing has changed."""
    return refusals(desk, slug, subject, [said])[0]


def refusals(
    desk: Client, slug: str, subject: Any, attempts: list[dict[str, Any]]
) -> list[dict[str, list[str]]]:
    """The reasons for each of the attempts with one form; nothing has changed."""
    before = kept()
    page, many = page_of(slug, subject), f"quantity_{subject.pk}"
    form = form_of(desk, page)
    found = []
    for said in attempts:
        answer = desk.post(page, form | {many if k == MANY else k: v for k, v in said.items()})
        errors = errors_of(answer)
        found.append({MANY if field == many else field: errors[field] for field in errors})
    assert kept() == before
    return found


# ── What is said ──────────────────────────────────────────────────────────────────────────────
def test_told_beside_it_when_a_quantity_is_none(stage: Stage, desk: Client) -> None:
    sentences = {
        **dict.fromkeys(["", None], REQUIRED),
        **dict.fromkeys(["0", "0.000", "-1"], LEAST),
        **dict.fromkeys(["NaN", "sNaN", "Infinity", "x", " ", "1,5", "1.0.0", "1\0"], NO_NUMBER),
        "1.0001": "Ensure that there are no more than 3 decimal places.",
        "1e-400": TOO_LONG,
        "1000000000000": "Ensure that there are no more than 12 digits before the decimal point.",
        "1e999999999": TOO_LONG,
        "9" * 500: TOO_LONG,
    }
    said = [
        {"destination": stage.shelf.pk, MANY: "" if many is None else many} for many in sentences
    ]
    found = refusals(desk, "receive", stage.item, said)
    for errors, (many, sentence) in zip(found, sentences.items(), strict=True):
        assert set(errors) == {MANY}, many
        assert sentence in errors[MANY], many


def test_told_beside_it_when_a_count_is_none(stage: Stage, manager_desk: Client) -> None:
    said = [{MANY: many, "location": stage.shelf.pk} for many in ("", "-0.001", "NaN", "0.0001")]
    found = refusals(manager_desk, "count", stage.item, said)
    assert [set(errors) for errors in found] == [{MANY}] * 4


@pytest.mark.parametrize(
    ("slug", "field", "sentence"),
    [
        *(("receive", "destination", UNKNOWN), ("lend", "holder", UNKNOWN)),
        ("lend", "source", "There is none of it there."),
    ],
)
def test_told_beside_it_when_a_place_or_person_is_unknown(
    slug: str, field: str, sentence: str, stage: Stage, desk: Client
) -> None:
    sentences = {
        **dict.fromkeys(["x", "-1", "0", "999999", "9" * 30, "1.5", "²"], sentence),
        "": REQUIRED,
        "\0": "Null characters are not allowed.",
    }
    said = {MANY: 1, "destination": stage.shelf.pk, "holder": stage.holder.pk}
    found = refusals(desk, slug, stage.item, [said | {field: pk} for pk in sentences])
    assert found == [{field: [sentence]} for sentence in sentences.values()]


def test_told_above_and_beside_it_when_a_form_is_refused(stage: Stage, desk: Client) -> None:
    said = quantity(stage.item, 7)
    text = text_of(send(desk, page_of("issue", stage.item), said, reason="x" * 501))
    assert "Nothing was booked. Please look below." in text
    assert "Ensure this value has at most 500 characters (it has 501)." in text


@pytest.mark.parametrize(
    ("slug", "field", "place"),
    [
        *(("receive", "destination", "supplier"), ("receive", "source", "other")),
        *(("move", "destination", "supplier"), ("issue", "destination", "other")),
        *(("count", "location", "supplier"), ("move", "source", "supplier")),
        *(("receive", "destination", "person"), ("take-back", "destination", "person")),
        *(("issue", "source", "person"), ("write-off", "source", "other")),
    ],
)
def test_told_beside_it_when_a_place_is_of_another_kind(
    slug: str, field: str, place: str, stage: Stage, manager_desk: Client
) -> None:
    other = stage.holder.location if place == "person" else getattr(stage, place)
    said = {"destination": stage.other.pk} if slug == "move" else {}
    said |= {"destination": stage.shelf.pk} if slug == "receive" else {}
    subject = stage.subject_of(slug)
    assert set(refused(manager_desk, slug, subject, quantity=1, **said | {field: other.pk})) == {
        field
    }


def test_told_beside_it_when_a_day_is_over_or_none(stage: Stage, desk: Client) -> None:
    over, none = "That day is over already.", "Enter a valid date."
    sentences = {
        **dict.fromkeys([f"{timezone.localdate() - timedelta(days=1)}", "0001-01-01"], over),
        **dict.fromkeys(["x", "2999-02-30", "31.12.2999", "12999-01-01"], none),
    }
    said = [{"holder": stage.holder.pk, MANY: 1, "due_at": day} for day in sentences]
    found = refusals(desk, "lend", stage.item, said)
    assert found == [{"due_at": [sentence]} for sentence in sentences.values()]


def test_told_beside_it_when_the_borrower_is_not_active(stage: Stage, desk: Client) -> None:
    gone = UserFactory.create(is_active=False)
    found = refused(desk, "lend", stage.item, quantity=1, holder=gone.pk)
    assert found == {"holder": [UNKNOWN]}


def test_told_beside_it_when_a_note_is_too_long_or_no_text(stage: Stage, desk: Client) -> None:
    notes = [{"reason": "x" * 501}, {"reference": "x" * 101}, {"reason": "a\0b"}]
    said = {MANY: 1, "destination": stage.shelf.pk}
    found = refusals(desk, "receive", stage.item, [said | note for note in notes])
    assert [set(errors) for errors in found] == [set(note) for note in notes]


# ── What the books say ────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("slug", ["issue", "move", "lend", "write-off"])
def test_told_how_many_there_are_when_there_is_not_enough(
    slug: str, stage: Stage, manager_desk: Client
) -> None:
    said = {"holder": stage.holder.pk} | ({"destination": stage.other.pk} if slug == "move" else {})
    assert refused(manager_desk, slug, stage.item, quantity="6.001", **said) == {
        MANY: ["6.001 of CH-1 Chair were asked for, and 6 are at Shelf."]
    }


@pytest.mark.parametrize("slug", ["take-back", "lost"])
def test_told_how_many_are_out_when_more_should_come_back(
    slug: str, stage: Stage, manager_desk: Client
) -> None:
    found = refused(manager_desk, slug, stage.loan, quantity="4.5")
    assert found == {MANY: ["4.5 should come back, and 4 are out on this loan."]}


def test_told_when_all_of_a_loan_is_back(stage: Stage, desk: Client) -> None:
    send(desk, page_of("take-back", stage.loan))
    found = refused(desk, "take-back", stage.loan, quantity=1)
    assert found == {MANY: ["1 should come back, and 0 are out on this loan."]}


def test_told_when_a_single_thing_would_be_two(single: Item, stage: Stage, desk: Client) -> None:
    receive(single, stage.shelf, 1)
    [sentence] = refused(desk, "receive", single, destination=stage.shelf.pk)[MANY]
    assert sentence.endswith(
        "has a serial number: there is one of it, and with this there would be 2."
    )


def test_told_when_it_would_go_where_it_is(stage: Stage, desk: Client) -> None:
    found = refused(desk, "move", stage.item, quantity=1, destination=stage.shelf.pk)
    assert found == {"__all__": ["It cannot go where it is already."]}


def test_told_when_there_would_be_more_than_the_books_can_hold(stage: Stage, desk: Client) -> None:
    said = {"quantity": "999999999999.999", "destination": stage.shelf.pk}
    found = refused(desk, "receive", stage.item, **said)
    assert found == {"__all__": ["With this there would be more than the books can hold."]}


def test_told_when_it_has_been_reversed(stage: Stage, manager_desk: Client) -> None:
    lent = stage.lent
    send(manager_desk, page_of("reverse", lent))
    [sentence] = refused(manager_desk, "reverse", lent)["__all__"]
    assert sentence.startswith("It has been reversed already, by movement ")
    reversal = stage.loan.movements.get(kind="reversal")
    found = refused(manager_desk, "reverse", reversal)
    assert found == {"__all__": ["A reversal is not reversed; make the movement again."]}


def test_told_when_what_a_reversal_would_take_is_gone(stage: Stage, manager_desk: Client) -> None:
    found = refused(manager_desk, "reverse", stage.received)
    assert found == {"__all__": ["10 of CH-1 Chair were asked for, and 6 are at Shelf."]}


# ── Meanwhile ─────────────────────────────────────────────────────────────────────────────────
def test_booked_once_when_the_same_is_sent_twice(stage: Stage, desk: Client) -> None:
    page = page_of("receive", stage.item)
    said = form_of(desk, page) | quantity(stage.item, 1) | {"destination": stage.shelf.pk}
    first, second = desk.post(page, said), desk.post(page, said)
    assert first.status_code == 302
    [sentence] = errors_of(second)["__all__"]
    assert "Something has been booked since you opened this" in sentence
    assert "Last: received 1 of CH-1 Chair by Clara Clerk, " in sentence
    assert at(stage.item, stage.shelf) == 7
    check_proof()


def test_booked_when_one_has_looked_and_sends_it_again(stage: Stage, desk: Client) -> None:
    page = page_of("issue", stage.item)
    said = form_of(desk, page) | quantity(stage.item, 1)
    receive(stage.item, stage.shelf, 1)
    answer = desk.post(page, said)
    assert "Shelf (7 pcs)" in text_of(answer)
    again = desk.post(page, said | {"seen": answer.context["seen"]})
    assert told(again) == ["Issued: 1 pcs of CH-1 Chair, from Store / Shelf to Outside."]


def test_refused_when_one_of_many_was_booked_meanwhile(
    stage: Stage, item: Item, desk: Client
) -> None:
    page = page_of("receive", stage.item, item)
    said = form_of(desk, page) | quantity(stage.item, 1) | {"destination": stage.shelf.pk}
    receive(item, stage.other, 1)
    before = kept()
    assert set(errors_of(desk.post(page, said))) == {"__all__"}
    assert kept() == before


def test_booked_when_something_else_was_booked_meanwhile(
    stage: Stage, item: Item, desk: Client
) -> None:
    page = page_of("issue", stage.item)
    said = form_of(desk, page) | quantity(stage.item, 1)
    receive(item, stage.shelf, 1)
    assert desk.post(page, said).status_code == 302


def test_refused_when_a_form_does_not_say_what_it_saw(stage: Stage, desk: Client) -> None:
    before = kept()
    page = page_of("issue", stage.item)
    said = form_of(desk, page) | quantity(stage.item, 1)
    for seen in ({"seen": ""}, {"seen": "x"}, {"seen": "1:1"}, {}):
        without = {name: value for name, value in said.items() if name != "seen"}
        assert set(errors_of(desk.post(page, without | seen))) == {"__all__"}
    assert kept() == before
