"""A transaction that loses a dead-lock is tried again; with real locks of two connections."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from config.transactions import RETRIES, retried
from items.models import Item
from tests.factories import ItemFactory


@pytest.mark.django_db(transaction=True)
def test_both_edits_last_when_two_transactions_lock_each_other_out() -> None:
    one, two = ItemFactory.create(), ItemFactory.create()
    both_hold_one = Barrier(2)
    tries: list[int] = []

    def edit(first: Item, then: Item, name: str) -> None:
        met = False

        def work() -> None:
            nonlocal met
            tries.append(first.pk)
            with transaction.atomic():
                Item.objects.filter(pk=first.pk).update(description=name)
                if not met:
                    met = True
                    both_hold_one.wait(10)
                Item.objects.filter(pk=then.pk).update(unit=name)

        try:
            retried(work)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(edit, one, two, "a"), pool.submit(edit, two, one, "b")]
        for job in jobs:
            job.result(30)
    assert len(tries) == 3
    rows = Item.objects.order_by("pk").values_list("description", "unit")
    assert list(rows) == [("a", "b"), ("b", "a")]


def refused(sqlstate: str) -> None:
    """Have PostgreSQL end a transaction for this reason."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}'; END $$")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_the_error_crosses_when_every_try_collides(sqlstate: str) -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        refused(sqlstate)

    with pytest.raises(OperationalError):
        retried(work)
    assert len(tries) == 1 + RETRIES


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("sqlstate", "error"), [("55P03", OperationalError), ("23505", IntegrityError)]
)
def test_not_tried_again_when_it_is_another_trouble(sqlstate: str, error: type[Exception]) -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        refused(sqlstate)

    with pytest.raises(error):
        retried(work)
    assert len(tries) == 1


@pytest.mark.django_db
def test_not_tried_again_when_a_transaction_is_open_around_it() -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        refused("40P01")

    with pytest.raises(OperationalError):
        retried(work)
    assert len(tries) == 1
