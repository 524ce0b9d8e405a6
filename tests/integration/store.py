"""A store over HTTP: places, people and items of its own, and what is booked for them."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx

from tests.factories import PASSWORD


class Store:
    """What a client makes to begin with, and then asks about."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def make(self, path: str, **body: Any) -> int:
        """The id of what is made by a POST."""
        answer = self.client.post(path, json=body)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return int(answer.json()["data"]["id"])

    def place(self) -> int:
        """A storage location."""
        return self.make("/locations", name=f"Shelf {uuid4().hex}")

    def person(self) -> int:
        """Somebody who borrows."""
        email = f"{uuid4().hex}@example.org"
        return self.make("/users", email=email, name="Borrower", password=PASSWORD)

    def item(self, there: dict[int, int] | None = None) -> int:
        """An item of which so much is there: {location: quantity}."""
        item = self.make("/items", sku=f"SKU-{uuid4().hex}", name="Wanted")
        for place, quantity in (there or {}).items():
            self.receive(item, place, quantity)
        return item

    def receive(self, item: int, place: int, quantity: int) -> int:
        """The id of the movement that brings some."""
        return self.make(
            f"/items/{item}/movements", kind="receive", destination_id=place, quantity=quantity
        )

    def lend(self, item: int, place: int, quantity: int) -> int:
        """The id of a loan."""
        lent = {"item_id": item, "source_id": place, "quantity": quantity}
        return self.make("/loans", holder_id=self.person(), **lent)

    def at(self, item: int) -> dict[int, Any]:
        """How much of the item is where: {location: quantity}."""
        levels = self.client.get(f"/items/{item}/stock").json()["data"]
        return {level["location"]["id"]: Decimal(level["quantity"]) for level in levels}

    def sums(self, item: int) -> tuple[Any, Any]:
        """`on_hand` and `on_loan` of the item: exact, which a test compares with whole numbers."""
        kept = self.client.get(f"/items/{item}").json()["data"]
        return Decimal(kept["on_hand"]), Decimal(kept["on_loan"])
