"""The ledger when many book at the same instant, over HTTP to two server processes."""

from collections import Counter
from collections.abc import Sequence
from itertools import product

import httpx
import pytest

from tests.integration.crowd import Answer, all_at_once
from tests.integration.store import Store
from tests.live import Server

WANTED, THERE, BORROWERS = 200, 100, 10
AT_ONCE = 20


@pytest.fixture
def store(admin: httpx.Client) -> Store:
    return Store(admin)


def told(answers: Sequence[Answer]) -> Counter[tuple[int, str | None]]:
    """How often each status was answered, and with which code."""
    return Counter((answer.status, answer.code) for answer in answers)


def check_proof(server: Server) -> None:
    """Nothing is kept that the movements do not say."""
    assert server.manage("verify_ledger").stdout.startswith("0 differences,")


def test_as_many_are_lent_as_there_are_when_twice_as_many_are_wanted_at_the_same_instant(
    server: Server, store: Store
) -> None:
    shelf = store.place()
    item, people = store.item({shelf: THERE}), [store.person() for _ in range(BORROWERS)]
    lent = {"item_id": item, "source_id": shelf, "quantity": 1}
    calls = [("/loans", {**lent, "holder_id": people[n % BORROWERS]}) for n in range(WANTED)]
    answers = all_at_once(store.client, calls)
    assert told(answers) == {(201, None): THERE, (409, "insufficient_stock"): WANTED - THERE}
    assert len({answer.data["id"] for answer in answers if answer.status == 201}) == THERE
    assert store.sums(item) == (0, THERE)
    check_proof(server)


def test_one_reversal_when_many_reverse_one_movement(server: Server, store: Store) -> None:
    shelf = store.place()
    item = store.item({shelf: 1})
    movement = store.receive(item, shelf, 5)
    answers = all_at_once(store.client, [(f"/movements/{movement}/reverse", {})] * AT_ONCE)
    assert told(answers) == {(201, None): 1, (409, "already_reversed"): AT_ONCE - 1}
    assert store.sums(item) == (1, 0)
    check_proof(server)


def test_no_more_comes_back_than_was_lent_when_many_return_one_loan(
    server: Server, store: Store
) -> None:
    shelf, lent = store.place(), AT_ONCE // 2
    item = store.item({shelf: AT_ONCE})
    loan = store.lend(item, shelf, lent)
    answers = all_at_once(store.client, [(f"/loans/{loan}/return", {"quantity": 1})] * AT_ONCE)
    assert told(answers) == {(200, None): lent, (409, "more_than_lent"): AT_ONCE - lent}
    outstanding = {answer.data["outstanding"] for answer in answers if answer.status == 200}
    assert outstanding == {str(left) for left in range(lent)}
    assert store.client.get(f"/loans/{loan}").json()["data"]["closed_at"] is not None
    assert store.sums(item) == (AT_ONCE, 0)
    check_proof(server)


def test_all_arrives_when_transfers_cross(server: Server, store: Store) -> None:
    here, there = store.place(), store.place()
    items = [store.item({here: AT_ONCE, there: AT_ONCE}) for _ in range(2)]
    ways = [{"source_id": a, "destination_id": b} for a, b in ((here, there), (there, here))]
    calls = [
        (f"/items/{item}/movements", {"kind": "transfer", "quantity": 1, **way})
        for _, item, way in product(range(AT_ONCE), items, ways)
    ]
    assert told(all_at_once(store.client, calls)) == {(201, None): len(calls)}
    for item in items:
        at = store.at(item)
        assert (at[here], at[there]) == (AT_ONCE, AT_ONCE)
    check_proof(server)
