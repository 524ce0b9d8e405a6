"""Killed while it books: what was reported is there, and nothing is there by half."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from items.stock.models import Movement
from tests.factories import ItemFactory, LocationFactory
from tests.items.stock.helpers import check_proof
from tests.live import ROOT, database_url

KILLS = int(os.environ.get("STOCKROOM_LEDGER_KILLS", "6"))
AT_ONCE = 4
BURST_S = (0.05, 0.4)  # from the first report to the kill: from, to
ITEMS = 3


def burst(name: str, url: str, skus: list[str]) -> list[str]:
    """The references that a process reported before it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.items.stock.burst", name, *skus],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    reported = [process.stdout.readline().strip()]
    time.sleep(random.uniform(*BURST_S))
    process.kill()
    reported += process.communicate()[0].split()
    return reported


@pytest.mark.django_db(transaction=True)
def test_what_was_reported_is_there_whole_when_who_books_is_killed() -> None:
    LocationFactory.create(name="Shelf")
    skus = [ItemFactory.create().sku for _ in range(ITEMS)]
    url = database_url(connection.settings_dict["NAME"])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        bursts = [pool.submit(burst, f"burst{n}", url, skus) for n in range(KILLS)]
        reported = [reference for each in bursts for reference in each.result()]
    assert len(reported) >= KILLS
    there = Counter(Movement.objects.values_list("reference", flat=True))
    assert set(reported) <= set(there)
    assert set(there.values()) == {ITEMS}
    assert len(there) <= len(reported) + KILLS  # a commit whose report was cut off, for each
    check_proof()
