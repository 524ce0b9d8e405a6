"""The admin's forms that book, for many rows at once: all or nothing."""

from typing import Any

import pytest
from django.test import Client

from items.models import Item
from items.stock.booking_pages import MAX_AT_ONCE, MAX_TOLD
from items.stock.models import Location, Movement
from tests.client import signed_in
from tests.factories import ItemFactory, LoanFactory, UserFactory
from tests.items.helpers import queries, text_of
from tests.items.stock.desk import (
    ITEMS,
    LOANS,
    MOVEMENTS,
    Stage,
    errors_of,
    page_of,
    quantity,
    send,
    told,
)
from tests.items.stock.helpers import at, check_proof, kept, receive
from users.models import User


@pytest.fixture
def three(shelf: Location) -> list[Item]:
    """Things of which there are five each on a shelf."""
    items = [ItemFactory.create(sku=f"T-{n}", name="Thing") for n in range(3)]
    for item in items:
        receive(item, shelf, 5)
    return items


# ── All or nothing ────────────────────────────────────────────────────────────────────────────
def test_all_booked_and_told_when_many_are_sent(
    three: list[Item], shelf: Location, other: Location, desk: Client
) -> None:
    a, b, c = three
    said = quantity(a, 1) | quantity(b, "2.5") | quantity(c, 5)
    page = page_of("move", *three)
    answer = send(desk, page, said, source=shelf.pk, destination=other.pk, reason="spring")
    assert told(answer) == [
        f"Moved: {many} pcs of T-{n} Thing, from Shelf to Other shelf."
        for n, many in enumerate(("1", "2.5", "5"))
    ]
    assert [at(item, other) for item in three] == [1, 2.5, 5]
    assert set(Movement.objects.filter(kind="transfer").values_list("reason", flat=True)) == {
        "spring"
    }
    check_proof()


def test_nothing_booked_when_one_of_many_is_refused(
    three: list[Item], shelf: Location, other: Location, desk: Client
) -> None:
    before = kept()
    said = quantity(three[0], 1) | quantity(three[1], 6) | quantity(three[2], 7)
    page = page_of("move", *three)
    answer = send(desk, page, said, source=shelf.pk, destination=other.pk)
    assert errors_of(answer) == {
        f"quantity_{three[n].pk}": [f"{n + 5} of T-{n} Thing were asked for, and 5 are at Shelf."]
        for n in (1, 2)
    }
    assert kept() == before


def test_left_out_when_nothing_is_said_of_one(
    three: list[Item], shelf: Location, desk: Client
) -> None:
    page = page_of("issue", *three)
    answer = send(desk, page, quantity(three[1], 2), source=shelf.pk)
    assert told(answer) == ["Issued: 2 pcs of T-1 Thing, from Shelf to Outside."]
    assert [at(item, shelf) for item in three] == [5, 3, 5]


def test_refused_when_nothing_is_said_of_any(
    three: list[Item], shelf: Location, desk: Client
) -> None:
    answer = send(desk, page_of("issue", *three), source=shelf.pk)
    assert errors_of(answer) == {"__all__": ["Say of at least one of them how many."]}


def test_only_the_differences_when_many_are_counted(
    three: list[Item], shelf: Location, manager_desk: Client
) -> None:
    said = quantity(three[0], 5) | quantity(three[1], 4) | quantity(three[2], 0)
    answer = send(manager_desk, page_of("count", *three), said, location=shelf.pk)
    assert told(answer) == [
        "Counted: 1 pcs of T-1 Thing, from Shelf to Outside.",
        "Counted: 5 pcs of T-2 Thing, from Shelf to Outside.",
    ]
    assert [at(item, shelf) for item in three] == [5, 4, 0]


def test_told_that_it_is_nothing_when_all_counts_are_as_the_books_say(
    three: list[Item], shelf: Location, manager_desk: Client
) -> None:
    said = {f"quantity_{item.pk}": "5" for item in three}
    answer = send(manager_desk, page_of("count", *three), said, location=shelf.pk)
    assert told(answer) == ["What you say is what the books say: there was nothing to book."]


def test_levels_one_after_the_other_when_loans_of_one_thing_come_back(
    item: Item, shelf: Location, holder: User, desk: Client
) -> None:
    loans = [LoanFactory.create(item=item, source=shelf, holder=holder, quantity=n) for n in (1, 2)]
    page = page_of("take-back", *loans)
    tried = send(desk, page, **{"try": "1", "fragment": "1"})
    assert [(str(each.source), str(each.destination)) for each in tried.context["told"]] == [
        ("No Group: 3 → 2", "Shelf: 0 → 1"),
        ("No Group: 2 → 0", "Shelf: 1 → 3"),
    ]
    assert send(desk, page).status_code == 302
    assert at(item, shelf) == 3


def test_both_reversed_when_a_return_and_its_loan_are_selected(
    stage: Stage, desk: Client, manager_desk: Client
) -> None:
    send(desk, page_of("take-back", stage.loan))
    ids = list(stage.loan.movements.order_by("-pk").values_list("pk", flat=True))
    assert send(manager_desk, page_of("reverse", *ids)).status_code == 302
    stage.loan.refresh_from_db()
    assert at(stage.item, stage.shelf) == 10
    check_proof()


# ── Which ones ────────────────────────────────────────────────────────────────────────────────
def test_404_when_an_id_is_none(stage: Stage, desk: Client) -> None:
    for pk in ("x", "-1", "1.5", "9" * 19, "9" * 5000, "²", "١", "\0", "1 2"):
        assert desk.get(page_of("receive", stage.item, pk)).status_code == 404
        assert desk.post(page_of("receive", pk), {"seen": "x"}).status_code == 404


def test_404_when_there_is_nothing_of_these_ids(manager_desk: Client) -> None:
    for slug in ("receive", "take-back", "reverse"):
        for ids in ([], ["999999"], ["0"], ["9" * 18]):
            assert manager_desk.get(page_of(slug, *ids)).status_code == 404


def test_once_when_an_id_is_doubled_or_unknown(stage: Stage, desk: Client) -> None:
    page = page_of("receive", stage.item, stage.item, 999999)
    assert desk.get(page).context["title"] == "Receive: CH-1 Chair"
    send(desk, page, quantity(stage.item, 1), destination=stage.shelf.pk)
    assert at(stage.item, stage.shelf) == 7


def test_at_most_a_hundred_when_many_are_named(shelf: Location, desk: Client) -> None:
    items = ItemFactory.create_batch(MAX_AT_ONCE)
    page = page_of("receive", *items)
    assert "Receive: 100 items" in text_of(desk.get(page))
    assert desk.get(page_of("receive", *items, items[0])).status_code == 404
    many = {f"quantity_{item.pk}": "1" for item in items}
    answer = send(desk, page, many, destination=shelf.pk)
    assert answer.status_code == 302
    assert Movement.objects.count() == MAX_AT_ONCE
    assert told(answer)[MAX_TOLD:] == [f"And {MAX_AT_ONCE - MAX_TOLD} more."]


@pytest.mark.parametrize("slug", ["receive", "count", "lend"])
def test_no_query_a_row_when_a_form_is_opened_for_many(
    slug: str, three: list[Item], manager_desk: Client
) -> None:
    few = queries(manager_desk, page_of(slug, *three[:2]))
    three += ItemFactory.create_batch(8)
    assert queries(manager_desk, page_of(slug, *three)) == few


def test_no_query_a_row_when_a_form_is_opened_for_many_loans_or_movements(
    shelf: Location, manager_desk: Client
) -> None:
    loans = [LoanFactory.create(source=shelf) for _ in range(6)]
    opened = [loan.movements.get() for loan in loans]
    for slug, rows in (("take-back", loans), ("reverse", opened)):
        few = queries(manager_desk, page_of(slug, *rows[:2]))
        assert queries(manager_desk, page_of(slug, *rows)) == few


# ── From the lists ────────────────────────────────────────────────────────────────────────────
def act(desk: Client, page: str, action: str, *ids: int, **more: str) -> Any:
    """Do an action to ticked rows."""
    return desk.post(page, {"action": action, "_selected_action": ids, **more})


def test_to_the_form_and_back_when_rows_are_ticked(
    stage: Stage, three: list[Item], manager_desk: Client
) -> None:
    ids = [item.pk for item in three]
    answer = act(manager_desk, f"{ITEMS}?q=Thing", "receive", *ids)
    form = manager_desk.get(answer["Location"])
    assert {row["subject"].pk for row in form.context["form"].rows} == set(ids)
    assert form.context["back"] == f"{ITEMS}?q=Thing"
    for page, slug, row in ((LOANS, "lost", stage.loan), (MOVEMENTS, "reverse", stage.lent)):
        answer = act(manager_desk, page, slug, row.pk)
        assert manager_desk.get(answer["Location"]).context["form"].subjects == [row]


@pytest.mark.parametrize(
    ("group", "offered"),
    [
        ("Viewer", set()),
        ("Clerk", {"receive", "issue", "move", "lend"}),
        ("Manager", {"receive", "issue", "move", "lend", "count", "write-off"}),
    ],
)
def test_those_forms_offered_that_one_may_use_when_items_are_listed(
    group: str, offered: set[str], three: list[Item]
) -> None:
    desk = signed_in(UserFactory.create(group=group, is_staff=True))
    form = desk.get(ITEMS).context.get("action_form")
    found = {value for value, _ in form.fields["action"].choices} if form else set()
    others = {"", "activate", "make_draft", "retire", "delete_selected"}
    assert found - others == offered


def test_not_the_form_when_a_viewer_sends_the_action(
    three: list[Item], viewer_desk: Client
) -> None:
    answer = act(viewer_desk, ITEMS, "receive", three[0].pk)
    assert "/book/" not in answer.headers.get("Location", "")


def test_told_when_more_than_a_hundred_are_selected(desk: Client) -> None:
    items = ItemFactory.create_batch(MAX_AT_ONCE + 1)
    answer = act(desk, ITEMS, "receive", items[0].pk, select_across="1")
    assert told(answer) == ["At most 100 can be booked at once; select fewer."]
