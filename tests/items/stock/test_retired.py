"""What is retired: neither taken in nor lent; what there is of it can still be put in order."""

from decimal import Decimal
from typing import Any

import pytest

from items.models import Item
from items.stock import services
from items.stock.errors import Retired
from items.stock.models import Location
from tests.client import Api
from tests.items.stock.helpers import at, lend, receive, sums
from users.models import User

ONE = Decimal(1)


@pytest.fixture
def retired(item: Item, shelf: Location) -> Item:
    """Five of it are still there."""
    receive(item, shelf, 5)
    Item.objects.filter(pk=item.pk).update(status=Item.Status.RETIRED)
    return item


def test_refused_when_received(retired: Item, shelf: Location) -> None:
    with pytest.raises(Retired) as refused:
        receive(retired, shelf, 1)
    assert str(retired) in refused.value.message
    assert sums(retired) == (5, 0)


def test_refused_when_lent(retired: Item, shelf: Location, holder: User) -> None:
    with pytest.raises(Retired):
        lend(retired, shelf, holder, 1)
    assert sums(retired) == (5, 0)


def test_409_when_lent_over_http(retired: Item, shelf: Location, holder: User, api: Api) -> None:
    sent = {"item_id": retired.pk, "holder_id": holder.pk, "source_id": shelf.pk, "quantity": 1}
    reply = api.post("/loans", sent)
    assert (reply.status, reply.error["code"]) == (409, "retired")


def test_it_goes_when_moved_issued_counted_and_written_off(
    retired: Item, shelf: Location, other: Location
) -> None:
    each: dict[str, Any] = {"actor": None, "item": retired}
    services.transfer_stock(**each, source=shelf, destination=other, quantity=ONE)
    services.issue_stock(**each, source=shelf, quantity=ONE)
    services.write_off(**each, source=shelf, quantity=ONE)
    services.count_stock(**each, location=shelf, counted=ONE)
    assert (at(retired, shelf), at(retired, other)) == (1, 1)


def test_it_comes_back_when_it_was_lent_before(item: Item, shelf: Location, holder: User) -> None:
    receive(item, shelf, 1)
    loan = lend(item, shelf, holder, 1)
    Item.objects.filter(pk=item.pk).update(status=Item.Status.RETIRED)
    services.check_in(actor=None, loan=loan)
    assert sums(item) == (1, 0)
