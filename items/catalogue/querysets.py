"""Questions about many categories or items at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.db.models import DecimalField, F, Q, Value
from django.db.models.functions import Coalesce

from config.text import SearchableQuerySet, sort_key
from items.trees import TreeQuerySet

# The order of prices: an item without one comes before the cheapest. There is an index of it.
PRICE_ORDER = Coalesce("unit_price", Value(Decimal(-1)), output_field=DecimalField())


class CategoryQuerySet(TreeQuerySet[Any]):
    """Words for categories."""

    def within(self, category_id: int) -> Self:
        """The children of one category."""
        return self.filter(parent=category_id)


class ItemQuerySet(SearchableQuerySet[Any]):
    """Words for items; each narrows what is there."""

    def with_relations(self) -> Self:
        """Each with its category and owner, in the same query, without what nobody reads."""
        return self.select_related("category", "owner").defer("owner__password")

    def with_sku(self, sku: str) -> Self:
        """The one with this SKU, whatever its case."""
        return self.alias(sku_key=sort_key("sku")).filter(sku_key=sort_key(Value(sku)))

    def with_status(self, status: str) -> Self:
        """Those in one status."""
        return self.filter(status=status)

    def in_category(self, category_id: int) -> Self:
        """Those in a category or in one below it.

        The categories are asked for first, by a query of their own: the planner then knows how
        many items they have, and takes the right index.
        """
        categories = self.model.category.field.related_model.objects
        return self.filter(category__in=list(categories.below(category_id)))

    def at_location(self, location_id: int) -> Self:
        """Those of which something is at a location, or at one below it."""
        levels = self.model._meta.get_field("levels").related_model.objects
        return self.filter(levels.having_item_below(location_id))

    def held_by(self, user_id: int) -> Self:
        """Those of which one user has something now."""
        loans = self.model._meta.get_field("loans").related_model.objects
        return self.filter(pk__in=loans.open().held_by(user_id).values("item"))

    def being_low(self, is_low: bool) -> Self:
        """Those of which so much or less is on hand that more should be had, or those that are not.

        One without a reorder point is never low, nor is one that is retired.
        """
        if is_low:
            return self.filter(on_hand__lte=F("reorder_point")).exclude(status="retired")
        enough = Q(reorder_point__isnull=True) | Q(on_hand__gt=F("reorder_point"))
        return self.filter(enough | Q(status="retired"))

    def tagged(self, tags: Sequence[str]) -> Self:
        """Those that carry every one of these tags."""
        return self.filter(tags__contains=list(tags))

    def owned_by(self, user_id: int) -> Self:
        """Those that one user answers for."""
        return self.filter(owner=user_id)

    def priced_from(self, price: Decimal) -> Self:
        """Those that cost this much or more, in whatever currency theirs is."""
        return self._with_price().filter(price_key__gte=price)

    def priced_up_to(self, price: Decimal) -> Self:
        """Those that cost this much or less, in whatever currency theirs is."""
        return self._with_price().filter(price_key__lte=price)

    def updated_since(self, moment: datetime) -> Self:
        """Those changed at this moment or later."""
        return self.filter(updated_at__gte=moment)

    def _with_price(self) -> Self:
        return self.alias(price_key=PRICE_ORDER).filter(price_key__gte=0)
