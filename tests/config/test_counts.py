"""How many rows a table has, as the database keeps it."""

import pytest
from django.db import connection, transaction

from config.counts import counted_rows, is_counted
from config.models import RowCount
from items.models import Category, Item
from items.stock.models import Loan, Location, Movement, StockLevel
from tests.factories import CategoryFactory, ItemFactory
from tests.items.helpers import at_once, sql
from users.models import User

THREADS, EACH = 8, 10


@pytest.mark.parametrize("model", [Category, Item, Loan, Location, Movement, User])
def test_counted_when_a_list_of_it_can_be_long(model: type) -> None:
    assert is_counted(model)


@pytest.mark.django_db
def test_exact_when_rows_come_and_go() -> None:
    before = counted_rows(Item)
    items = ItemFactory.create_batch(5)
    Item.objects.bulk_create(ItemFactory.build_batch(20))
    items[0].delete()
    Item.objects.filter(pk__in=[items[1].pk, items[2].pk]).delete()
    assert counted_rows(Item) == before + 22 == Item.objects.count()


@pytest.mark.django_db
def test_as_before_when_it_is_rolled_back() -> None:
    before = counted_rows(Item)
    with transaction.atomic():
        ItemFactory.create_batch(3)
        assert counted_rows(Item) == before + 3
        transaction.set_rollback(True)
    assert counted_rows(Item) == before


@pytest.mark.django_db
def test_untouched_when_nothing_is_made_or_deleted() -> None:
    ItemFactory.create()
    rows = sql("SELECT xmin::text, id FROM config_rowcount ORDER BY id")
    Item.objects.none().delete()
    sql("DELETE FROM items_item WHERE false")
    Item.objects.update(name="another")
    assert sql("SELECT xmin::text, id FROM config_rowcount ORDER BY id") == rows


@pytest.mark.django_db
def test_counted_by_asking_when_a_model_is_not_counted() -> None:
    assert not is_counted(StockLevel)
    assert counted_rows(StockLevel) == 0


@pytest.mark.django_db(transaction=True)
def test_exact_and_nobody_waits_when_many_write_at_once() -> None:
    def make() -> None:
        with transaction.atomic():
            for _ in range(EACH):
                CategoryFactory.create()

    before = counted_rows(Category)
    at_once(*[make] * THREADS)
    assert counted_rows(Category) == before + THREADS * EACH == Category.objects.count()
    assert RowCount.objects.filter(relation="items_category").count() <= THREADS


@pytest.mark.django_db(transaction=True)
def test_no_wait_when_somebody_else_has_not_committed() -> None:
    ItemFactory.create()

    def hold_and_make() -> None:
        with transaction.atomic():
            ItemFactory.create()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.5)")

    def make() -> None:
        sql("SELECT pg_sleep(0.2)")
        sql("SET lock_timeout = '50ms'")
        ItemFactory.create()

    at_once(hold_and_make, make)
    assert counted_rows(Item) == 3


@pytest.mark.django_db(transaction=True)
def test_nothing_left_when_the_table_is_emptied() -> None:
    CategoryFactory.create_batch(3)
    sql("TRUNCATE items_category CASCADE")
    assert counted_rows(Category) == 0
    CategoryFactory.create()
    assert counted_rows(Category) == 1
