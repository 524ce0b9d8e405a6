"""Writes that wait in line are done together, over HTTP; to each it is as if it had come alone."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import sleep
from typing import Any
from uuid import uuid4

import httpx
import psycopg

AT_ONCE = 60
QUEUED_S = 0.5  # until all have come, and wait
Connection = psycopg.Connection[tuple[Any, ...]]
Clients = Callable[[int], list[httpx.Client]]


@contextmanager
def queued(by_hand: Connection, calls: Sequence[Callable[[], Any]]) -> Iterator[list[Future[Any]]]:
    """All calls wait for somebody who keeps the table of items; they go on at the end of this."""
    with ThreadPoolExecutor(len(calls)) as pool:
        by_hand.execute("LOCK TABLE items_item IN ACCESS EXCLUSIVE MODE")
        answers = [pool.submit(call) for call in calls]
        sleep(QUEUED_S)
        by_hand.rollback()
        yield answers


def posting(client: httpx.Client, sku: str, request_id: str) -> Callable[[], httpx.Response]:
    """A POST of an item."""
    headers, body = {"X-Request-ID": request_id}, {"sku": sku, "name": sku}
    return lambda: client.post("/items", json=body, headers=headers)


def test_each_has_its_own_row_answer_and_cause_when_many_are_written_together(
    many: Clients, by_hand: Connection
) -> None:
    """That many shared a transaction is asked, too: else this would say nothing."""
    ids = [uuid4().hex for _ in range(AT_ONCE)]
    calls = [posting(c, f"G-{pk}", pk) for c, pk in zip(many(AT_ONCE), ids, strict=True)]
    with queued(by_hand, calls) as answers:
        for pk, answer in zip(ids, answers, strict=True):
            response = answer.result()
            assert (response.status_code, response.json()["data"]["sku"]) == (201, f"G-{pk}")
            assert response.headers["X-Request-ID"] == pk
    told = by_hand.execute(
        "SELECT sku, pgh_context->>'request_id' FROM items_itemevent WHERE sku LIKE 'G-%'"
    )
    assert sorted(told.fetchall()) == sorted((f"G-{pk}", pk) for pk in ids)
    [(transactions,)] = by_hand.execute(
        "SELECT count(DISTINCT xmin::text) FROM items_item WHERE sku LIKE 'G-%'"
    ).fetchall()
    assert transactions < AT_ONCE


def test_one_is_made_and_all_others_conflict_when_many_posts_have_one_sku(
    many: Clients, by_hand: Connection
) -> None:
    sku = uuid4().hex
    calls = [posting(client, sku, uuid4().hex) for client in many(20)]
    with queued(by_hand, calls) as answers:
        assert Counter(answer.result().status_code for answer in answers) == {201: 1, 409: 19}


def test_every_change_counts_when_many_patch_one_item(
    admin: httpx.Client, many: Clients, by_hand: Connection
) -> None:
    made = admin.post("/items", json={"sku": uuid4().hex, "name": "Old"}).json()["data"]
    path = f"/items/{made['id']}"
    calls = [
        lambda client=client, name=f"New {n}": client.patch(path, json={"name": name})
        for n, client in enumerate(many(20))
    ]
    with queued(by_hand, calls) as answers:
        versions = sorted(answer.result().json()["data"]["version"] for answer in answers)
    assert versions == list(range(2, 22))
    assert admin.get(path).json()["data"]["version"] == 21


def test_others_are_answered_when_one_waits_for_a_lock(
    admin: httpx.Client, many: Clients, by_hand: Connection
) -> None:
    made = admin.post("/items", json={"sku": uuid4().hex, "name": "Held"}).json()["data"]
    by_hand.execute("SELECT FROM items_item WHERE id = %s FOR UPDATE", [made["id"]])
    waits, *others = many(20)
    with ThreadPoolExecutor(20) as pool:
        held = pool.submit(waits.patch, f"/items/{made['id']}", json={"name": "Mine"})
        posts = [posting(client, uuid4().hex, uuid4().hex) for client in others]
        assert {done.result().status_code for done in [pool.submit(p) for p in posts]} == {201}
        assert not held.done()
        by_hand.rollback()
        assert held.result().status_code == 200
