"""Movements of a time, found by the ids of its weeks: also where the two go different ways."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from items.models import Item
from items.stock.models import Location, Movement
from items.stock.weeks import span
from tests.client import Api
from tests.factories import LocationFactory
from tests.items.helpers import ids_of, query, sql
from tests.items.stock.helpers import receive

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = (30, 0, 7, 400, -1, 6, -300, 8)  # from that Monday, in the order in which they are booked


@pytest.fixture
def booked(db: None, item: Item, shelf: Location) -> dict[int, int]:
    """{day: id} of a movement on each day, booked in no order of the days."""
    book = """
        INSERT INTO items_movement (kind, item_id, source_id, destination_id, quantity, reason,
            reference, created_at) VALUES ('receive', %s, %s, %s, 1, '', '', %s) RETURNING id
    """
    outside = LocationFactory.create(kind="outside")
    return {
        day: sql(book, item.pk, outside.pk, shelf.pk, MONDAY + timedelta(days=day))[0][0]
        for day in DAYS
    }


def asked(**times: datetime) -> str:
    """The query of a time; `since` is the API's `from`, `until` its `to`."""
    names = {"since": "from", "until": "to"}
    return query(**{names[name]: time.isoformat() for name, time in times.items()})


@pytest.mark.parametrize("since", [None, -400, -300, -1, 0, 1, 7, 30, 400, 401])
@pytest.mark.parametrize("until", [None, -400, -300, -1, 0, 1, 7, 30, 400, 401])
def test_exactly_those_of_the_time_when_they_were_booked_in_no_order(
    since: int | None, until: int | None, booked: dict[int, int], api: Api
) -> None:
    ends = {"since": since, "until": until}
    times = {k: MONDAY + timedelta(days=v) for k, v in ends.items() if v is not None}
    first = -1000 if since is None else since
    last = 1000 if until is None else until
    wanted = [pk for day, pk in booked.items() if first <= day <= last]
    reply = api.get(f"/movements{asked(**times)}")
    assert ids_of(reply.data) == wanted[::-1]
    assert reply.meta["total"] == len(wanted)


def test_a_whole_week_when_a_day_is_asked_for(booked: dict[int, int]) -> None:
    found = span(Movement, since=MONDAY + timedelta(days=3), until=MONDAY + timedelta(days=4))
    assert found == (booked[0], booked[6])


def test_none_when_there_is_nothing(db: None) -> None:
    assert span(Movement) == (None, None)


def test_the_moment_of_a_movement_is_its_own_when_it_is_booked(
    item: Item, shelf: Location, api: Api
) -> None:
    made: Any = receive(item, shelf, 1)
    made.refresh_from_db()
    assert ids_of(api.get(f"/movements{asked(since=made.created_at)}").data) == [made.pk]
    assert ids_of(api.get(f"/movements{asked(until=made.created_at)}").data) == [made.pk]
