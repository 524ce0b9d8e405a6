"""The store of the sample: its places, and the book of what came, went and was lent.

movements.csv is in order of time. Its days count from the day on which it is loaded, so that what
is overdue stays overdue. It names places by their paths, and those of persons by their e-mails.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils import timezone

from config.caching import invalidate
from items.models import Item, Loan, Location, Movement
from items.sample import load_tree, rows
from items.stock.fields import END_OF_DAY
from items.stock.services import place_of

CHECK_OUT, REVERSAL = Movement.Kind.CHECK_OUT, Movement.Kind.REVERSAL


def load_store(people: Mapping[str, Any], items: Iterable[Item]) -> dict[str, int]:
    """Make the places and movements of these people and items; how many of each.

    The movements are made a few hundred at a time, in the past: the services book one by one, and
    now. The database checks and adds them up all the same.
    """
    places = load_tree(Location, "locations")
    book = list(rows("movements"))
    lending = [row for row in book if row["kind"] == CHECK_OUT]
    holders = dict.fromkeys(row["destination"] for row in lending)
    homes = {email: place_of(people[email]) for email in holders}
    scribe = _Scribe(people, {item.sku: item for item in items}, {**places, **homes})
    scribe.open_loans(lending)
    for _, some in groupby(book, key=lambda row: row["kind"] == REVERSAL):
        scribe.book(some)  # what is reversed has to be there before
    invalidate("items.Movement")
    return {"locations": len(places), "movements": len(book)}


class _Scribe:
    """Makes records of rows."""

    def __init__(
        self, people: Mapping[str, Any], items: Mapping[str, Item], places: Mapping[str, Location]
    ) -> None:
        self.people, self.items, self.places = people, items, places
        self.today = timezone.localdate()
        self.loans: dict[tuple[str, str], Loan] = {}  # nobody is lent the same thing twice
        self.last: dict[str, Movement] = {}  # of each item: it is what a reversal reverses

    def open_loans(self, lending: list[dict[str, str]]) -> None:
        """Make the loans that these check-outs open."""
        made = Loan.objects.bulk_create(
            Loan(
                item=self.items[row["sku"]],
                holder=self.people[row["destination"]],
                quantity=Decimal(row["quantity"]),
                opened_at=self._made_at(row),
                due_at=self._moment(int(row["due_in_days"]), END_OF_DAY)
                if row["due_in_days"]
                else None,
            )
            for row in lending
        )
        self.loans = {
            (row["sku"], row["destination"]): loan for row, loan in zip(lending, made, strict=True)
        }

    def book(self, book: Iterable[dict[str, str]]) -> None:
        """Make movements, in one statement."""
        made = Movement.objects.bulk_create(
            Movement(
                item=self.items[sku := row["sku"]],
                source=self.places[source := row["source"]],
                destination=self.places[destination := row["destination"]],
                quantity=Decimal(row["quantity"]),
                kind=row["kind"],
                reason=row["reason"],
                reference=row["reference"],
                actor=self.people[row["actor"]],
                loan=self.loans.get((sku, source)) or self.loans.get((sku, destination)),
                reverses=self.last[sku] if row["kind"] == REVERSAL else None,
                created_at=self._made_at(row),
            )
            for row in book
        )
        self.last.update((movement.item.sku, movement) for movement in made)

    def _made_at(self, row: dict[str, str]) -> datetime:
        return self._moment(-int(row["days_ago"]), time.fromisoformat(row["time"]))

    def _moment(self, days: int, at: time) -> datetime:
        return timezone.make_aware(datetime.combine(self.today + timedelta(days=days), at))
