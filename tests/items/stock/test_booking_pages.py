"""The admin's forms that book: what each of them does, and where it leads."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from django.test import Client
from django.utils import timezone

from items.models import Item
from items.stock.models import Loan, Location, Movement
from tests.items.helpers import queries, sql, text_of
from tests.items.stock.desk import (
    ITEMS,
    Stage,
    form_of,
    last,
    page_of,
    quantity,
    send,
    told,
)
from tests.items.stock.helpers import at, check_proof, kept, receive, sums
from users.models import User


class Case(NamedTuple):
    """What is said in a form (places and people by their names on the stage), and what becomes."""

    slug: str
    said: dict[str, str]
    many: str | None
    kind: str
    ends: tuple[str, str]
    message: str
    levels: tuple[str, str]  # as they are told before it is sent

    def fields(self, stage: Stage) -> dict[str, Any]:
        """What the browser sends of it."""
        said = {name: getattr(stage, value).pk for name, value in self.said.items()}
        subject = stage.subject_of(self.slug)
        return said | ({} if self.many is None else quantity(subject, self.many))


SHELF, TABLE, HANNA = "Store / Shelf", "Store / Table", "Hanna Holder"
CHAIRS = "pcs of CH-1 Chair"
CASES = [
    Case(
        *("receive", {"destination": "other", "source": "supplier"}, "2.5", "receive"),
        ("Supplier", "Table"),
        f"Received: 2.5 {CHAIRS}, from Supplier to {TABLE}.",
        ("Supplier", f"{TABLE}: 0 → 2.5"),
    ),
    Case(
        *("receive", {"destination": "shelf"}, "3", "receive"),
        ("Outside", "Shelf"),
        f"Received: 3 {CHAIRS}, from Outside to {SHELF}.",
        ("Outside", f"{SHELF}: 6 → 9"),
    ),
    Case(
        *("issue", {"source": "shelf"}, "6", "issue"),
        ("Shelf", "Outside"),
        f"Issued: 6 {CHAIRS}, from {SHELF} to Outside.",
        (f"{SHELF}: 6 → 0", "Outside"),
    ),
    Case(
        *("issue", {"destination": "supplier"}, "0.001", "issue"),
        ("Shelf", "Supplier"),
        f"Issued: 0.001 {CHAIRS}, from {SHELF} to Supplier.",
        (f"{SHELF}: 6 → 5.999", "Supplier"),
    ),
    Case(
        *("move", {"destination": "other"}, "2", "transfer"),
        ("Shelf", "Table"),
        f"Moved: 2 {CHAIRS}, from {SHELF} to {TABLE}.",
        (f"{SHELF}: 6 → 4", f"{TABLE}: 0 → 2"),
    ),
    Case(
        *("count", {"location": "shelf"}, "5.5", "count"),
        ("Shelf", "Outside"),
        f"Counted: 0.5 {CHAIRS}, from {SHELF} to Outside.",
        (f"{SHELF}: 6 → 5.5", "Outside"),
    ),
    Case(
        *("count", {"location": "other"}, "1", "count"),
        ("Outside", "Table"),
        f"Counted: 1 {CHAIRS}, from Outside to {TABLE}.",
        ("Outside", f"{TABLE}: 0 → 1"),
    ),
    Case(
        *("lend", {"holder": "holder"}, "2", "check_out"),
        ("Shelf", HANNA),
        f"Lent: 2 {CHAIRS}, from {SHELF} to {HANNA}.",
        (f"{SHELF}: 6 → 4", f"{HANNA}: 4 → 6"),
    ),
    Case(
        *("write-off", {"source": "shelf"}, "1", "write_off"),
        ("Shelf", "Outside"),
        f"Written off: 1 {CHAIRS}, from {SHELF} to Outside.",
        (f"{SHELF}: 6 → 5", "Outside"),
    ),
    Case(
        *("take-back", {}, None, "check_in"),
        (HANNA, "Shelf"),
        f"Taken back: 4 {CHAIRS}, from {HANNA} to {SHELF}.",
        (f"{HANNA}: 4 → 0", f"{SHELF}: 6 → 10"),
    ),
    Case(
        *("take-back", {"destination": "other"}, "1", "check_in"),
        (HANNA, "Table"),
        f"Taken back: 1 {CHAIRS}, from {HANNA} to {TABLE}.",
        (f"{HANNA}: 4 → 3", f"{TABLE}: 0 → 1"),
    ),
    Case(
        *("lost", {}, "1.5", "write_off"),
        (HANNA, "Outside"),
        f"Written off: 1.5 {CHAIRS}, from {HANNA} to Outside.",
        (f"{HANNA}: 4 → 2.5", "Outside"),
    ),
    Case(
        *("reverse", {}, None, "reversal"),
        (HANNA, "Shelf"),
        f"Reversed: 4 {CHAIRS}, from {HANNA} to {SHELF}.",
        (f"{HANNA}: 4 → 0", f"{SHELF}: 6 → 10"),
    ),
]


def everything() -> dict[str, Any]:
    """What may not change when something is only tried."""
    places = list(Location.objects.order_by("pk").values())
    return kept() | {"places": places, "events": sql("SELECT count(*) FROM items_loanevent")}


# ── Sent ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_told_before_and_after_when_a_form_is_tried_and_sent(
    case: Case, stage: Stage, manager_desk: Client, manager: User
) -> None:
    page = page_of(case.slug, stage.subject_of(case.slug))
    said = form_of(manager_desk, page) | case.fields(stage) | {"reason": "a reason"}
    before = everything()
    tried = manager_desk.post(page, said | {"try": "1", "fragment": "1"})
    [each] = tried.context["told"]
    assert (str(each.source), str(each.destination)) == case.levels
    assert all(level in text_of(tried) for level in case.levels)
    assert "<form" not in tried.content.decode()
    assert everything() == before

    sent = manager_desk.post(page, said)
    made = last()
    assert Movement.objects.count() == before["movements"] + 1
    assert (made.kind, made.actor, made.reason) == (case.kind, manager, "a reason")
    assert (str(made.source), str(made.destination)) == case.ends
    assert told(sent) == [case.message]
    assert (sent.status_code, sent["Location"]) == (302, f"{ITEMS}{stage.item.pk}/change/")
    check_proof()


def test_note_kept_when_it_is_written(stage: Stage, desk: Client) -> None:
    note = {"reference": " PO-7 ", "reason": "ordered"}
    page = page_of("receive", stage.item)
    send(desk, page, quantity(stage.item, 1), note, destination=stage.shelf.pk)
    assert (last().reference, last().reason) == ("PO-7", "ordered")


def test_due_until_the_day_ends_when_something_is_lent(stage: Stage, desk: Client) -> None:
    day = timezone.localdate()
    page = page_of("lend", stage.item)
    send(desk, page, quantity(stage.item, 1), holder=stage.holder.pk, due_at=f"{day}")
    due = Loan.objects.latest("pk").due_at
    assert due == datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    assert not Loan.objects.overdue().exists()


def test_nothing_booked_and_told_so_when_the_count_is_as_the_books_say(
    stage: Stage, manager_desk: Client
) -> None:
    before = kept()
    page = page_of("count", stage.item)
    answer = send(manager_desk, page, quantity(stage.item, "6.000"), location=stage.shelf.pk)
    assert kept() == before
    assert told(answer) == ["What you say is what the books say: there was nothing to book."]


def test_nothing_there_when_nothing_was_counted(stage: Stage, manager_desk: Client) -> None:
    page = page_of("count", stage.item)
    send(manager_desk, page, quantity(stage.item, "0"), location=stage.shelf.pk)
    assert at(stage.item, stage.shelf) == 0


def test_loan_closed_when_the_rest_is_lost(stage: Stage, manager_desk: Client) -> None:
    send(manager_desk, page_of("take-back", stage.loan), quantity(stage.loan, 3))
    send(manager_desk, page_of("lost", stage.loan))
    stage.loan.refresh_from_db()
    assert stage.loan.closed_at is not None
    assert sums(stage.item) == (9, 0)


# ── Tried ─────────────────────────────────────────────────────────────────────────────────────
def test_the_whole_page_with_what_was_said_when_it_is_tried_without_script(
    stage: Stage, desk: Client
) -> None:
    page = page_of("move", stage.item)
    said = {"destination": stage.other.pk, "reason": "spring"} | quantity(stage.item, "2")
    answer = send(desk, page, said, **{"try": "Show what will happen"})
    text = text_of(answer)
    assert "What will happen" in text
    assert f"{SHELF}: 6 → 4" in text
    assert answer.context["form"]["reason"].value() == "spring"
    assert f'<option value="{stage.other.pk}" selected>{TABLE}</option>' in answer.content.decode()


@pytest.mark.parametrize(
    ("many", "sentence"),
    [("7", "7 of CH-1 Chair were asked for, and 6 are at Shelf."), ("x", "Enter a number.")],
)
def test_refusals_told_once_when_it_is_tried(
    many: str, sentence: str, stage: Stage, desk: Client
) -> None:
    said = quantity(stage.item, many) | {"try": "1"}
    page = page_of("issue", stage.item)
    assert text_of(send(desk, page, said)).count(sentence) == 1
    assert f"Quantity: {sentence}" in text_of(send(desk, page, said, fragment="1"))


def test_told_that_it_is_nothing_when_a_count_as_the_books_say_is_tried(
    stage: Stage, manager_desk: Client
) -> None:
    said = quantity(stage.item, "6") | {"location": stage.shelf.pk, "try": "1", "fragment": "1"}
    answer = send(manager_desk, page_of("count", stage.item), said)
    assert "Nothing: what you say is what the books say." in text_of(answer)


def test_booked_when_what_was_tried_is_sent(stage: Stage, desk: Client) -> None:
    page = page_of("issue", stage.item)
    said = form_of(desk, page) | quantity(stage.item, "6")
    receive(stage.item, stage.shelf, 1)  # seen when it is tried
    seen = desk.post(page, said | {"try": "1", "fragment": "1"}).context["seen"]
    assert desk.post(page, said | {"seen": seen}).status_code == 302
    assert at(stage.item, stage.shelf) == 1


# ── Shown ─────────────────────────────────────────────────────────────────────────────────────
def test_the_only_place_chosen_when_it_is_all_in_one(stage: Stage, desk: Client) -> None:
    form = form_of(desk, page_of("issue", stage.item))
    assert form["source"] == stage.shelf.pk
    receive(stage.item, stage.other, 1)
    form = form_of(desk, page_of("issue", stage.item))
    assert form["source"] == ""


def test_places_with_how_many_when_something_is_taken(stage: Stage, desk: Client) -> None:
    text = text_of(desk.get(page_of("move", stage.item)))
    assert f"{SHELF} (6 pcs)" in text
    assert f"{TABLE} (" not in text


def test_all_that_is_out_filled_in_when_something_comes_back(stage: Stage, desk: Client) -> None:
    page = page_of("take-back", stage.loan)
    assert form_of(desk, page)[f"quantity_{stage.loan.pk}"] == "4"
    assert "of 4 pcs with Hanna Holder" in text_of(desk.get(page))
    send(desk, page)
    assert form_of(desk, page)[f"quantity_{stage.loan.pk}"] == ""


def test_one_filled_in_when_it_is_a_single_thing(single: Item, desk: Client) -> None:
    assert form_of(desk, page_of("receive", single))[f"quantity_{single.pk}"] == "1"


def test_the_place_by_its_present_name_when_it_is_renamed(stage: Stage, desk: Client) -> None:
    page = page_of("receive", stage.item)
    for name in ("Shelf", "Renamed"):
        stage.shelf.name = name
        stage.shelf.save()
        assert f"Store / {name}" in text_of(send(desk, page, destination=stage.shelf.pk))


@pytest.mark.parametrize(
    ("slug", "most"), [("receive", 6), ("lend", 10), ("take-back", 6), ("reverse", 6)]
)
def test_few_queries_when_a_form_is_opened(
    slug: str, most: int, stage: Stage, manager_desk: Client
) -> None:
    page = page_of(slug, stage.subject_of(slug))
    manager_desk.get(page)
    assert queries(manager_desk, page) <= most
