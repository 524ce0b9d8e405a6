"""Fixtures of the ledger: an item, two shelves and a supplier."""

import pytest

from items.models import Item
from items.stock.models import Location
from tests.factories import ItemFactory, LocationFactory
from tests.items.stock.desk import Stage
from users.models import User


@pytest.fixture
def item(db: None) -> Item:
    """One of which there can be many."""
    return ItemFactory.create()


@pytest.fixture
def single(db: None) -> Item:
    """One with a serial number."""
    return ItemFactory.create(serial_number="SN-1")


@pytest.fixture
def shelf(db: None) -> Location:
    """A place in store."""
    return LocationFactory.create(name="Shelf")


@pytest.fixture
def other(db: None) -> Location:
    """Another one."""
    return LocationFactory.create(name="Other shelf")


@pytest.fixture
def supplier(db: None) -> Location:
    """Somebody outside."""
    return LocationFactory.create(name="Supplier", kind=Location.Kind.OUTSIDE)


@pytest.fixture
def holder(nobody: User) -> User:
    """Somebody who borrows."""
    return nobody


@pytest.fixture
def stage(db: None) -> Stage:
    """Ten of a thing, of which somebody has four."""
    return Stage.make()
