"""Questions about many locations, levels, movements or loans at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Self

from django.db import models
from django.db.models import (
    BigIntegerField,
    BooleanField,
    DateTimeField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, Now
from django.db.models.lookups import LessThan

from config.querysets import ResourceQuerySet
from config.statements import BIGINT_MAX
from config.text import sort_key
from items.stock.weeks import span
from items.trees import TreeQuerySet

# The order of days on which loans are due: one that is due on no day comes after all others. There
# is an index of it, and one of the open loans.
NEVER = datetime.max.replace(tzinfo=UTC)
DUE_ORDER = Coalesce("due_at", Value(NEVER), output_field=DateTimeField())


# More of them are not collected to see which items have one: of a million items, half of which were
# there, that took half a second, and to look at each as it came a tenth.
MANY_LEVELS = 200_000


def unread(item: str = "", *users: str) -> list[str]:
    """The columns of an item and of users that nobody reads along with what names them."""
    of_item = ("description", "attributes")
    found = [f"{item}__{column}" for column in of_item] if item else []
    return found + [f"{user}__password" for user in users]


class LocationQuerySet(TreeQuerySet[Any]):
    """Words for locations."""

    def of_kind(self, kind: str) -> Self:
        """Those of one kind."""
        return self.filter(kind=kind)

    def impersonal(self) -> Self:
        """All but the persons'."""
        return self.exclude(kind="person")

    def within(self, location_id: int) -> Self:
        """The children of one location."""
        return self.filter(parent=location_id)

    def with_relations(self) -> Self:
        """Each with its parent and its user, in the same query."""
        return self.select_related("parent", "user").defer(*unread("", "user"))

    def by_name(self) -> Self:
        """In the order of their names."""
        return self.order_by(sort_key("name"), "pk")


class StockLevelQuerySet(ResourceQuerySet[Any]):
    """Words for levels."""

    def of_item(self, item_id: int) -> Self:
        """Those of one item."""
        return self.filter(item=item_id)

    def of_items(self, items: models.QuerySet[Any]) -> Self:
        """Those of any of these items."""
        return self.filter(item__in=items.order_by().values("pk"))

    def below(self, location_id: int) -> Self:
        """Those of which something is at a location, or at one below it."""
        return self.filter(location__in=self._locations_below(location_id), quantity__gt=0)

    def _locations_below(self, location_id: int) -> list[int]:
        """Their ids, asked for first, so that the planner knows how many there are."""
        locations = self.model.location.field.related_model.objects.below(location_id)
        return list(locations.values_list("pk", flat=True))

    def having_item_below(self, location_id: int) -> Any:
        """The condition that something of an item is at a location, or at one below it.

        Those items are found first, unless they may be most there are: then each is looked at as it
        comes, by another condition or in the order that was asked for.
        """
        locations = self._locations_below(location_id)
        there = self.filter(location__in=locations, quantity__gt=0).order_by()
        if there[: MANY_LEVELS + 1].count() <= MANY_LEVELS:
            return Q(pk__in=there.values("item"))
        # The sum keeps PostgreSQL from looking for the item at each of the locations by itself.
        location = ExpressionWrapper(F("location_id") + 0, BigIntegerField())
        of_item = self.alias(at=location).filter(item=OuterRef("pk"), quantity__gt=0)
        of_item = of_item.filter(at__in=locations).order_by()
        is_there = of_item.values(there=Value(value=True))[:1]
        return Q(Subquery(is_there, BooleanField()))

    def in_store(self) -> Self:
        """Those at storage locations of which something is there."""
        return self.filter(location__kind="storage", quantity__gt=0)

    def occupied(self) -> Self:
        """Where something is, or was taken from outside."""
        return self.exclude(quantity=0)

    def with_relations(self) -> Self:
        """Each with its location and that one's user, in the same query."""
        rows = self.select_related("location", "location__user")
        return rows.defer(*unread("", "location__user"))

    def by_location(self) -> Self:
        """In the order of their locations' names."""
        return self.order_by(sort_key("location__name"), "location")


class MovementQuerySet(ResourceQuerySet[Any]):
    """Words for movements."""

    def of_item(self, item_id: int) -> Self:
        """Those of one item."""
        return self.filter(item=item_id)

    def touching(self, location_id: int) -> Self:
        """Those from or to a location, or one below it; see StockLevelQuerySet.below."""
        locations = self.model.source.field.related_model.objects.below(location_id)
        return self.touching_any(list(locations.values_list("pk", flat=True)))

    def touching_any(self, ids: Sequence[int]) -> Self:
        """Those from or to one of these locations, and not from those below."""
        return self.filter(Q(source__in=ids) | Q(destination__in=ids))

    def of_kind(self, kind: str) -> Self:
        """Those of one kind."""
        return self.filter(kind=kind)

    def made_by(self, user_id: int) -> Self:
        """Those that one user has booked."""
        return self.filter(actor=user_id)

    def held_by(self, user_id: int) -> Self:
        """Those of the loans of one user: all from or to their place, and no others."""
        places = self.model.source.field.related_model.objects.filter(user=user_id)
        return self.touching_any(list(places.values_list("pk", flat=True)))

    def of_loan(self, loan_id: int) -> Self:
        """Those of one loan."""
        return self.filter(loan=loan_id)

    def referring_to(self, reference: str) -> Self:
        """Those with this reference, an order's number say."""
        return self.filter(reference=reference)

    def made_from(self, moment: datetime) -> Self:
        """Those made at this moment or later."""
        first = span(self.model, since=moment).first
        return self.filter(created_at__gte=moment, pk__gte=BIGINT_MAX if first is None else first)

    def made_until(self, moment: datetime) -> Self:
        """Those made at this moment or before."""
        last = span(self.model, until=moment).last
        return self.filter(created_at__lte=moment, pk__lte=last or 0)

    def with_relations(self) -> Self:
        """Each with what it names, in the same query."""
        rows = self.select_related(
            "item", "source", "destination", "actor", "loan__holder", "reversal"
        )
        return rows.defer(*unread("item", "actor", "loan__holder"))

    def levels(self) -> list[dict[str, Any]]:
        """What these add up to: [{"location": id, "quantity": …}], by location, without zeros."""
        sums: dict[int, Any] = {}
        for side, sign in (("destination", 1), ("source", -1)):
            totals = self.order_by().values_list(side).annotate(Sum("quantity"))
            for location, quantity in totals:
                sums[location] = sums.get(location, 0) + sign * quantity
        return [{"location": k, "quantity": v} for k, v in sorted(sums.items()) if v]


LATE = Q(closed_at__isnull=True) & Q(LessThan(DUE_ORDER, Now()))


class LoanQuerySet(ResourceQuerySet[Any]):
    """Words for loans."""

    def open(self) -> Self:
        """Those of which something is still out."""
        return self.filter(closed_at__isnull=True)

    def being_open(self, is_open: bool) -> Self:
        """Those that are open, or those that are closed."""
        return self.filter(closed_at__isnull=is_open)

    def overdue(self) -> Self:
        """Those that should have come back by now."""
        return self.filter(LATE)

    def being_overdue(self, is_overdue: bool) -> Self:
        """Those that are overdue, or those that are not."""
        return self.filter(LATE) if is_overdue else self.exclude(LATE)

    def of_item(self, item_id: int) -> Self:
        """Those of one item."""
        return self.filter(item=item_id)

    def held_by(self, user_id: int) -> Self:
        """Those of one user."""
        return self.filter(holder=user_id)

    def with_relations(self) -> Self:
        """Each with its item and holder, what is out of it, and whether it is late."""
        rows = self.select_related("item", "holder").defer(*unread("item", "holder"))
        return rows.annotate(
            outstanding=F("quantity") - F("returned"),
            overdue=ExpressionWrapper(LATE, output_field=BooleanField()),
        )
