"""The search form of a text, and the order of texts, as PostgreSQL makes them."""

from typing import Any

import pytest
from django.db.models import TextField, Value
from django.db.models.functions import Cast

from config.text import search_form, sort_key
from items.models import Category, Item, ItemSearchText
from tests.factories import CategoryFactory, ItemFactory
from tests.items.helpers import sql


def form_of(text: str) -> str:
    """The search form of a text."""
    CategoryFactory.create()
    form: Any = search_form(Cast(Value(text), TextField()))
    found: str = Category.objects.annotate(form=form).values_list("form", flat=True)[0]
    return found


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Chair", "chair"),
        ("Café", "cafe"),
        ("Cafe\u0301", "cafe"),
        ("ÅÉÎÕÜ", "aeiou"),
        ("ﬁre", "fire"),
        ("①", "1"),
        ("Ｆｕｌｌ", "full"),
        ("가", "\u1100\u1161"),
        ("의자", "\u110b\u1174\u110c\u1161"),
        ("ABC-12", "abc- 12"),
        ("a.b", "a. b"),
        ("50%", "50% "),
        ("[x]_{y}~", "[ x] _ { y} ~ "),
        ("a b", "a b"),
        ("", ""),
    ],
)
@pytest.mark.django_db
def test_search_form_when_text_is(text: str, form: str) -> None:
    assert form_of(text) == form


@pytest.mark.django_db
def test_every_word_follows_a_space_when_fields_are_joined() -> None:
    item = ItemFactory.create(
        sku="A-1", name="Oak", description="", barcode=None, serial_number="S"
    )
    assert item.search_text.text.split() == ["a-", "1", "oak", "s"]
    assert item.search_text.text.startswith(" ")


@pytest.mark.django_db
def test_kept_up_when_sql_changes_a_field() -> None:
    item = ItemFactory.create(name="Oak")
    sql("UPDATE items_item SET name = 'ÉLM'")
    assert "elm" in item.search_text.text


@pytest.mark.django_db
def test_left_alone_when_sql_changes_another_field() -> None:
    ItemFactory.create(name="Oak")
    place = "SELECT ctid FROM items_itemsearchtext"
    before = sql(place)
    sql("UPDATE items_item SET name = name, unit_price = 2")
    assert sql(place) == before


@pytest.mark.django_db
def test_moved_when_sql_changes_the_id() -> None:
    item = ItemFactory.create(name="Oak")
    sql(f"UPDATE items_item SET id = {item.pk + 1}")
    assert list(Item.objects.search("oak").values_list("pk", flat=True)) == [item.pk + 1]


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["DELETE FROM items_item", "TRUNCATE items_item CASCADE"])
def test_gone_when_rows_are(statement: str) -> None:
    ItemFactory.create(name="Oak")
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql(statement)
    assert not ItemSearchText.objects.exists()


@pytest.mark.django_db
def test_hangul_has_trigrams_when_the_database_is_ours() -> None:
    assert sql("SELECT cardinality(show_trgm('가나')) > 0") == [(True,)]


@pytest.mark.django_db
def test_case_is_ignored_and_code_points_count_when_text_is_ordered() -> None:
    names = ["b", "A", "a1", "_", "Z", "é", "E", "나", "가", "10", "9", "🪑"]
    for name in names:
        CategoryFactory.create(name=name)
    found = Category.objects.order_by(sort_key("name")).values_list("name", flat=True)
    assert list(found) == sorted(names, key=str.lower)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("oak", True),
        ("OAK chair", True),
        ("chair oak", True),
        ("oak table", False),
        ("  oak  ", True),
        ("", True),
        ("hair", True),
        ("ch", True),
        ("ha", False),
        ("12", True),
        ("c-12", True),
    ],
)
@pytest.mark.django_db
def test_every_word_is_wanted_when_searched(text: str, found: bool) -> None:
    ItemFactory.create(sku="ABC-12", name="Oak Chair")
    assert Item.objects.search(text).exists() is found
