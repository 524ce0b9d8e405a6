"""Backups while imports are there: their plans are left out, and nothing of them is mixed up."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from items.exchange import services
from items.exchange.errors import Changed, WrongState
from items.exchange.models import STAGING, Import
from items.exchange.rooms import Room
from items.models import Item
from tests.items.exchange.files import applied, planned
from tests.live import Place, live_database


@pytest.fixture(scope="module")
def place(servers: None, django_db_blocker: Any) -> Iterator[Place]:
    """A register of its own, with an import that was applied and a plan."""
    with django_db_blocker.unblock(), live_database(f"imported_{os.getpid()}") as url:
        yield Place(url)
        connection.close()


@pytest.fixture
def backup(place: Place, tmp_path: Path) -> Path:
    """A backup of it."""
    with place.here():
        applied("sku,name\nC-1,Chair\n")
        planned("sku,name\nT-1,Table\n")
    path = tmp_path / "backup.zip"
    place.run("backup", str(path))
    return path


def test_as_equal_as_ever_when_a_backup_is_tried(place: Place, backup: Path) -> None:
    assert "equal" in place.run("restore", str(backup), "--verify")


def test_no_plan_is_taken_for_another_when_a_backup_replaces_what_is_there(
    place: Place, backup: Path
) -> None:
    place.run("restore", str(backup), "--replace")
    with place.here():
        plan, done = Import.objects.order_by("-pk")[:2]
        assert not Room(plan.schema).has("rows")
        with pytest.raises(Changed, match="The rows of the plan have been lost"):
            services.apply(plan)
        with pytest.raises(WrongState, match="its rows have been pruned"):
            services.take_back(done)
        assert Item.objects.get().sku == "C-1"


def test_it_is_the_schemas_of_plans_that_are_left_out() -> None:
    items: Any = apps.get_app_config("items")
    assert items.passing_schemas == (STAGING,)
