"""The ledger in plain Python, and random movements that are done to it and to the real one alike.

Each operation is drawn, foretold by the model, and done through the services: what the model
refuses has to be refused with the same error, and what it allows has to be done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from config.errors import DomainError
from items.models import Item
from items.stock import services
from items.stock.errors import (
    AlreadyReversed,
    InsufficientStock,
    MoreThanLent,
    NotActive,
    NothingToBook,
    NotReversible,
    SingleThing,
    WrongLocation,
)
from items.stock.models import Loan, Location, Movement, StockLevel
from tests.factories import ItemFactory, LocationFactory, UserFactory

NOTHING = Decimal(0)
REMEMBERED = 12  # of loans and movements, from which one is taken back or reversed


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
    refusals: dict[type, int] = field(default_factory=lambda: defaultdict(int))

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


class Player:
    """Draws operations, and does each to the model and to the ledger."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.random = cast, Random(seed)
        self.model = Model(cast)
        self.model.kinds = {place.pk: place.kind for place in cast.places}

    def play(self) -> None:
        """One operation; the model and the ledger agree on whether it is done."""
        draw: Callable[[], tuple[type[DomainError] | None, Callable[[], Any]]]
        draw = self.random.choice(
            [
                *(self.receive, self.receive, self.issue, self.transfer, self.count),
                *(self.check_out, self.check_out, self.check_in, self.check_in),
                *(self.write_off, self.write_off_loan, self.reverse),
            ]
        )
        foretold, call = draw()
        made: Any = None
        refusal: type[DomainError] | None = None
        try:
            made = call()
        except DomainError as refused:
            refusal = type(refused)
        assert refusal is foretold, draw.__name__
        if refusal is not None:
            self.model.refusals[refusal] += 1
        else:
            self.model.book(made if isinstance(made, Movement) else made.movements.get())

    # ── What is drawn ─────────────────────────────────────────────────────────────────────────
    def _quantity(self, item: Item) -> Decimal:
        if item.serial_number is not None:
            return Decimal(1)
        return Decimal(self.random.randint(1, 9_000)) / self.random.choice([1000, 100])

    def _item(self) -> Item:
        return self.random.choice(self.cast.items)

    def _place(self) -> Location:
        return self.random.choice(self.cast.places)

    def _loan(self) -> Loan | None:
        known = sorted(self.model.loans)[-REMEMBERED:]
        return Loan.objects.get(pk=self.random.choice(known)) if known else None

    def _misplaced(self, **wanted: tuple[Location, str]) -> bool:
        return any(place.kind != kind for place, kind in wanted.values())

    def _too_little(self, item: Item, place: Location, quantity: Decimal) -> bool:
        return quantity > self.model.levels[item.pk, place.pk]

    # ── Each service ──────────────────────────────────────────────────────────────────────────
    def receive(self) -> Any:
        item, place = self._item(), self._place()
        quantity = self._quantity(item)
        foretold: type[DomainError] | None = None
        if place.kind != "storage":
            foretold = WrongLocation
        elif self.model.refuses_more(item, quantity):
            foretold = SingleThing
        return foretold, lambda: services.receive_stock(
            actor=None, item=item, destination=place, quantity=quantity
        )

    def _out(self, service: Callable[..., Any], **more: Any) -> Any:
        item, place = self._item(), self._place()
        quantity = self._quantity(item)
        foretold: type[DomainError] | None = None
        if place.kind != "storage":
            foretold = WrongLocation
        elif "holder" in more and not more["holder"].is_active:
            foretold = NotActive
        elif self._too_little(item, place, quantity):
            foretold = InsufficientStock
        return foretold, lambda: service(
            actor=None, item=item, source=place, quantity=quantity, **more
        )

    def issue(self) -> Any:
        return self._out(services.issue_stock)

    def write_off(self) -> Any:
        return self._out(services.write_off)

    def check_out(self) -> Any:
        return self._out(services.check_out, holder=self.random.choice(self.cast.users))

    def transfer(self) -> Any:
        item = self._item()
        store = [place for place in self.cast.places if place.kind == "storage"]
        source, destination = self.random.sample(store, 2)
        quantity = self._quantity(item)
        short = self._too_little(item, source, quantity)
        return InsufficientStock if short else None, lambda: services.transfer_stock(
            actor=None, item=item, source=source, destination=destination, quantity=quantity
        )

    def count(self) -> Any:
        item, place = self._item(), self._place()
        there = self.model.levels[item.pk, place.pk]
        counted = self.random.choice([there, NOTHING, self._quantity(item)])
        foretold: type[DomainError] | None = None
        if place.kind != "storage":
            foretold = WrongLocation
        elif counted == there:
            foretold = NothingToBook
        elif self.model.refuses_more(item, counted - there):
            foretold = SingleThing
        return foretold, lambda: services.count_stock(
            actor=None, item=item, location=place, counted=counted
        )

    def _back(self, service: Callable[..., Any], **more: Any) -> Any:
        loan = self._loan()
        if loan is None:
            return self.receive()
        lent = self.model.loans[loan.pk]
        out = lent.quantity - lent.returned
        quantity = self.random.choice([None, self._quantity(loan.item), out / 2])
        if quantity is not None:
            quantity = quantity.quantize(Decimal("0.001")) or None
        foretold: type[DomainError] | None = None
        if more and more["destination"].kind != "storage":
            foretold = WrongLocation
        elif not out or (quantity or out) > out:
            foretold = MoreThanLent
        return foretold, lambda: service(actor=None, loan=loan, quantity=quantity, **more)

    def check_in(self) -> Any:
        return self._back(services.check_in, destination=self._place())

    def write_off_loan(self) -> Any:
        return self._back(services.write_off_loan)

    def reverse(self) -> Any:
        known = sorted(self.model.movements)[-REMEMBERED:]
        if not known:
            return self.receive()
        movement = Movement.objects.get(pk=self.random.choice(known))
        booked = self.model.movements[movement.pk]
        return self._against_reversal(booked, movement.item), lambda: services.reverse_movement(
            actor=None, movement=movement
        )

    def _against_reversal(self, booked: Booked, item: Item) -> type[DomainError] | None:
        leaves = self.model.kinds[booked.destination]
        if booked.is_reversal:
            return NotReversible
        if booked.is_reversed:
            return AlreadyReversed
        if leaves == "outside":
            return SingleThing if self.model.refuses_more(item, booked.quantity) else None
        if leaves == "person":
            lent = self.model.loans[booked.loan or 0]
            return MoreThanLent if booked.quantity > lent.quantity - lent.returned else None
        short = booked.quantity > self.model.levels[booked.item, booked.destination]
        return InsufficientStock if short else None
