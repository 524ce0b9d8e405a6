"""What the admin shows of the ledger on the pages of records."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from items.models import Item
from items.stock import services
from items.stock.models import Location
from items.stock.panels import LAST_MOVEMENTS, SHOWN
from tests.client import signed_in
from tests.factories import ItemFactory, LoanFactory, LocationFactory, UserFactory
from tests.items.helpers import queries, text_of
from tests.items.stock.desk import ITEMS, LOANS, LOCATIONS, MOVEMENTS, Stage, page_of
from tests.items.stock.helpers import lend, receive
from users.models import User

USERS = "/admin/users/user/"


def url(row: Any) -> str:
    """The page of a record."""
    pages = {"item": ITEMS, "location": LOCATIONS, "loan": LOANS, "movement": MOVEMENTS}
    return f"{pages.get(row._meta.model_name, USERS)}{row.pk}/change/"


def panel(desk: Client, row: Any) -> str:
    """The text of a record's page from its panel to its form."""
    answer = desk.get(url(row))
    assert answer.status_code == 200
    return text_of(answer)


def buttons(desk: Client, row: Any) -> list[str]:
    """The forms that a record's page leads to, in their order."""
    html = desk.get(url(row)).content.decode()
    return [part.split("/")[0] for part in html.split(f'href="{MOVEMENTS}book/')[1:]]


def somebody(*rights: str) -> Client:
    """At the admin with these rights, and no others."""
    user = UserFactory.create(is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    return signed_in(user)


# ── An item ───────────────────────────────────────────────────────────────────────────────────
def test_sums_places_loans_and_movements_when_an_item_is_opened(
    stage: Stage, viewer_desk: Client
) -> None:
    receive(stage.item, stage.other, "2.5")
    text = panel(viewer_desk, stage.item)
    assert "8.5 pcs on hand 4 pcs on loan" in text
    assert "Store / Shelf 6 pcs Store / Table 2.5 pcs" in text
    assert f"Hanna Holder 4 pcs {timezone.localdate()} –" in text
    assert "received 2.5 pcs Outside Store / Table –" in text
    assert "lent 4 pcs Store / Shelf Hanna Holder –" in text


def test_overdue_marked_and_first_when_an_item_is_opened(stage: Stage, viewer_desk: Client) -> None:
    late, soon = timezone.now() - timedelta(days=2), timezone.now() + timedelta(days=2)
    lend(stage.item, stage.shelf, UserFactory.create(name="Soon Borrower"), 1)
    stage.loan.due_at = late
    stage.loan.save()
    other = lend(stage.item, stage.shelf, UserFactory.create(name="Later Borrower"), 1)
    other.due_at = soon
    other.save()
    text = panel(viewer_desk, stage.item)
    assert f"{late:%a %Y-%m-%d} overdue" in text
    assert f"{soon:%a %Y-%m-%d} overdue" not in text
    order = [text.index(name) for name in ("Hanna Holder", "Later Borrower", "Soon Borrower")]
    assert order == sorted(order)


def test_low_marked_when_little_is_left(stage: Stage, viewer_desk: Client) -> None:
    assert "on hand low" not in panel(viewer_desk, stage.item)
    Item.objects.update(reorder_point=6)
    assert "on hand low" in panel(viewer_desk, stage.item)


def test_only_what_is_left_of_a_loan_when_a_part_is_back(stage: Stage, viewer_desk: Client) -> None:
    services.check_in(actor=None, loan=stage.loan, quantity=Decimal(1))
    assert "Hanna Holder 3 pcs" in panel(viewer_desk, stage.item)
    services.check_in(actor=None, loan=stage.loan)
    assert "Who has it" not in panel(viewer_desk, stage.item)


def test_the_newest_only_when_there_are_many_movements(item: Item, viewer_desk: Client) -> None:
    shelf = LocationFactory.create()
    for n in range(1, LAST_MOVEMENTS + 3):
        receive(item, shelf, n)
    text = panel(viewer_desk, item)
    assert text.count("received") == LAST_MOVEMENTS
    assert f"received {LAST_MOVEMENTS + 2} pcs" in text
    assert "received 2 pcs" not in text


def test_told_that_there_is_more_when_many_have_it(stage: Stage, viewer_desk: Client) -> None:
    receive(stage.item, stage.shelf, SHOWN)
    for _ in range(SHOWN):
        lend(stage.item, stage.shelf, stage.holder, 1)
    assert "and more: what is due first is above" in panel(viewer_desk, stage.item)


def test_told_how_many_more_when_it_is_in_many_places(item: Item, viewer_desk: Client) -> None:
    for _ in range(SHOWN + 2):
        receive(item, LocationFactory.create(), 1)
    assert "and 2 more places" in panel(viewer_desk, item)


def test_nothing_of_the_ledger_but_the_sums_when_the_rights_are_missing(stage: Stage) -> None:
    text = panel(somebody("view_item"), stage.item)
    assert "6 pcs on hand 4 pcs on loan" in text
    for secret in ("Hanna Holder", "Store / Shelf", "Last movements"):
        assert secret not in text
    text = panel(somebody("view_item", "view_stocklevel"), stage.item)
    assert "Store / Shelf 6 pcs" in text
    assert "Hanna Holder" not in text


# ── Buttons ───────────────────────────────────────────────────────────────────────────────────
OF_LOAN = ["take-back", "lost"]


def test_buttons_of_ones_rights_when_an_item_is_opened(
    stage: Stage, viewer_desk: Client, desk: Client, manager_desk: Client
) -> None:
    assert buttons(viewer_desk, stage.item) == []
    assert buttons(desk, stage.item) == ["receive", "move", "lend", "issue", "take-back"]
    assert buttons(manager_desk, stage.item) == [
        *("receive", "count", "move", "lend", "issue", "write-off"),
        *("take-back", "lost", "reverse", "reverse"),
    ]


def test_nothing_to_take_when_an_item_is_not_there(item: Item, manager_desk: Client) -> None:
    assert buttons(manager_desk, item) == ["receive", "count"]


def test_no_button_to_reverse_when_it_is_reversed(stage: Stage, manager_desk: Client) -> None:
    lent = stage.lent
    reversal = services.reverse_movement(actor=None, movement=lent)
    assert buttons(manager_desk, lent) == []
    assert buttons(manager_desk, reversal) == []
    assert buttons(manager_desk, stage.received) == ["reverse"]
    assert buttons(manager_desk, stage.item).count("reverse") == 1


def test_buttons_while_it_is_open_when_a_loan_is_opened(
    stage: Stage, viewer_desk: Client, desk: Client, manager_desk: Client
) -> None:
    assert buttons(viewer_desk, stage.loan) == []
    assert buttons(desk, stage.loan) == ["take-back"]
    assert buttons(manager_desk, stage.loan) == [*OF_LOAN, "reverse"]
    services.check_in(actor=None, loan=stage.loan)
    assert buttons(manager_desk, stage.loan) == ["reverse", "reverse"]


def test_back_to_the_page_when_a_button_is_followed(stage: Stage, desk: Client) -> None:
    page = url(stage.holder.location)
    html = desk.get(page).content.decode().replace("&amp;", "&")
    assert f'href="{page_of("take-back", stage.loan, back=page)}"' in html


# ── A person ──────────────────────────────────────────────────────────────────────────────────
def test_all_they_hold_when_a_person_is_opened(
    stage: Stage, manager_desk: Client, desk: Client
) -> None:
    stage.loan.due_at = timezone.now() - timedelta(days=1)
    stage.loan.save()
    LoanFactory.create(holder=stage.holder, item=ItemFactory.create(name="Lamp"))
    LoanFactory.create(item=ItemFactory.create(name="Of somebody else"))
    for opened, row in ((manager_desk, stage.holder), (desk, stage.holder.location)):
        text = panel(opened, row)
        assert "What Hanna Holder has" in text
        assert "CH-1 Chair 4 pcs" in text
        assert f"{stage.loan.due_at:%a %Y-%m-%d} overdue" in text
        assert "Lamp 1 pcs" in text
        assert "Of somebody else" not in text
    assert buttons(manager_desk, stage.holder) == OF_LOAN * 2
    assert buttons(desk, stage.holder.location) == ["take-back"] * 2


def test_nothing_when_a_person_has_nothing(nobody: User, manager_desk: Client) -> None:
    assert "What No Group has Nothing." in panel(manager_desk, nobody)


@pytest.mark.parametrize("which", ["holder", "location"])
def test_not_what_they_hold_when_one_may_not_see_loans(which: str, stage: Stage) -> None:
    row = stage.holder if which == "holder" else stage.holder.location
    text = panel(somebody("view_user", "view_location", "view_item"), row)
    assert "Chair" not in text
    assert "has" not in text.split("Hanna Holder", 1)[1].split("Name:")[0]


def test_told_that_there_is_more_when_a_person_has_many(stage: Stage, manager_desk: Client) -> None:
    receive(stage.item, stage.shelf, SHOWN)
    for _ in range(SHOWN):
        lend(stage.item, stage.shelf, stage.holder, 1)
    text = panel(manager_desk, stage.holder)
    assert text.count("Take back") == SHOWN
    assert "and more: what is due first is above" in text


# ── A location, a loan, a movement ────────────────────────────────────────────────────────────
def test_what_is_there_and_below_when_a_location_is_opened(
    stage: Stage, viewer_desk: Client
) -> None:
    lamp = ItemFactory.create(sku="LA-1", name="Lamp")
    receive(lamp, stage.other, 50)
    assert stage.shelf.parent is not None
    text = panel(viewer_desk, stage.shelf.parent)
    assert "LA-1 Lamp 50 pcs Store / Table CH-1 Chair 6 pcs Store / Shelf" in text
    assert "Lamp" not in panel(viewer_desk, stage.shelf)
    assert "What is here Nothing." in panel(viewer_desk, LocationFactory.create())


def test_not_what_is_there_when_one_may_not_see_levels(stage: Stage) -> None:
    assert "Chair" not in panel(somebody("view_location", "view_item"), stage.shelf)


def test_told_that_there_is_more_when_much_is_at_a_location(
    shelf: Location, viewer_desk: Client
) -> None:
    for _ in range(SHOWN + 1):
        receive(ItemFactory.create(), shelf, 1)
    text = panel(viewer_desk, shelf)
    assert "and more: the newest items are above" in text


def test_what_was_booked_for_it_when_a_loan_is_opened(stage: Stage, viewer_desk: Client) -> None:
    services.check_in(actor=None, loan=stage.loan, quantity=Decimal("1.5"))
    text = panel(viewer_desk, stage.loan)
    assert "taken back 1.5 pcs Hanna Holder Store / Shelf" in text
    assert "lent 4 pcs Store / Shelf Hanna Holder" in text
    text = panel(somebody("view_loan"), stage.loan)
    assert "Store / Shelf" not in text


# ── Queries ───────────────────────────────────────────────────────────────────────────────────
def grow(stage: Stage) -> None:
    """More of everything that the panels show."""
    for _ in range(5):
        place = LocationFactory.create(parent=stage.shelf)
        receive(stage.item, place, 3)
        lend(stage.item, place, UserFactory.create(), 1)
        item = ItemFactory.create()
        receive(item, place, 2)
        lend(item, place, stage.holder, 1)
        services.check_in(actor=None, loan=stage.loan, quantity=Decimal("0.1"))


@pytest.mark.parametrize(
    ("which", "most"),
    [("item", 10), ("shelf", 9), ("holder", 8), ("loan", 7), ("lent", 6), ("location", 6)],
)
def test_bounded_queries_when_a_page_with_panels_is_opened(
    which: str, most: int, stage: Stage, manager_desk: Client
) -> None:
    row = stage.holder.location if which == "location" else getattr(stage, which)
    manager_desk.get(url(row))
    few = queries(manager_desk, url(row))
    grow(stage)
    manager_desk.get(url(row))  # the paths are read anew, and kept
    assert queries(manager_desk, url(row)) == few
    assert few <= most
