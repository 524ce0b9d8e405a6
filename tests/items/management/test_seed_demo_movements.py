"""manage.py seed_demo --movements."""

from contextlib import suppress
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import transaction

from items import demo
from items.models import Item
from items.stock import services
from items.stock.models import Loan, Location, Movement, StockLevel
from tests.factories import LocationFactory
from tests.items.helpers import sql
from tests.items.management.test_seed_demo import Undone, seed
from tests.items.stock.helpers import at, check_proof

pytestmark = pytest.mark.django_db

MOVEMENTS = 1000
CONTENT = """
    SELECT md5(string_agg(
        ROW(kind, sku, source.name, destination.name, quantity, reference, movement.created_at,
            (SELECT email FROM items_loan JOIN users_user holder ON holder.id = holder_id
                WHERE items_loan.id = loan_id))::text,
        '' ORDER BY reference
    )) FROM items_movement movement
    JOIN items_item item ON item.id = item_id
    JOIN (SELECT id, name FROM items_location) source ON source.id = source_id
    JOIN (SELECT id, name FROM items_location) destination ON destination.id = destination_id
"""


def test_as_many_as_asked_for_when_there_were_none() -> None:
    said = seed(movements=MOVEMENTS)
    assert "100 categories, 123 locations and 1,000 movements" in said
    assert Movement.objects.count() == MOVEMENTS
    assert Location.objects.below(Location.objects.get(name="Demo").pk).count() == 100
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    check_proof()


def test_of_every_kind_in_order_when_there_are_some_hundreds() -> None:
    seed(movements=MOVEMENTS)
    kinds = set(Movement.objects.values_list("kind", flat=True))
    assert kinds == {"receive", "issue", "transfer", "count", "check_out", "check_in"}
    assert Movement.objects.dates("created_at", "month").count() == 24
    moments = list(Movement.objects.order_by("pk").values_list("created_at", flat=True))
    assert moments == sorted(moments)
    assert {moment.year for moment in moments} == {2024, 2025}
    loans = Loan.objects.all()
    assert 0 < loans.open().count() < loans.count()
    assert all(loan.closed_at > loan.opened_at for loan in loans.being_open(False))
    assert not loans.filter(holder__is_active=False).exists()
    assert not StockLevel.objects.filter(item__serial_number__isnull=False).exists()


def made_and_undone(movements: int) -> list[Any]:
    """The checksum of what is made in a transaction that is rolled back."""
    found: list[Any] = []
    with suppress(Undone), transaction.atomic():
        seed(movements=movements)
        found = sql(CONTENT)
        raise Undone
    return found


def test_the_same_movements_when_made_twice() -> None:
    first = made_and_undone(MOVEMENTS)
    assert not Movement.objects.exists()
    assert made_and_undone(MOVEMENTS) == first
    assert made_and_undone(MOVEMENTS - 1) != first


def test_nothing_new_when_run_again() -> None:
    seed(movements=MOVEMENTS)
    before = sql(CONTENT)
    said = seed(movements=MOVEMENTS)
    assert "0 locations and 0 movements" in said
    assert "1,420 of the items, users and movements" in said
    assert sql(CONTENT) == before


@pytest.mark.parametrize("step", range(8))
def test_a_story_goes_on_when_more_is_asked_for_and_there_is_more(step: int) -> None:
    seed(items=50, movements=80 + step)
    seed(items=90, users=40, movements=80 + step)
    made = seed(items=90, users=40, movements=120)
    assert f"{40 - step} movements" in made
    story = Movement.objects.filter(reference__range=("DEMO-00000081", "DEMO-00000088"))
    assert story.count() == 8
    assert story.values("item").distinct().count() == 1
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    check_proof()


def test_real_places_stay_as_they_are_when_they_are_beside() -> None:
    shelf = LocationFactory.create()
    seed(movements=200)
    assert not StockLevel.objects.filter(location=shelf).exists()


@pytest.mark.parametrize("few", [{"items": 0}, {"users": 0}])
def test_nothing_is_made_when_there_is_nobody_or_nothing_to_move(few: dict[str, int]) -> None:
    with pytest.raises(CommandError, match="Nothing was made: movements need a user, and an item"):
        seed(movements=1, **few)
    assert not Item.objects.exists()


def test_what_was_made_stays_when_the_run_was_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "BATCH_ROWS", 8)
    seed(movements=8)
    batches = demo.make_movements(80)
    for _ in range(3):
        next(batches)
    del batches
    assert Movement.objects.count() == 24
    assert "56 movements" in seed(movements=80)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    check_proof()


def test_what_was_made_stays_when_the_next_is_not_possible_any_more() -> None:
    seed(movements=81)
    begun = Movement.objects.get(reference="DEMO-00000081")
    there = at(begun.item, begun.destination)
    services.issue_stock(actor=None, item=begun.item, source=begun.destination, quantity=there)
    with pytest.raises(CommandError, match=r"was not made, nor those after it: There is not"):
        seed(movements=82)
    assert Movement.objects.filter(reference__startswith="DEMO-").count() == 81
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    check_proof()


def test_each_batch_ends_with_a_story_when_it_is_full() -> None:
    assert demo.BATCH_ROWS % 8 == 0
