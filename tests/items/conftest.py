"""Fixtures of the register: a branch of categories, and the clients of those who only read."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from items.models import Category
from tests.client import Api
from tests.factories import CategoryFactory
from users.models import User


class Branch(NamedTuple):
    """Three categories, each below the one before, and one beside them."""

    top: Category
    middle: Category
    bottom: Category
    other: Category


@pytest.fixture
def branch(db: None) -> Branch:
    """A tree of depth three."""
    top = CategoryFactory.create(name="Equipment")
    middle = CategoryFactory.create(name="Computers", parent=top)
    bottom = CategoryFactory.create(name="Laptops", parent=middle)
    return Branch(top, middle, bottom, CategoryFactory.create(name="Furniture"))


@pytest.fixture
def nobody_api(nobody: User, api_of: Callable[[User], Api]) -> Api:
    """The client of somebody without a group."""
    return api_of(nobody)


@pytest.fixture
def viewer_api(viewer: User, api_of: Callable[[User], Api]) -> Api:
    """The client of a viewer."""
    return api_of(viewer)
