"""Processes killed while many book over HTTP: what was answered is in the ledger, whole and once.

Each request has a mark of its own, as the reference of its movement and as its Idempotency-Key.
"""

import logging
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from threading import Event
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from config import embedded
from tests.integration.killing import Stockroom, kill_under_load, stockroom_of_its_own
from tests.integration.store import Store

logger = logging.getLogger(__name__)

KILLS = int(os.environ.get("STOCKROOM_LEDGER_KILLS", "1"))  # of each kind
WRITERS, ITEMS, SHELVES, BORROWERS = 6, 3, 2, 3
BEFORE_S, AFTER_S = (0.5, 1.5), 1.0  # before: from, to
PAUSE_S = 0.2  # after no answer, or a 503
DONE = frozenset({200, 201})
REFUSED = frozenset({409, "ConnectError"})  # by the ledger; and what never came to the server
UNKNOWN = frozenset({503, "ReadError", "RemoteProtocolError", "WriteError"})
Row = tuple[str, int, Decimal]


@pytest.fixture(scope="module")
def stockroom() -> Iterator[Stockroom]:
    with stockroom_of_its_own() as stockroom:
        yield stockroom


@dataclass
class Asked:
    """A request, and its answer: a status, or the name of what went wrong."""

    path: str
    body: dict[str, Any]
    booked: Row  # kind, item and quantity of the movement that it makes
    mark: str = field(default_factory=lambda: uuid4().hex)
    status: int | str = ""
    data: Any = None

    def send(self, client: httpx.Client) -> None:
        """Send it; a second time does nothing twice."""
        try:
            answer = client.post(
                self.path,
                json={**self.body, "reference": self.mark},
                headers={"Idempotency-Key": self.mark},
            )
        except httpx.TransportError as error:
            self.status = type(error).__name__
        else:
            self.status, self.data = answer.status_code, answer.json().get("data")


class Burst:
    """Writers that book what is drawn at random, until they are told to stop."""

    def __init__(self, store: Store) -> None:
        self.shelves = [store.place() for _ in range(SHELVES)]
        self.people = [store.person() for _ in range(BORROWERS)]
        self.items = [store.item(dict.fromkeys(self.shelves, 20)) for _ in range(ITEMS)]
        self.asked: list[Asked] = []

    def write(self, client: httpx.Client, stop: Event) -> None:
        """Book one thing after another; each writer brings back what it has lent itself."""
        random, lent = Random(), list[tuple[int, int]]()
        while not stop.is_set():
            asked = self.drawn(random, lent)
            self.asked.append(asked)
            asked.send(client)
            if asked.path == "/loans" and asked.status in DONE:
                lent.append((asked.data["id"], asked.booked[1]))
            elif asked.status not in {*DONE, 409}:
                stop.wait(PAUSE_S)

    def drawn(self, random: Random, lent: list[tuple[int, int]]) -> Asked:
        """A receipt, a transfer, a loan or a return."""
        kind = random.choice(["receive", "transfer", "check_out", "check_in"])
        item, quantity = random.choice(self.items), random.randint(1, 4)
        source, destination = random.sample(self.shelves, 2)
        body: dict[str, Any] = {"quantity": quantity}
        if kind == "check_in" and lent:
            loan, item = random.choice(lent)
            path = f"/loans/{loan}/return"
        elif kind == "check_out":
            path = "/loans"
            body |= {
                "item_id": item,
                "source_id": source,
                "holder_id": random.choice(self.people),
            }
        else:
            kind = "transfer" if kind == "transfer" else "receive"
            path = f"/items/{item}/movements"
            body |= {"kind": kind, "destination_id": destination}
            body |= {"source_id": source} if kind == "transfer" else {}
        return Asked(path, body, (kind, item, Decimal(quantity)))


def booked(stockroom: Stockroom) -> dict[str, list[Row]]:
    """{reference: what has been booked with it}, as the database has it."""
    found: dict[str, list[Row]] = defaultdict(list)
    with psycopg.connect(embedded.database_url(stockroom.data)) as connection:
        rows = connection.execute("SELECT reference, kind, item_id, quantity FROM items_movement")
        for reference, *row in rows:
            found[reference].append((row[0], row[1], row[2]))
    return found


def loans_by_half(stockroom: Stockroom) -> int:
    """How many loans there are without the one check-out that opens them."""
    with psycopg.connect(embedded.database_url(stockroom.data)) as connection:
        [row] = connection.execute(
            """
            SELECT count(*) FROM items_loan loan WHERE 1 <> (
                SELECT count(*) FROM items_movement
                WHERE loan_id = loan.id AND kind = 'check_out' AND quantity = loan.quantity
            )
            """
        ).fetchall()
        return int(row[0])


@pytest.mark.parametrize("victim", ["worker", "whole_server", "postmaster"])
def test_each_movement_is_there_once_or_not_at_all_when_a_process_is_killed(
    stockroom: Stockroom, victim: str
) -> None:
    for _ in range(KILLS):
        with stockroom.client() as client:
            burst = Burst(Store(client))
        took_s = kill_under_load(
            stockroom,
            getattr(stockroom, victim),
            burst.write,
            writers=WRITERS,
            before_s=Random().uniform(*BEFORE_S),
            after_s=AFTER_S,
            revive=stockroom.start if victim == "whole_server" else None,
        )
        told = Counter(str(asked.status) for asked in burst.asked)
        logger.info("%s killed: told %s; whole after %.1f s", victim, dict(told), took_s)
        check_whole(stockroom, burst)


def check_whole(stockroom: Stockroom, burst: Burst) -> None:
    """What was answered is there, what was refused is not, the rest is there whole or not at all.

    And whoever sends the rest again is answered in the end: it is done once.
    """
    there = booked(stockroom)
    for asked in burst.asked:
        assert asked.status in DONE | REFUSED | UNKNOWN
        assert there[asked.mark] in wanted(asked)
    assert loans_by_half(stockroom) == 0
    unknown = [asked for asked in burst.asked if asked.status in UNKNOWN]
    done = sum(bool(there[asked.mark]) for asked in unknown)
    logger.info("%s without a plain answer, of which %s were done", len(unknown), done)
    with stockroom.client() as client:
        for asked in unknown:
            asked.send(client)
    there = booked(stockroom)
    for asked in unknown:
        assert asked.status in DONE | REFUSED
        assert there[asked.mark] in wanted(asked)
    assert stockroom.manage("verify_ledger").startswith("0 differences,")


def wanted(asked: Asked) -> list[list[Row]]:
    """What may be booked for it, by what was answered."""
    if asked.status in DONE:
        return [[asked.booked]]
    return [[]] if asked.status in REFUSED else [[], [asked.booked]]
