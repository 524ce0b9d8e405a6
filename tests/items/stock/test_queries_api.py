"""How many queries a call of the ledger's takes, however many rows there are."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.client import Api
from tests.items.catalogue.test_queries import CAUSE, IDS, ROWS, TOKEN, TRANSACTION, queries
from tests.items.stock.shelves import Shelf, place, shelf
from users.models import User

RIGHTS = 1
ITEM = 1


@pytest.fixture
def used(api: Api) -> Api:
    """A client whose token has been used within the minute."""
    api.get("/items/0")
    return api


@pytest.fixture
def full(db: None) -> Shelf:
    """Something with a life behind it: in several places, lent several times."""
    full = shelf("10")
    for _ in range(4):
        Shelf(place(parent=place()), full.item).put("1")
        full.lend()
        shelf().lend()
    return full


@pytest.mark.parametrize("path", ["/locations", "/movements", "/loans"])
def test_three_and_the_rights_when_a_list_is_read(path: str, used: Api, full: Shelf) -> None:
    assert queries(lambda: used.get(path)) <= TOKEN + RIGHTS + IDS + ROWS
    assert queries(lambda: used.get(f"{path}?cursor=")) <= TOKEN + RIGHTS + IDS + ROWS


@pytest.mark.parametrize(("asked", "rows"), [("", 1), ("?as_of=2999-01-01T00:00:00Z", 3)])
def test_pinned_when_stock_is_read(asked: str, rows: int, used: Api, full: Shelf) -> None:
    assert queries(lambda: used.get(f"{full.path}/stock{asked}")) <= TOKEN + RIGHTS + ITEM + rows


def test_pinned_when_the_movements_of_an_item_are_read(used: Api, full: Shelf) -> None:
    wanted = TOKEN + RIGHTS + ITEM + IDS + ROWS
    assert queries(lambda: used.get(f"{full.path}/movements")) <= wanted


def test_pinned_when_holdings_are_read(
    full: Shelf, nobody: User, api_of: Callable[[User], Api]
) -> None:
    for _ in range(4):
        shelf().lend(holder=nobody)
    own = api_of(nobody)
    own.get("/users/me/holdings")
    assert queries(lambda: own.get("/users/me/holdings")) <= TOKEN + IDS + ROWS


@pytest.mark.parametrize("word", ["location", "holder", "low_stock"])
def test_pinned_when_items_are_asked_for_by_their_stock(word: str, used: Api, full: Shelf) -> None:
    value = "true" if word == "low_stock" else "1"
    locations = 1
    wanted = TOKEN + RIGHTS + locations + ROWS
    assert queries(lambda: used.get(f"/items?{word}={value}")) <= wanted


def test_no_more_when_there_are_more_movements(used: Api, full: Shelf) -> None:
    body = {"kind": "receive", "destination_id": full.place.pk, "quantity": "1"}
    path = f"{full.path}/movements"
    used.post(path, body)
    few = queries(lambda: used.post(path, body))
    for _ in range(5):
        full.put("1")
    assert queries(lambda: used.post(path, body)) == few
    item, places, savepoint, lock, insert, reread = 1, 2, 2, 1, 2, 1
    wanted = TOKEN + RIGHTS + TRANSACTION + CAUSE + item + places + savepoint
    assert few <= wanted + lock + insert + reread


def test_pinned_when_a_deletion_is_to_be_confirmed_that_much_stands_in_the_way_of(
    full: Shelf, admin_client: Client
) -> None:
    session, who, referring = 1, 1, 4  # levels, loans, movements, keys of imports
    with CaptureQueriesContext(connection) as captured:
        page = admin_client.get(f"/admin/items/item/{full.item.pk}/delete/")
    assert "Cannot delete item" in page.content.decode()
    assert len(captured) <= session + who + ITEM + referring
