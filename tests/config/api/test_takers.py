"""Taken at once: what a body is taken for is what DRF would have made of it, field by field."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rest_framework import serializers

from config.api.fields import BooleanField, IntegerField
from config.api.serializers import ResourceSerializer
from config.api.takers import taker_of
from config.statements import BIGINT_MAX
from items.catalogue.serializers import CategorySerializer, ItemSerializer
from items.stock.serializers import LocationSerializer
from tests.factories import CategoryFactory
from users.serializers import TokenSerializer, UserSerializer

RESOURCES: list[type[ResourceSerializer]] = [
    CategorySerializer,
    ItemSerializer,
    LocationSerializer,
    TokenSerializer,
    UserSerializer,
]
ODD = ["", " ", " x ", "a\nb", "\0", "é", "x" * 50, "y" * 201, "active", "EUR", "a@b.org"]
TEXT = st.sampled_from(ODD) | st.text(max_size=70)
NUMBER = st.integers(-3, 3) | st.sampled_from([BIGINT_MAX, BIGINT_MAX + 1, 2**53, -(2**63), 10**40])
EXACT = st.decimals(allow_nan=False, allow_infinity=False)
WRITTEN = st.from_regex(r"[-+ ]?[0-9]{0,18}(\.[0-9]{0,6})?([eE][0-9])?\n?", fullmatch=True)
LEAF = st.none() | st.booleans() | NUMBER | EXACT | WRITTEN | TEXT
VALUE = LEAF | st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
# As a parser gives them: lists of any length, and objects that are nested deeper than is taken.
HARDLY = st.sampled_from(
    [
        ["t"] * 50,
        ["t"] * 51,
        {"k": "v" * 70_000},
        {"k": "v" * 40_000},
        {"[" * 40: 1},
        {"n": {"n": {"n": 2**63 - 1}}},
        {"n": 2**63},
        {"n": Decimal("1.5")},
        {"n": Decimal("0.1000000000000000055")},
    ]
)


def deep(levels: int) -> Any:
    """An object in objects."""
    return {"k": deep(levels - 1)} if levels else {}


def outcome(take: Any, value: Any) -> Any:
    """What is made of a value, with its type; or that it is refused."""
    try:
        taken = take(value)
    except serializers.ValidationError:
        return "refused"
    return [type(taken), taken, str(taken)]


FIELDS = [
    pytest.param(field, id=f"{kind.__name__}.{name}")
    for kind in RESOURCES
    for name, field in kind().fields.items()
    if not field.read_only
] + [
    pytest.param(IntegerField(min_value=1, max_value=9), id="number"),
    pytest.param(IntegerField(allow_null=True), id="number_or_null"),
    pytest.param(BooleanField(), id="truth"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("field", FIELDS)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=VALUE | HARDLY)
@example(value=deep(31))
@example(value=deep(33))
@example(value="12.30")
@example(value="9" * 15 + ".9999")
@example(value="9" * 16)
def test_the_same_as_drf_when_a_field_takes_a_value(field: Any, value: Any) -> None:
    assert outcome(taker_of(field), value) == outcome(field.run_validation, value)


@pytest.mark.django_db
@pytest.mark.parametrize("partial", [False, True])
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    sent=st.fixed_dictionaries(
        {},
        optional={
            "sku": TEXT,
            "name": TEXT,
            "description": TEXT,
            "unit_price": st.sampled_from(["12.30", "5", "1.2345", None, 3]),
            "currency": st.sampled_from(["USD", "JPY", "KWD", "XXX"]),
            "tags": st.lists(st.sampled_from(["a", "b", "", " a"]), max_size=4),
            "attributes": st.dictionaries(TEXT, LEAF, max_size=2),
            "status": st.sampled_from(["active", "lost"]),
            "id": NUMBER,
            "colour": TEXT,
        },
    )
)
def test_the_same_as_drf_when_a_body_is_taken_at_once(sent: Any, partial: bool) -> None:
    serializer: Any = ItemSerializer.about(sent, partial=partial, context={})
    taken = serializer._taken_at_once(sent)
    if taken is not None:
        drf = serializers.Serializer.to_internal_value(serializer, sent)
        assert (taken, list(taken)) == (drf, list(drf))


@pytest.mark.django_db
def test_taken_at_once_when_all_is_plainly_well() -> None:
    sent = {
        "sku": "A-1",
        "name": "Chair",
        "description": "of oak",
        "category_id": CategoryFactory.create().pk,
        "status": "active",
        "unit_price": "12.30",
        "currency": "EUR",
        "tags": ["a", "b", "a"],
        "attributes": {"k": [1, "é", None]},
        "barcode": None,
    }
    serializer: Any = ItemSerializer.about(sent, partial=False, context={})
    assert serializer._taken_at_once(sent) == {
        **sent,
        "unit_price": Decimal("12.30"),
        "tags": ["a", "b"],
    }


def test_no_field_of_an_item_is_left_to_drf() -> None:
    left = [
        name
        for name, field in ItemSerializer().fields.items()
        if not field.read_only and taker_of(field) == field.run_validation
    ]
    assert not left
