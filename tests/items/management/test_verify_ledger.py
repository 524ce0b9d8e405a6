"""manage.py verify_ledger."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from items.management.commands.verify_ledger import MAX_SHOWN
from items.stock import services
from items.stock.models import Loan, StockLevel
from tests.factories import ItemFactory, LoanFactory, LocationFactory
from tests.items.helpers import sql, without_triggers

pytestmark = pytest.mark.django_db


def verify() -> tuple[int, list[str]]:
    """The exit code and the lines it writes."""
    out = StringIO()
    try:
        call_command("verify_ledger", stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


@pytest.fixture
def loan(db: None) -> Loan:
    """Two out of three, of which one came back, in a register that holds more."""
    LoanFactory.create()
    shelf = LocationFactory.create(name="Shelf A")
    item = ItemFactory.create(sku="LAMP")
    services.receive_stock(actor=None, item=item, destination=shelf, quantity=Decimal(1))
    loan: Loan = LoanFactory.create(item=item, source=shelf, quantity=Decimal(2))
    services.check_in(actor=None, loan=loan, destination=shelf, quantity=Decimal(1))
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    return loan


def test_nothing_is_wrong_when_there_is_nothing() -> None:
    assert verify() == (0, ["0 differences, 0 movements"])


def test_nothing_is_wrong_when_all_was_booked(loan: Loan) -> None:
    assert verify() == (0, ["0 differences, 6 movements"])


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            (
                "UPDATE items_stocklevel SET quantity = 7.5 WHERE item_id = {item} AND"
                " location_id = {shelf}"
            ),
            [
                (
                    "item {item} (LAMP), location {shelf} (Shelf A), quantity:"
                    " 7.5 is kept, the movements say 2"
                )
            ],
        ),
        (
            "DELETE FROM items_stocklevel WHERE item_id = {item} AND location_id = {shelf}",
            [
                (
                    "item {item} (LAMP), location {shelf} (Shelf A), quantity:"
                    " 0 is kept, the movements say 2"
                )
            ],
        ),
        (
            (
                "INSERT INTO items_stocklevel (item_id, location_id, quantity, outside)"
                " SELECT min(id), {shelf}, 3, false FROM items_item"
            ),
            [
                (
                    "item {first} ({sku}), location {shelf} (Shelf A), quantity:"
                    " 3 is kept, the movements say 0"
                )
            ],
        ),
        (
            "UPDATE items_item SET on_hand = 9, on_loan = 0 WHERE id = {item}",
            [
                "item {item} (LAMP), on_hand: 9 is kept, the movements say 2",
                "item {item} (LAMP), on_loan: 0 is kept, the movements say 1",
            ],
        ),
        (
            "UPDATE items_loan SET returned = 0.5 WHERE id = {loan}",
            [
                "loan {loan}, item {item} (LAMP), returned: 0.5 is kept, the movements say 1",
                (
                    "item {item} (LAMP), location {place} ({holder}), by open loans:"
                    " 1.5 is kept, the movements say 1"
                ),
            ],
        ),
        (
            "UPDATE items_loan SET returned = 2, closed_at = '2024-05-01 00:00Z' WHERE id = {loan}",
            [
                (
                    "loan {loan}, item {item} (LAMP), closed_at:"
                    " 2024-05-01 00:00:00+00 is kept, the movements say null"
                ),
                "loan {loan}, item {item} (LAMP), returned: 2 is kept, the movements say 1",
                (
                    "item {item} (LAMP), location {place} ({holder}), by open loans:"
                    " 0 is kept, the movements say 1"
                ),
            ],
        ),
        (
            (
                "INSERT INTO items_loan (item_id, holder_id, quantity, returned)"
                " SELECT item_id, holder_id, 4, 0 FROM items_loan WHERE id = {loan}"
            ),
            [
                (
                    "item {item} (LAMP), location {place} ({holder}), by open loans:"
                    " 5 is kept, the movements say 1"
                ),
            ],
        ),
    ],
)
def test_it_is_named_when_a_figure_is_wrong(loan: Loan, statement: str, named: list[str]) -> None:
    first = Loan.objects.exclude(pk=loan.pk).get().item
    words = {
        "item": loan.item_id,
        "loan": loan.pk,
        "shelf": StockLevel.objects.get(location__name="Shelf A").location_id,
        "place": services.place_of(loan.holder).pk,
        "holder": loan.holder,
        "first": first.pk,
        "sku": first.sku,
    }
    with without_triggers():
        sql(statement.format(**words))
    lines = [line.format(**words) for line in named]
    assert verify() == (1, [*lines, f"{len(lines)} differences, 6 movements"])


def test_a_movement_is_missed_when_somebody_has_deleted_it(loan: Loan) -> None:
    with without_triggers():
        sql("DELETE FROM items_movement WHERE kind = 'check_in'")
    code, lines = verify()
    assert code == 1
    assert lines[-1] == "6 differences, 5 movements"


def test_the_rest_is_counted_when_there_are_many() -> None:
    for _ in range(MAX_SHOWN // 2 + 3):
        ItemFactory.create()
    with without_triggers():
        sql("UPDATE items_item SET on_hand = 1, on_loan = 1")
    code, lines = verify()
    assert (code, len(lines)) == (1, MAX_SHOWN + 2)
    assert lines[-2:] == ["and 6 more", "106 differences, 0 movements"]
