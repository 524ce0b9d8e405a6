"""Which location may lie in which: those of one kind, and nothing in a person's."""

import pytest
from django.core.exceptions import ValidationError

from items.stock import services
from items.stock.models import Location
from tests.factories import LocationFactory, UserFactory
from tests.items.helpers import sql
from tests.items.stock.test_database import refusal, run
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("inner", Location.Kind.values)
@pytest.mark.parametrize("outer", Location.Kind.values)
def test_refused_when_a_place_lies_in_one_of_another_kind_or_a_person_is_involved(
    inner: str, outer: str, shelf: Location, supplier: Location, holder: User
) -> None:
    places = {"storage": shelf, "outside": supplier, "person": services.place_of(holder)}
    user = UserFactory.create().pk if inner == "person" else None
    insert = """
        INSERT INTO items_location (name, kind, user_id, parent_id) VALUES ('Inner', %s, %s, %s)
        RETURNING id
    """
    move = "UPDATE items_location SET parent_id = %s WHERE id = %s"
    values = (inner, user, places[outer].pk)
    [[apart]] = sql(insert, inner, user and UserFactory.create().pk, None)
    if inner == outer != "person":
        run(insert.replace("'Inner'", "'Innermost'"), *values)
        run(move, places[outer].pk, apart)
    else:
        said = "A location lies in one of its own kind, and that of a person in none."
        assert refusal(insert, *values) == said
        assert refusal(move, places[outer].pk, apart) == said


def test_refused_when_a_place_of_another_kind_comes_with_its_parent() -> None:
    said = refusal("""
        INSERT INTO items_location (id, name, kind, parent_id) OVERRIDING SYSTEM VALUE
        VALUES (-1, 'Store', 'storage', NULL), (-2, 'Supplier', 'outside', -1)
    """)
    assert said.startswith("A location lies in one of its own kind")


@pytest.mark.parametrize("inner", Location.Kind.values)
@pytest.mark.parametrize("outer", Location.Kind.values)
def test_a_form_says_so_when_the_database_would_refuse(
    inner: str, outer: str, shelf: Location, supplier: Location, holder: User
) -> None:
    places = {"storage": shelf, "outside": supplier, "person": services.place_of(holder)}
    place = LocationFactory.build(kind=inner, parent=places[outer])
    if inner == outer != "person":
        place.clean()
    else:
        with pytest.raises(ValidationError, match="lies in one of its own kind") as caught:
            place.clean()
        assert list(caught.value.message_dict) == ["parent"]
