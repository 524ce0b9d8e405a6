"""The numbers about the catalogue on the admin's first page."""

from typing import Any

from django.db.models import Count, Q

from config.admin import Figure, changelist_url
from items.catalogue.models import Category, Item


def figures(user: Any) -> list[Figure]:
    """Items by status, and categories, in two queries; nothing for who may not see them."""
    if not user.has_perm("items.view_item"):
        return []
    counts = Item.objects.aggregate(
        **{status: Count("pk", filter=Q(status=status)) for status in Item.Status.values}
    )
    found = [
        Figure(
            f"{status.label} items", counts[status], changelist_url(Item, f"status__exact={status}")
        )
        for status in (Item.Status.ACTIVE, Item.Status.DRAFT, Item.Status.RETIRED)
    ]
    if user.has_perm("items.view_category"):
        found.append(Figure("categories", Category.objects.count(), changelist_url(Category)))
    return found
