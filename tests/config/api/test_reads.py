"""Read by plan: what is answered is what the serializer itself would have said."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework import serializers

from config import currencies
from config.api.envelope import to_json
from config.api.parameters import PageParameters
from config.api.reading import Reading
from config.api.reads import plan_of, readable_names
from items.catalogue.serializers import CategorySerializer, ItemSerializer
from items.models import Category, Item
from items.stock.models import Loan, Location, Movement
from items.stock.serializers import (
    HoldingSerializer,
    LoanSerializer,
    LocationSerializer,
    MovementSerializer,
)
from tests.factories import CategoryFactory, ItemFactory, UserFactory
from tests.items.stock.shelves import shelf
from users.models import ApiToken, User
from users.serializers import TokenSerializer, UserSerializer

pytestmark = pytest.mark.django_db

# What PostgreSQL can hold: no NUL, no half of a pair.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
WORD = TEXT.filter(lambda text: text.strip() and text == text.strip())
QUANTITY = st.decimals(0, 10**9, places=3)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
MOMENT = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))


def said(serializer: Any, rows: Any) -> Any:
    """What the serializer says of instances, as a client reads it."""
    return orjson.loads(to_json(serializer(rows, many=True).data))


def read(serializer: Any, rows: Any) -> Any:
    """What is read by plan, as a client reads it."""
    reading = Reading(rows, plan_of(serializer))
    part = reading.part(PageParameters(data={}).order, 0, 200)
    return orjson.loads(to_json(part.data))


def check(serializer: Any, rows: Any) -> None:
    """Both say the same, of one or more rows."""
    expected = said(serializer, rows.order_by("-pk"))
    assert expected
    assert read(serializer, rows) == expected


@st.composite
def prices(draw: Any) -> dict[str, Any]:
    """A price in the decimals of its currency, or none."""
    currency = draw(st.sampled_from(["USD", "KRW", "KWD", "CLF", "EUR"]))
    places = currencies.DECIMALS[currency]
    price = draw(st.none() | st.decimals(0, 10**10, places=places))
    return {"currency": currency, "unit_price": price}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=WORD,
    description=TEXT,
    tags=st.lists(WORD, max_size=4),
    attributes=st.dictionaries(TEXT, JSON, max_size=4),
    barcode=st.none() | WORD,
    reorder_point=st.none() | QUANTITY,
    price=prices(),
    related=st.booleans(),
)
def test_the_same_when_an_item_is_of_any_values(
    price: dict[str, Any], related: bool, **values: Any
) -> None:
    Item.objects.all().delete()
    relations = (
        {"category": CategoryFactory.create(), "owner": UserFactory.create()} if related else {}
    )
    ItemFactory.create(**values, **price, **relations)
    check(ItemSerializer, Item.objects.with_relations())


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(moments=st.lists(st.none() | MOMENT, min_size=3, max_size=3))
def test_the_same_when_moments_are_at_the_ends_of_time(moments: list[Any]) -> None:
    ApiToken.objects.all().delete()
    names = ("expires_at", "last_used_at", "revoked_at")
    values = dict(zip(names, moments, strict=True))
    ApiToken.objects.create(user=UserFactory.create(), name="n", digest=b"0" * 32, **values)
    check(TokenSerializer, ApiToken.objects.all())


@pytest.mark.parametrize("quantity", ["1", "0.001", "2.5", "10", "100", "1234567.89"])
def test_the_same_when_there_is_stock(quantity: str) -> None:
    full = shelf(quantity)
    check(ItemSerializer, Item.objects.filter(pk=full.item.pk).with_relations())


def test_the_same_when_the_ledger_has_rows() -> None:
    full = shelf("10")
    full.lend()
    full.lend(due_at=datetime(2020, 1, 1, tzinfo=UTC))
    check(MovementSerializer, Movement.objects.with_relations())
    check(LoanSerializer, Loan.objects.with_relations())
    check(HoldingSerializer, Loan.objects.with_relations())
    check(LocationSerializer, Location.objects.with_relations())


def test_the_same_when_people_are_in_groups_or_not() -> None:
    UserFactory.create(group="Clerk", age=None)
    UserFactory.create(age=40)
    check(UserSerializer, User.objects.prefetch_related("groups"))


def test_the_same_when_categories_hang_below_others() -> None:
    CategoryFactory.create(parent=CategoryFactory.create())
    check(CategorySerializer, Category.objects.select_related("parent"))


@pytest.mark.parametrize("name", readable_names(ItemSerializer))
def test_one_field_alone_when_it_alone_is_asked_for(name: str) -> None:
    ItemFactory.create(category=CategoryFactory.create(), unit_price=Decimal("1.50"))
    rows = Item.objects.with_relations()
    [whole] = said(ItemSerializer, rows)
    reading = Reading(rows, plan_of(ItemSerializer, frozenset({name})))
    part = reading.part(PageParameters(data={}).order, 0, 1)
    assert orjson.loads(to_json(part.data)) == [{name: whole[name]}]


def test_refused_when_nobody_says_how_a_field_is_read() -> None:
    class Odd(serializers.Serializer[Any]):
        """With a field of a kind that is not known."""

        odd = serializers.SerializerMethodField()

    with pytest.raises(NotImplementedError, match="SerializerMethodField"):
        plan_of(Odd)
