"""From PostgreSQL's refusal back to the field and the sentence, by statements that break rules."""

import pytest
from django.db import IntegrityError, connection, transaction

from config.constraints import Broken, broken_by
from tests.factories import ItemFactory, UserFactory

pytestmark = pytest.mark.django_db


def run(statement: str, *values: int) -> None:
    """Run a statement, and what it left for the end of the transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def broken(statement: str, *values: int) -> Broken | None:
    """The rule that a statement breaks."""
    with pytest.raises(IntegrityError) as caught:
        run(statement, *values)
    return broken_by(caught.value)


@pytest.mark.parametrize(
    ("change", "field", "code", "is_conflict"),
    [
        ("email = 'taken@example.org'", "email", "unique", True),
        ("email = 'UPPER@example.org'", "email", "invalid", False),
        ("name = 'A'", "name", "invalid", False),
        ("name = '   '", "name", "invalid", False),
        ("age = 151", "age", "invalid", False),
        ("name = NULL", "name", "null", False),
        ("email = NULL", "email", "null", False),
    ],
)
def test_names_field_and_kind_when_a_user_breaks_a_rule(
    change: str, field: str, code: str, is_conflict: bool
) -> None:
    UserFactory.create(email="taken@example.org")
    user = UserFactory.create()
    found = broken(f"UPDATE users_user SET {change} WHERE id = %s", user.pk)
    assert found is not None
    assert (found.field, found.code, found.is_conflict) == (field, code, is_conflict)


@pytest.mark.parametrize(
    ("change", "field", "is_conflict"),
    [
        ("sku = 'TAKEN'", "sku", True),
        ("barcode = '123'", "barcode", True),
        ("serial_number = 's1'", "serial_number", True),
        ("sku = ' '", "sku", False),
        ("name = ''", "name", False),
        ("barcode = ''", "barcode", False),
        ("status = 'lost'", "status", False),
        ("currency = 'XYZ'", "currency", False),
        ("unit_price = -1", "unit_price", False),
        ("unit_price = 1.005", "unit_price", False),
        ("reorder_point = -1", "reorder_point", False),
        ("attributes = '[]'", "attributes", False),
    ],
)
def test_names_the_field_when_an_item_breaks_a_rule(
    change: str, field: str, is_conflict: bool
) -> None:
    ItemFactory.create(sku="taken", barcode="123", serial_number="s1")
    item = ItemFactory.create()
    found = broken(f"UPDATE items_item SET {change} WHERE id = %s", item.pk)
    assert found is not None
    assert (found.field, found.is_conflict) == (field, is_conflict)


def test_has_the_models_own_sentence_when_a_rule_is_broken() -> None:
    user = UserFactory.create()
    found = broken("UPDATE users_user SET age = 151 WHERE id = %s", user.pk)
    assert found is not None
    assert found.message == "The age must be from 0 to 150 years."


@pytest.mark.parametrize("field", ["owner_id", "category_id"])
def test_names_the_reference_when_it_leads_nowhere(field: str) -> None:
    item = ItemFactory.create()
    found = broken(f"UPDATE items_item SET {field} = 99999999 WHERE id = %s", item.pk)
    assert found is not None
    assert (found.field, found.code, found.is_conflict) == (field, "does_not_exist", False)


def test_knows_no_rule_when_no_model_declares_it() -> None:
    assert (
        broken(
            "CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1; "
            "ALTER TABLE t ADD CONSTRAINT odd CHECK (false)"
        )
        is None
    )


def test_knows_no_rule_when_the_error_is_not_of_postgresql() -> None:
    assert broken_by(IntegrityError("made up")) is None
