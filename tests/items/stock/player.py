"""Random movements that are done to the model and to the ledger alike.

Each operation is drawn, foretold by the model, and done through the services: what the model
refuses has to be refused with the same error, and what it allows has to be done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from itertools import islice
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
from items.stock.models import Loan, Location, Movement
from tests.items.stock.model import NOTHING, Booked, Cast, Model

REMEMBERED = 12  # of loans and movements, from which one is taken back or reversed
DONE = "done"
# What each service refuses; a mixture that is worth its name meets all of it.
REFUSALS_OF: dict[str, set[type[DomainError]]] = {
    "receive_stock": {WrongLocation, SingleThing},
    "issue_stock": {WrongLocation, InsufficientStock},
    "transfer_stock": {WrongLocation, InsufficientStock},
    "count_stock": {WrongLocation, SingleThing, NothingToBook},
    "check_out": {WrongLocation, NotActive, InsufficientStock},
    "check_in": {WrongLocation, MoreThanLent},
    "write_off": {WrongLocation, InsufficientStock},
    "write_off_loan": {MoreThanLent},
    "reverse_movement": {
        *(NotReversible, AlreadyReversed),
        *(InsufficientStock, MoreThanLent, SingleThing),
    },
}
EVERY_OUTCOME = {(service, DONE) for service in REFUSALS_OF} | {
    (service, refusal.__name__) for service, refusals in REFUSALS_OF.items() for refusal in refusals
}
Drawn = tuple[type[DomainError] | None, partial[Any]]


class Player:
    """Draws operations, and does each to the model and to the ledger."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.random = cast, Random(seed)
        self.model = Model(cast)
        self.model.kinds = {place.pk: place.kind for place in cast.places}
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def play(self) -> None:
        """One operation; the model and the ledger agree on whether it is done."""
        draw: Callable[[], Drawn] = self.random.choice(
            [
                *(self.receive, self.receive, self.issue, self.transfer, self.count),
                *(self.check_out, self.check_out, self.check_in, self.check_in),
                *(self.write_off, self.write_off_loan, self.reverse, self.reverse),
            ]
        )
        foretold, call = draw()
        made: Any = None
        refusal: type[DomainError] | None = None
        try:
            made = call(actor=None)
        except DomainError as refused:
            refusal = type(refused)
        assert refusal is foretold, call
        self.outcomes[call.func.__name__, refusal.__name__ if refusal else DONE] += 1
        if refusal is None:
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

    def _outside(self) -> Location | None:
        return self.random.choice([None, self.cast.places[-1]])

    def _recent(self, known: dict[int, Any]) -> int | None:
        recent = list(islice(reversed(known), REMEMBERED))
        return self.random.choice(recent) if recent else None

    def _too_little(self, item: Item, place: Location, quantity: Decimal) -> bool:
        return quantity > self.model.levels[item.pk, place.pk]

    # ── Each service ──────────────────────────────────────────────────────────────────────────
    def receive(self) -> Drawn:
        item, place = self._item(), self._place()
        quantity = self._quantity(item)
        foretold: type[DomainError] | None = None
        if place.kind != "storage":
            foretold = WrongLocation
        elif self.model.refuses_more(item, quantity):
            foretold = SingleThing
        return foretold, partial(
            services.receive_stock,
            item=item,
            source=self._outside(),
            destination=place,
            quantity=quantity,
        )

    def _out(self, service: Callable[..., Any], **more: Any) -> Drawn:
        item, place = self._item(), self._place()
        quantity = self._quantity(item)
        foretold: type[DomainError] | None = None
        if place.kind != "storage":
            foretold = WrongLocation
        elif "holder" in more and not more["holder"].is_active:
            foretold = NotActive
        elif self._too_little(item, place, quantity):
            foretold = InsufficientStock
        return foretold, partial(service, item=item, source=place, quantity=quantity, **more)

    def issue(self) -> Drawn:
        return self._out(services.issue_stock, destination=self._outside())

    def write_off(self) -> Drawn:
        return self._out(services.write_off)

    def check_out(self) -> Drawn:
        return self._out(services.check_out, holder=self.random.choice(self.cast.users))

    def transfer(self) -> Drawn:
        item = self._item()
        source, destination = self.random.sample(self.cast.places, 2)
        quantity = self._quantity(item)
        foretold: type[DomainError] | None = None
        if "outside" in (source.kind, destination.kind):
            foretold = WrongLocation
        elif self._too_little(item, source, quantity):
            foretold = InsufficientStock
        return foretold, partial(
            services.transfer_stock,
            item=item,
            source=source,
            destination=destination,
            quantity=quantity,
        )

    def count(self) -> Drawn:
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
        return foretold, partial(services.count_stock, item=item, location=place, counted=counted)

    def _back(self, service: Callable[..., Any], **more: Any) -> Drawn:
        pk = self._recent(self.model.loans)
        if pk is None:
            return self.receive()
        loan, lent = Loan.objects.get(pk=pk), self.model.loans[pk]
        out = lent.quantity - lent.returned
        quantity = self.random.choice([None, self._quantity(loan.item), out / 2])
        if quantity is not None:
            quantity = quantity.quantize(Decimal("0.001")) or None
        foretold: type[DomainError] | None = None
        if more and more["destination"].kind != "storage":
            foretold = WrongLocation
        elif not out or (quantity or out) > out:
            foretold = MoreThanLent
        return foretold, partial(service, loan=loan, quantity=quantity, **more)

    def check_in(self) -> Drawn:
        return self._back(services.check_in, destination=self._place())

    def write_off_loan(self) -> Drawn:
        return self._back(services.write_off_loan)

    def reverse(self) -> Drawn:
        pk = self._recent(self.model.movements)
        if pk is None:
            return self.receive()
        movement = Movement.objects.get(pk=pk)
        foretold = self._against_reversal(self.model.movements[pk], movement.item)
        return foretold, partial(services.reverse_movement, movement=movement)

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
