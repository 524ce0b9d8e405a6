"""Many book at once, in real threads with connections of their own."""

import logging
import os
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
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
from tests.items.stock.player import DONE, EVERY_OUTCOME, REFUSALS_OF
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

logger = logging.getLogger(__name__)

THREADS = 8
RECENT = 8  # loans and movements, so many that few meet at one and some do
OPERATIONS = int(os.environ.get("STOCKROOM_LEDGER_OPERATIONS", "400"))
ENOUGH_FOR_EACH = 4000  # one in sixty is a transfer that is done, the rarest of all
BORROWERS, EACH, STOCK = 20, 10, 100


def outcome(call: Callable[[], Any]) -> str:
    """How it ended: DONE, or the name of what it raised."""
    try:
        retried(call)
    except Exception as error:
        if not isinstance(error, DomainError):
            logger.exception("it should not have")
        return type(error).__name__
    return DONE


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
    assert found == {DONE: STOCK, InsufficientStock.__name__: BORROWERS * EACH - STOCK}
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
    assert Counter(found) == {DONE: THREADS}
    assert Location.objects.filter(user=borrower).count() == 1
    assert Location.objects.of_kind("outside").count() == 1
    check_proof()


def test_nothing_but_refusals_when_everything_is_done_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cast = Cast.make(items=3, places=3, users=3)
    with caplog.at_level(logging.INFO):
        shares = at_once(*(lambda seed=seed: mixture(cast, seed) for seed in range(THREADS)))
        found: Counter[tuple[str, str]] = sum(shares, Counter())
        retries = sum(record.name == "config.transactions" for record in caplog.records)
        logger.info("outcomes: %s; tried again: %s", sorted(found.items()), retries)
    assert set(found) <= EVERY_OUTCOME
    if OPERATIONS >= ENOUGH_FOR_EACH:
        assert {(service, DONE) for service in REFUSALS_OF} <= set(found)
    done = sum(times for (_, end), times in found.items() if end == DONE)
    assert done == Movement.objects.count()
    check_proof()


def mixture(cast: Cast, seed: int) -> Counter[tuple[str, str]]:
    """How a thread's share of the operations ended."""
    random, found = Random(seed), Counter[tuple[str, str]]()
    for _ in range(OPERATIONS // THREADS):
        call = drawn(cast, random)
        found[call.func.__name__, outcome(partial(call, actor=None))] += 1
    return found


def drawn(cast: Cast, random: Random) -> "partial[Any]":
    """A service with arguments drawn at random, most of which fit what it does."""
    item = random.choice(cast.items)
    source, destination = random.sample(cast.places, 2)
    quantity = Decimal(1) if item.serial_number else Decimal(random.randint(1, 5000)) / 1000
    out: dict[str, Any] = {"item": item, "source": source, "quantity": quantity}
    counted = random.choice([quantity, Decimal(0)])
    calls: list[partial[Any]] = [
        *[partial(services.receive_stock, **{**out, "source": None}, destination=destination)] * 3,
        partial(services.issue_stock, **out),
        partial(services.transfer_stock, **out, destination=destination),
        partial(services.count_stock, item=item, location=source, counted=counted),
        partial(services.write_off, **out),
        *[partial(services.check_out, **out, holder=random.choice(cast.users))] * 2,
    ]
    if loan := recent(Loan, random):
        back: dict[str, Any] = {"loan": loan, "quantity": random.choice([None, Decimal(1)])}
        calls += [
            *[partial(services.check_in, **back, destination=destination)] * 2,
            partial(services.write_off_loan, **back),
        ]
    if movement := recent(Movement, random):
        calls += [partial(services.reverse_movement, movement=movement)] * 2
    return random.choice(calls)


def recent(model: Any, random: Random) -> Any:
    """One of the last that were made, which others may use at the moment too."""
    return random.choice(model.objects.order_by("-pk")[:RECENT] or [None])


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
    assert ends == [[DONE] * rounds] * 2
    assert not caplog.records  # not one had to be tried again
    assert [at(item, place) for item in (a, b) for place in (shelf, other)] == [rounds] * 4
    check_proof()
