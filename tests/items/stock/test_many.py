"""More movements in one statement than the ledger keeps plans for: the same rules and sums."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from config.constraints import broken_by
from items.models import Item
from items.stock import services
from items.stock.models import Loan, Location, Movement
from items.stock.triggers import FEW
from tests.factories import ItemFactory, LoanFactory
from tests.items.helpers import sql
from tests.items.stock.helpers import at, check_proof, kept, receive, sums
from users.models import User

pytestmark = pytest.mark.django_db

MANY = FEW + 1
COLUMNS = "kind, item_id, source_id, destination_id, quantity, loan_id, reverses_id"
INSERT = f"""
    INSERT INTO items_movement ({COLUMNS}, reason, reference)
    SELECT {COLUMNS}, '', '' FROM (
        SELECT 'receive' AS kind, %s::bigint AS item_id, %s::bigint AS source_id,
            %s::bigint AS destination_id, 1 AS quantity, NULL::bigint AS loan_id,
            NULL::bigint AS reverses_id
        FROM generate_series(1, {MANY})
        UNION ALL SELECT %s, %s, %s, %s, %s, %s, %s
    ) AS all_of_them
"""


class Booking:
    """Many that are received, and one more, in the same statement."""

    def __init__(self, item: Item, shelf: Location) -> None:
        self.many = (item.pk, services.world().pk, shelf.pk)

    def insert(
        self,
        kind: str,
        item: Item,
        places: Sequence[Location],
        quantity: Any = 1,
        *,
        loan: Loan | None = None,
        reverses: Movement | None = None,
    ) -> None:
        """Book them, up to the end of the transaction."""
        source, destination = places
        references = [each and each.pk for each in (loan, reverses)]
        with transaction.atomic():
            sql(INSERT, *self.many, kind, item.pk, source.pk, destination.pk, quantity, *references)
            sql("SET CONSTRAINTS ALL IMMEDIATE")

    def refusal(self, *movement: Any, **references: Any) -> str:
        """The sentence with which all of them are refused."""
        before = kept()
        with pytest.raises(IntegrityError) as caught:
            self.insert(*movement, **references)
        broken = broken_by(caught.value)
        assert broken is not None, caught.value
        assert kept() == before
        return broken.message


@pytest.fixture
def booking(shelf: Location) -> Booking:
    """Many of an item that nothing else is about."""
    return Booking(ItemFactory.create(), shelf)


def test_sums_are_right_when_there_are_levels_and_when_there_are_none(
    shelf: Location, other: Location, booking: Booking
) -> None:
    old, new = ItemFactory.create(), ItemFactory.create()
    receive(old, shelf, 3)
    world = services.world()
    booking.insert("receive", new, (world, other), Decimal("2.5"))
    booking.insert("transfer", old, (shelf, other), 2)
    assert (sums(new), at(new, other)) == ((Decimal("2.5"), 0), Decimal("2.5"))
    assert (sums(old), at(old, shelf), at(old, other)) == ((3, 0), 1, 2)
    assert sums(Item.objects.get(pk=booking.many[0])) == (2 * MANY, 0)
    check_proof()


def test_loans_are_right_when_one_is_opened_reversed_and_closed(
    item: Item, shelf: Location, holder: User, booking: Booking
) -> None:
    receive(item, shelf, 5)
    place = services.place_of(holder)
    with transaction.atomic():
        loan = Loan.objects.create(item=item, holder=holder, quantity=2)
        booking.insert("check_out", item, (shelf, place), 2, loan=loan)
    booking.insert("check_in", item, (place, shelf), 2, loan=loan)
    back = Movement.objects.get(kind="check_in")
    loan.refresh_from_db()
    assert loan.closed_at == back.created_at
    booking.insert("reversal", item, (shelf, place), 2, loan=loan, reverses=back)
    again = Loan.objects.get(pk=loan.pk)
    assert (again.returned, again.closed_at) == (0, None)
    assert sums(item) == (3, 2)
    check_proof()


def test_nothing_is_booked_when_one_of_them_is_unsound(
    item: Item, shelf: Location, other: Location, holder: User, booking: Booking
) -> None:
    made, world = receive(item, shelf, 5), services.world()
    place, lent = services.place_of(holder), LoanFactory.create(holder=holder)
    says = booking.refusal
    assert says("transfer", item, (shelf, other), 6) == "There is not enough of it there."
    wrong_way = "A issue does not go from a outside to a storage location."
    assert says("issue", item, (world, shelf)) == wrong_way
    not_theirs = "A movement from or to a person belongs to that person's loan of the item."
    assert says("check_out", item, (shelf, place)) == not_theirs
    assert says("check_in", item, (place, shelf), loan=lent) == not_theirs
    not_its_reversal = "A reversal is its original turned round, whole; and a reversal has none."
    assert says("reversal", item, (shelf, world), 4, reverses=made) == not_its_reversal


@pytest.mark.parametrize("many", [False, True])
def test_history_goes_on_when_a_row_is_edited_after_a_booking(
    many: bool, item: Item, shelf: Location, booking: Booking
) -> None:
    loan = LoanFactory.create(item=item, source=shelf)
    with transaction.atomic():
        if many:
            booking.insert("receive", item, (services.world(), shelf))
        else:
            receive(item, shelf, 1)
        sql("UPDATE items_item SET name = 'Another' WHERE id = %s", item.pk)
        sql("UPDATE items_loan SET due_at = now() WHERE id = %s", loan.pk)
    for table, pk in (("items_itemevent", item.pk), ("items_loanevent", loan.pk)):
        events = sql(f"SELECT pgh_label FROM {table} WHERE pgh_obj_id = %s ORDER BY pgh_id", pk)
        assert events == [("insert",), ("update",)]
