"""Many book at once, in real threads with connections of their own."""

import logging
import os
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import transaction

from config.errors import DomainError
from config.transactions import retried
from items.models import Item
from items.stock import services
from items.stock.errors import InsufficientStock
from items.stock.models import Loan, Location, Movement
from tests.factories import ItemFactory, UserFactory
from tests.items.helpers import at_once
from tests.items.stock.helpers import at, check_proof, receive, sums
from tests.items.stock.model import Cast
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 8
OPERATIONS = int(os.environ.get("STOCKROOM_LEDGER_OPERATIONS", "400"))
BORROWERS, EACH, STOCK = 20, 10, 100


def outcome(call: Callable[[], Any]) -> str:
    """How it ended: "done", or the name of what it raised."""
    try:
        retried(call)
    except Exception as error:
        if not isinstance(error, DomainError):
            logging.getLogger(__name__).exception("it should not have")
        return type(error).__name__
    return "done"


def test_as_many_are_lent_as_there_are_when_more_want_one(
    item: Item, shelf: Location, holder: User
) -> None:
    receive(item, shelf, STOCK)
    users = [holder, *(UserFactory.create() for _ in range(BORROWERS - 1))]

    def borrow(user: User) -> list[str]:
        lent: dict[str, Any] = {"item": item, "source": shelf, "quantity": Decimal(1)}
        return [
            outcome(lambda: services.check_out(actor=None, holder=user, **lent))
            for _ in range(EACH)
        ]

    found = Counter(
        end for ends in at_once(*(lambda user=user: borrow(user) for user in users)) for end in ends
    )
    assert found == {"done": STOCK, InsufficientStock.__name__: BORROWERS * EACH - STOCK}
    assert Loan.objects.open().count() == STOCK
    assert sums(item) == (0, STOCK)
    check_proof()


def test_one_loan_when_one_place_is_first_asked_for_by_many(item: Item, shelf: Location) -> None:
    borrower = UserFactory.create()
    items = [ItemFactory.create() for _ in range(THREADS)]
    found = at_once(
        *(
            lambda each=each: outcome(
                lambda: (
                    receive(each, shelf, 1),
                    services.check_out(
                        actor=None, item=each, source=shelf, holder=borrower, quantity=Decimal(1)
                    ),
                )
            )
            for each in items
        )
    )
    assert Counter(found) == {"done": THREADS}
    assert Location.objects.filter(user=borrower).count() == 1
    assert Location.objects.of_kind("outside").count() == 1
    check_proof()


def test_nothing_but_refusals_when_everything_is_done_at_once() -> None:
    cast = Cast.make(items=3, places=3, users=3)
    found: Counter[str] = sum(
        at_once(*(lambda seed=seed: mixture(cast, seed) for seed in range(THREADS))), Counter()
    )
    refusals = {
        *("InsufficientStock", "MoreThanLent", "AlreadyReversed", "NotReversible"),
        *("NothingToBook", "SingleThing"),
    }
    assert set(found) <= {"done", *refusals}, found
    assert found["done"] == Movement.objects.count()
    assert found["done"] > OPERATIONS / 4
    check_proof()


def mixture(cast: Cast, seed: int) -> Counter[str]:
    """How a thread's share of the operations ended."""
    return Counter(
        outcome(drawn(cast, Random(seed * OPERATIONS + number)))
        for number in range(OPERATIONS // THREADS)
    )


def drawn(cast: Cast, random: Random) -> Callable[[], Any]:
    """A service with arguments drawn at random, that fit what it does."""
    item = random.choice(cast.items)
    source, destination = random.sample(cast.places[:-1], 2)
    quantity = Decimal(1) if item.serial_number else Decimal(random.randint(1, 5000)) / 1000
    holder = random.choice(cast.users[:-1])
    common: dict[str, Any] = {"actor": None, "item": item}
    out = {**common, "source": source, "quantity": quantity}
    loan = Loan.objects.order_by("-pk")[: random.randint(1, 8)]
    movement = Movement.objects.order_by("-pk")[: random.randint(1, 8)]

    def back(service: Callable[..., Any], **more: Any) -> Any:
        return service(actor=None, loan=list(loan)[-1], **more)

    def reverse() -> Any:
        return services.reverse_movement(actor=None, movement=list(movement)[-1])

    def come() -> Any:
        return services.receive_stock(**common, destination=destination, quantity=quantity)

    calls: list[Callable[[], Any]] = [
        *(come, come, come),
        lambda: services.issue_stock(**out),
        lambda: services.transfer_stock(**out, destination=destination),
        lambda: services.count_stock(**common, location=source, counted=quantity),
        lambda: services.write_off(**out),
        *[lambda: services.check_out(**out, holder=holder)] * 2,
    ]
    if loan.exists():
        calls += [
            *[lambda: back(services.check_in, destination=destination)] * 2,
            lambda: back(services.write_off_loan),
        ]
    if movement.exists():
        calls.append(reverse)
    return random.choice(calls)


@pytest.mark.parametrize("rounds", [25])
def test_no_dead_lock_when_items_are_locked_in_one_order(
    shelf: Location, other: Location, rounds: int, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = ItemFactory.create(), ItemFactory.create()
    for item in (a, b):
        receive(item, shelf, rounds)
        receive(item, other, rounds)

    def cross(*items: Item, source: Location, destination: Location) -> None:
        with transaction.atomic():
            services.lock_in_one_order(items)
            for item in items:
                services.transfer_stock(
                    actor=None,
                    item=item,
                    source=source,
                    destination=destination,
                    quantity=Decimal(1),
                )

    def again(*items: Item, source: Location, destination: Location) -> list[str]:
        return [
            outcome(lambda: cross(*items, source=source, destination=destination))
            for _ in range(rounds)
        ]

    with caplog.at_level(logging.INFO, logger="config.transactions"):
        ends = at_once(
            lambda: again(a, b, source=shelf, destination=other),
            lambda: again(b, a, source=other, destination=shelf),
        )
    assert ends == [["done"] * rounds] * 2
    assert not caplog.records  # not one had to be tried again
    assert [at(item, place) for item in (a, b) for place in (shelf, other)] == [rounds] * 4
    check_proof()
