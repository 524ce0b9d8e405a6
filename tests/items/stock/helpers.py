"""What the ledger's tests ask again and again."""

from decimal import Decimal
from typing import Any, NamedTuple

from items.models import Item
from items.stock import proof, services
from items.stock.models import Loan, Location, StockLevel
from tests.items.helpers import sql
from users.models import User


class Sums(NamedTuple):
    """What an item keeps: exact numbers, which a test compares with whole ones."""

    on_hand: Any
    on_loan: Any


def sums(item: Item) -> Any:
    """What the database keeps of the item now."""
    return Sums(*Item.objects.values_list("on_hand", "on_loan").get(pk=item.pk))


def at(item: Item, location: Location) -> Any:
    """How much of it is there now."""
    return services.level_of(item, location)


def receive(item: Item, shelf: Location, quantity: str | int) -> Any:
    """Take some in."""
    return services.receive_stock(
        actor=None, item=item, destination=shelf, quantity=Decimal(quantity)
    )


def lend(item: Item, shelf: Location, holder: User, quantity: str | int) -> Loan:
    """Lend some."""
    return services.check_out(
        actor=None, item=item, source=shelf, holder=holder, quantity=Decimal(quantity)
    )


def kept() -> dict[str, Any]:
    """Everything that follows from the movements, as it is kept."""
    levels = StockLevel.objects.order_by("item", "location")
    loans = Loan.objects.order_by("pk")
    items = Item.objects.order_by("pk")
    return {
        "levels": list(levels.values_list("item", "location", "quantity")),
        "loans": list(loans.values_list("pk", "quantity", "returned", "closed_at")),
        "sums": list(items.values_list("pk", "on_hand", "on_loan")),
        "movements": sql("SELECT count(*) FROM items_movement")[0][0],
    }


def check_proof() -> None:
    """Nothing is kept that the movements do not say."""
    proven = proof.prove(10)
    assert (proven.differences, proven.shown) == (0, [])
