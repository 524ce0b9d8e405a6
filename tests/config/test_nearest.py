"""What comes nearest to a search that finds nothing."""

from collections.abc import Callable

import pytest

from config.nearest import MOST_COMPARED, nearest
from items.models import Item
from tests.factories import ItemFactory
from tests.items.helpers import sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def found() -> Callable[[str], set[str]]:
    """The names of the items that come nearest to a text."""
    return lambda text: set(
        Item.objects.filter(pk__in=nearest(Item.objects.all(), text, 50)).values_list(
            "name", flat=True
        )
    )


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("chaiir", "Oak Chair"),  # one too many
        ("chair oakk", "Oak Chair"),
        ("chiar", "Oak Chair"),  # two swapped
        ("montior", "Monitor"),
        ("calcualtor", "Calculator"),
        ("labtop", "Laptop"),  # a wrong one
        ("chaar", "Oak Chair"),
        ("handel with care", "Handle with care"),
        ("CRÉMME", "Café crème"),
        ("사무용의자", "사무용 의자"),
        ("노트붂", "노트북"),
        ("WBH-2841796x", "WBH-2841796"),
        ("wireles keybord", "Wireless keyboard"),
    ],
)
def test_found_when_a_word_is_mistyped(
    typed: str, name: str, found: Callable[[str], set[str]]
) -> None:
    for each in (name, "Table", "Box of 12"):
        ItemFactory.create(name=each)
    assert found(typed) == {name}


def test_those_that_come_near_to_all_words_when_some_do(
    found: Callable[[str], set[str]],
) -> None:
    for name in ("Compact chair", "Compact table", "Round chair"):
        ItemFactory.create(name=name)
    assert found("compct chiar") == {"Compact chair"}


def test_those_that_come_near_to_the_longest_word_when_none_does_to_all(
    found: Callable[[str], set[str]],
) -> None:
    for name in ("Wireless keyboard", "Round chair"):
        ItemFactory.create(name=name)
    assert found("keybord chair zzzzzz") == {"Wireless keyboard"}


def test_most_similar_first_when_several_come_near() -> None:
    near, far = ItemFactory.create(name="laptop"), ItemFactory.create(name="label")
    ItemFactory.create(name="table")
    assert nearest(Item.objects.all(), "labtop", 9) == [near.pk, far.pk]


def test_only_what_has_two_letters_swapped_when_there_is_some(
    found: Callable[[str], set[str]],
) -> None:
    for name in ("Chair", "Chisel", "Chip"):
        ItemFactory.create(name=name)
    assert found("chiar") == {"Chair"}


@pytest.mark.django_db(transaction=True)
def test_nothing_stays_set_when_it_was_looked_for() -> None:
    ItemFactory.create(name="chair")
    assert nearest(Item.objects.all(), "chiar", 9)
    assert sql("SHOW enable_seqscan") == [("on",)]


def test_no_more_than_asked_for_when_many_come_near() -> None:
    for _ in range(3):
        ItemFactory.create(name="chair")
    assert len(nearest(Item.objects.all(), "chiar", 2)) == 2


def test_only_some_are_compared_when_more_come_near() -> None:
    Item.objects.bulk_create(Item(sku=f"X-{n}", name="chair") for n in range(MOST_COMPARED + 1))
    assert len(nearest(Item.objects.all(), "chiar", MOST_COMPARED + 1)) == MOST_COMPARED


@pytest.mark.parametrize(
    "typed",
    [
        "————",
        "🪑🪑🪑🪑",
        "。。。。",
        "o——a—k",
        "oa",
        "o\u0301a",
        "o-a k",
        "-",
        "%%%%",
        "____",
        "\u0301",
    ],
)
def test_nothing_when_all_words_are_short(typed: str, found: Callable[[str], set[str]]) -> None:
    ItemFactory.create(name="oak % _ -")
    assert found(typed) == set()


@pytest.mark.parametrize(
    "typed", ["%chairz", "chairz_", r"\chairz", "'chairz", "chairz。", "—chairz"]
)
def test_the_same_when_a_sign_is_typed_beside_a_word(
    typed: str, found: Callable[[str], set[str]]
) -> None:
    for name in ("chair", "table"):
        ItemFactory.create(name=name)
    assert found(typed) == {"chair"}


def test_only_of_the_rows_asked_for_when_others_come_nearer() -> None:
    ItemFactory.create(name="Chair", status="retired")
    active = ItemFactory.create(name="Chairlift", status="active")
    assert nearest(Item.objects.filter(status="active"), "chairz", 9) == [active.pk]
