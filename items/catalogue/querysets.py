"""Questions about many categories or items at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.db.models import Value

from config.text import SearchableQuerySet, sort_key
from items.trees import TreeQuerySet


class CategoryQuerySet(TreeQuerySet[Any]):
    """Words for categories."""

    def within(self, category_id: int) -> Self:
        """The children of one category."""
        return self.filter(parent=category_id)


class ItemQuerySet(SearchableQuerySet[Any]):
    """Words for items; each narrows what is there."""

    def with_relations(self) -> Self:
        """Each with its category and owner, in the same query, without what nobody reads."""
        unread = ("search_text", "owner__search_text", "owner__password")
        return self.select_related("category", "owner").defer(*unread)

    def with_sku(self, sku: str) -> Self:
        """The one with this SKU, whatever its case."""
        return self.alias(sku_key=sort_key("sku")).filter(sku_key=sort_key(Value(sku)))

    def with_status(self, status: str) -> Self:
        """Those in one status."""
        return self.filter(status=status)

    def in_category(self, category_id: int) -> Self:
        """Those in a category or in one below it."""
        categories = self.model.category.field.related_model.objects
        return self.filter(category__in=categories.below(category_id))

    def tagged(self, tags: Sequence[str]) -> Self:
        """Those that carry every one of these tags."""
        return self.filter(tags__contains=list(tags))

    def owned_by(self, user_id: int) -> Self:
        """Those that one user answers for."""
        return self.filter(owner=user_id)

    def priced_from(self, price: Decimal) -> Self:
        """Those that cost this much or more, in whatever currency theirs is."""
        return self.filter(unit_price__gte=price)

    def priced_up_to(self, price: Decimal) -> Self:
        """Those that cost this much or less, in whatever currency theirs is."""
        return self.filter(unit_price__lte=price)

    def updated_since(self, moment: datetime) -> Self:
        """Those changed at this moment or later."""
        return self.filter(updated_at__gte=moment)
