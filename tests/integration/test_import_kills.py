"""Imports killed in the middle: all of one is there, or nothing, and it can be done again."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.embedded.locks import wait_until
from tests.live import Place, live_database

ROWS = 20_000
APPLIED_S = 120.0
PATIENCE_S = 60.0
COUNTS = "SELECT count(*), coalesce(sum(on_hand), 0)::int FROM items_item"
STATUS = "SELECT id, status FROM items_import ORDER BY id DESC LIMIT 1"
APPLYING = "SELECT id FROM items_import WHERE status IN ('applying', 'applied') ORDER BY id DESC"
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'
"""
# After the plan: in the first statements, among the items, and around the commit.
MOMENTS_S = (0.0, 0.3, 1.0, 2.0)


@pytest.fixture
def place(servers: None, django_db_blocker: Any) -> Iterator[Place]:
    """An empty register of its own."""
    with django_db_blocker.unblock(), live_database(f"imports_{os.getpid()}") as url:
        yield Place(url)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("imports") / "items.csv"
    rows = (f"A-{n},Lamp {n},Light / Kind {n % 9},{n % 7 + 1},Hall {n % 5}" for n in range(ROWS))
    path.write_text("\n".join(["sku,name,category,quantity,location", *rows]), encoding="utf-8")
    return path


def _kill(place: Place, process: "subprocess.Popen[str]") -> None:
    """Kill it, and wait until PostgreSQL has noticed: it may be about to commit."""
    process.kill()
    process.communicate()
    assert wait_until(lambda: place.sql(OTHERS) == [(0,)], timeout_s=PATIENCE_S)


def _next(place: Place, *, after: int) -> int:
    """The next import that is applied, as soon as that has begun."""
    found: list[int] = []

    def begun() -> bool:
        found[:] = [pk for (pk,) in place.sql(APPLYING) if pk > after]
        return bool(found)

    assert wait_until(begun, timeout_s=PATIENCE_S)
    return found[0]


def status(place: Place) -> str:
    found = place.sql(STATUS)
    return str(found[0][1]) if found else ""


def test_nothing_is_half_written_when_an_import_is_killed_while_it_is_applied(
    place: Place, file: Path
) -> None:
    pk = 0
    for moment_s in MOMENTS_S:
        process = place.process("import_items", str(file), "--apply")
        pk = _next(place, after=pk)
        time.sleep(moment_s)
        _kill(place, process)
        if place.sql(COUNTS)[0][0]:
            break
    items, on_hand = place.sql(COUNTS)[0]
    whole = sum(n % 7 + 1 for n in range(ROWS))
    assert (items, on_hand) in {(0, 0), (ROWS, whole)}
    if not items:
        again = place.process("import_items", "--apply-plan", str(pk))
        told, trouble = again.communicate(timeout=APPLIED_S)
        assert f"{ROWS:,} made" in told, trouble
    assert place.sql(COUNTS) == [(ROWS, whole)]
    assert "0 differences" in place.run("verify_ledger")


def test_nothing_is_written_when_an_import_is_killed_while_it_is_planned(
    place: Place, file: Path
) -> None:
    process = place.process("import_items", str(file), "--apply")
    wait_until(lambda: status(place) == "planning", timeout_s=PATIENCE_S)
    _kill(place, process)
    assert place.sql(COUNTS) == [(0, 0)]
    assert place.sql("SELECT count(*) FROM items_category") == [(0,)]
