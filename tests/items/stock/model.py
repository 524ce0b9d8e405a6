"""The ledger in plain Python, and who and what takes part in it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from items.models import Item
from items.stock.models import Loan, Location, Movement, StockLevel
from tests.factories import ItemFactory, LocationFactory, UserFactory

NOTHING = Decimal(0)


@dataclass
class Cast:
    """Who and what takes part; the last item is a single thing, the last user not active."""

    items: list[Item]
    places: list[Location]
    users: list[Any]

    @classmethod
    def make(cls, items: int = 4, places: int = 4, users: int = 4) -> Cast:
        """Some of each, and a supplier among the places."""
        there = [ItemFactory.create() for _ in range(items - 1)]
        there.append(ItemFactory.create(serial_number="SN-MODEL"))
        store = [LocationFactory.create() for _ in range(places)]
        store.append(LocationFactory.create(name="Supplier", kind=Location.Kind.OUTSIDE))
        people = [UserFactory.create() for _ in range(users - 1)]
        people.append(UserFactory.create(is_active=False))
        return cls(there, store, people)


@dataclass
class Booked:
    """A movement as the model remembers it."""

    item: int
    source: int
    destination: int
    quantity: Decimal
    loan: int | None = None
    is_reversal: bool = False
    is_reversed: bool = False


@dataclass
class Lent:
    """A loan as the model remembers it."""

    item: int
    place: int
    quantity: Decimal
    returned: Decimal = NOTHING


@dataclass
class Model:
    """What is where, and who has it."""

    cast: Cast
    levels: dict[tuple[int, int], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    kinds: dict[int, str] = field(default_factory=dict)
    loans: dict[int, Lent] = field(default_factory=dict)
    movements: dict[int, Booked] = field(default_factory=dict)

    def total(self, item: int, *kinds: str) -> Decimal:
        """How much of an item is in the places of these kinds."""
        return sum(
            (
                q
                for (i, place), q in self.levels.items()
                if i == item and self.kinds[place] in kinds
            ),
            NOTHING,
        )

    def refuses_more(self, item: Item, more: Decimal) -> bool:
        """Whether a single thing would be there more than once."""
        return item.serial_number is not None and (
            self.total(item.pk, "storage", "person") + more > 1
        )

    def book(self, made: Movement) -> None:
        """Remember what was done."""
        for place in (made.source, made.destination):
            self.kinds[place.pk] = place.kind
        item = made.item_id
        self.levels[item, made.source_id] -= made.quantity
        self.levels[item, made.destination_id] += made.quantity
        if made.loan_id in self.loans:
            lent = self.loans[made.loan_id]
            sign = 1 if made.source.kind == "person" else -1
            lent.returned += sign * made.quantity
        elif made.loan_id is not None:
            self.loans[made.loan_id] = Lent(item, made.destination_id, made.quantity)
        if made.reverses_id is not None:
            self.movements[made.reverses_id].is_reversed = True
        self.movements[made.pk] = Booked(
            item,
            made.source_id,
            made.destination_id,
            made.quantity,
            made.loan_id,
            is_reversal=made.reverses_id is not None,
        )

    def check(self) -> None:
        """Everything that the database keeps is what the model says."""
        levels = StockLevel.objects.exclude(quantity=0).values_list("item", "location", "quantity")
        assert {(i, at): q for i, at, q in levels} == {k: v for k, v in self.levels.items() if v}
        for pk, on_hand, on_loan in Item.objects.values_list("pk", "on_hand", "on_loan"):
            assert on_hand == self.total(pk, "storage")
            assert on_loan == self.total(pk, "person")
        kept = Loan.objects.values_list("pk", "item", "quantity", "returned", "closed_at")
        assert {pk: (i, q, r, at is not None) for pk, i, q, r, at in kept} == {
            pk: (lent.item, lent.quantity, lent.returned, lent.returned == lent.quantity)
            for pk, lent in self.loans.items()
        }
