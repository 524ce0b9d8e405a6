"""What the tests of the ledger's API stand on: places, things in them, and a loan."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

from items.models import Item, Loan, Location
from items.stock import services
from tests.client import Api, Reply
from tests.factories import ItemFactory, UserFactory
from users.models import User

_numbers = count()


def place(name: str = "", **fields: Any) -> Location:
    """A location; in storage unless a kind is said."""
    return Location.objects.create(name=name or f"Place {next(_numbers)}", **fields)


def outside(name: str = "") -> Location:
    """A location outside: a supplier, say."""
    return place(name, kind=Location.Kind.OUTSIDE)


@dataclass(frozen=True)
class Shelf:
    """A location with something in it."""

    place: Location
    item: Item

    @property
    def path(self) -> str:
        """The item's URL."""
        return f"/items/{self.item.pk}"

    def put(self, quantity: str) -> None:
        """Put more of it there."""
        services.receive_stock(
            actor=None, item=self.item, destination=self.place, quantity=Decimal(quantity)
        )

    def lend(self, quantity: str = "1", holder: User | None = None, **more: Any) -> Loan:
        """Lend something of it."""
        return services.check_out(
            actor=None,
            item=self.item,
            holder=holder or UserFactory.create(),
            source=self.place,
            quantity=Decimal(quantity),
            **more,
        )

    def book(self, api: Api, kind: str, **body: Any) -> Reply:
        """POST a movement."""
        return api.post(f"{self.path}/movements", {"kind": kind, **body})

    def levels(self, api: Api, asked: str = "") -> dict[str, str]:
        """{name of the location: quantity} as the API tells it."""
        rows = api.get(f"{self.path}/stock{asked}").data
        return {row["location"]["name"]: row["quantity"] for row in rows}


def shelf(quantity: str | None = "10", **item: Any) -> Shelf:
    """A shelf with so much of a new item in it."""
    made = Shelf(place(), ItemFactory.create(**item))
    if quantity is not None:
        made.put(quantity)
    return made
