"""manage.py seed_demo."""

from contextlib import suppress
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from items import demo
from items.models import Category, Item
from tests.client import Api
from tests.factories import ItemFactory, UserFactory
from tests.items.helpers import query, sql
from users.models import User

pytestmark = pytest.mark.django_db

ITEMS, USERS = 400, 20
# What the rows hold, without the ids: those the database gives.
CONTENT = """
    SELECT md5(string_agg(
        ROW(sku, item.name, description, above.name, category.name, owner.email, item.status,
            unit, unit_price, currency, tags, attributes, barcode, serial_number, reorder_point,
            item.created_at, item.updated_at, version)::text,
        '' ORDER BY sku
    )) FROM items_item item
    JOIN items_category category ON category.id = category_id
    JOIN items_category above ON above.id = category.parent_id
    LEFT JOIN users_user owner ON owner.id = owner_id
"""
PEOPLE = (
    "SELECT md5(string_agg(ROW(email, name, age, is_active)::text, '' ORDER BY id)) FROM users_user"
)


def seed(items: int = ITEMS, users: int = USERS, movements: int = 0) -> str:
    """What the command says."""
    out = StringIO()
    wanted = {"items": items, "users": users, "movements": movements}
    call_command("seed_demo", *(f"--{k}={v}" for k, v in wanted.items()), stdout=out)
    return out.getvalue()


class Undone(Exception):
    """Rolls back."""


def seeded_and_undone(items: int) -> list[Any]:
    """The checksums of what is made in a transaction that is rolled back."""
    found: list[Any] = []
    with suppress(Undone), transaction.atomic():
        seed(items)
        found = [sql(CONTENT), sql(PEOPLE)]
        raise Undone
    return found


def test_as_many_as_asked_for_when_there_were_none() -> None:
    said = seed()
    assert (Item.objects.count(), User.objects.count(), Category.objects.count()) == (400, 20, 100)
    assert "Made 400 items, 20 users, 100 categories, 0 locations and 0 movements" in said
    assert "already" not in said


def test_the_same_rows_when_made_twice() -> None:
    first = seeded_and_undone(ITEMS)
    assert not Item.objects.exists()
    assert seeded_and_undone(ITEMS) == first
    assert seeded_and_undone(ITEMS - 1) != first


def test_nothing_new_when_run_again() -> None:
    seed()
    before = sql(CONTENT)
    said = seed()
    assert "Made 0 items, 0 users, 0 categories, 0 locations and 0 movements" in said
    assert "420 of the items, users and movements asked for were there already." in said
    assert sql(CONTENT) == before


def test_only_what_is_missing_when_more_are_asked_for() -> None:
    seed(items=100)
    Item.objects.filter(sku="DEMO-0000007").delete()
    assert "Made 301 items, 0 users, 0 categories, 0 locations and 0 movements" in seed()
    assert Item.objects.count() == ITEMS


def test_of_every_kind_when_there_are_some_hundreds() -> None:
    seed()
    items = Item.objects.all()
    assert {"draft", "active", "retired"} == set(items.values_list("status", flat=True))
    assert 200 < items.filter(barcode__isnull=False).count() < 330
    assert 15 < items.filter(serial_number__isnull=False).count() < 80
    assert 20 < items.filter(owner__isnull=True).count() < 90
    assert items.filter(reorder_point__isnull=False).exists()
    assert items.filter(attributes__colour="red").exists()
    assert items.values("tags").distinct().count() > 20
    assert items.dates("created_at", "month").count() == 24
    assert Category.objects.filter(
        parent__parent__parent=None, parent__parent__name="Demo"
    ).exists()


def test_barcodes_carry_their_check_digit_when_made() -> None:
    seed()
    for code in Item.objects.filter(barcode__isnull=False).values_list("barcode", flat=True):
        digits = [int(digit) for digit in str(code)]
        assert len(digits) == 13
        assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def test_prices_are_whole_when_their_currency_is() -> None:
    seed()
    won = Item.objects.filter(currency__in=["KRW", "JPY"], unit_price__isnull=False)
    assert won.exists()
    assert all(item.unit_price == int(item.unit_price) for item in won)


def test_nobody_can_log_in_when_made() -> None:
    seed()
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert not User.objects.filter(is_staff=True).exists()
    assert not User.objects.filter(is_superuser=True).exists()


def test_history_names_the_command_when_made() -> None:
    seed()
    causes = "SELECT DISTINCT pgh_context ->> 'via' FROM {}"
    for table in ("items_itemevent", "items_categoryevent", "users_userevent"):
        assert sql(causes.format(table)) == [("command seed_demo",)]


def test_something_is_found_when_searched(request: pytest.FixtureRequest) -> None:
    seed(items=1000)
    api: Api = request.getfixturevalue("api")
    for text in ("의자", "휴대용", "nordstrom", "façade", "DEMO-0000123", "chair"):
        reply = api.get(f"/items{query(search=text)}")
        assert reply.meta["total"] > 0, text
        assert "approximate" not in reply.meta


def test_no_more_queries_when_there_are_more_rows() -> None:
    def queries(items: int, users: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            seed(items, users)
        return len(captured)

    seed(items=1, users=1)  # the categories
    assert queries(10, 10) == queries(1000, 300)


def test_real_rows_stay_as_they_are_when_they_are_beside() -> None:
    item, user = ItemFactory.create(), UserFactory.create()
    seed()
    assert Item.objects.count() == ITEMS + 1
    item.refresh_from_db()
    assert (item.version, item.owner) == (1, None)
    assert User.objects.filter(pk=user.pk, name=user.name).exists()


def test_nothing_is_made_when_a_real_item_has_a_barcode_of_theirs() -> None:
    made = demo.BATCH_ROWS + 3
    for number in range(demo.BATCH_ROWS + 1, made + 1):  # in the second batch
        code = f"29{number:010}"
        digits = [int(digit) for digit in code]
        check = -(sum(digits[::2]) + 3 * sum(digits[1::2])) % 10
        ItemFactory.create(barcode=f"{code}{check}")
    with pytest.raises(CommandError, match=r"nothing was made: .* this barcode already"):
        seed(items=made)
    assert (Item.objects.count(), User.objects.count(), Category.objects.count()) == (3, 0, 0)


@pytest.mark.parametrize("number", ["-1", "many", "1.5", "10000000", ""])
def test_refused_when_the_number_is_none(number: str) -> None:
    with pytest.raises(CommandError, match="is not a whole number from 0 to 9999999"):
        call_command("seed_demo", f"--items={number}")
