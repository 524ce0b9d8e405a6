"""The numbers about the catalogue on the admin's first page."""

from typing import Any

from django.db.models import Count, Q

from config.admin.site import Figure, changelist_url
from config.caching import cached
from items.catalogue.models import Category, Item

TTL_S = 60


@cached(ttl=TTL_S, depends_on=("items.Item",))
def items_by_status() -> dict[str, int]:
    """How many items there are in each status."""
    return Item.objects.aggregate(
        **{status: Count("pk", filter=Q(status=status)) for status in Item.Status.values}
    )


@cached(ttl=TTL_S, depends_on=("items.Category",))
def category_count() -> int:
    """How many categories there are."""
    return Category.objects.count()


def figures(user: Any) -> list[Figure]:
    """Items by status, and categories; nothing for who may not see them."""
    if not user.has_perm("items.view_item"):
        return []
    counts = items_by_status()
    found = [
        Figure(
            f"{status.label} items", counts[status], changelist_url(Item, f"status__exact={status}")
        )
        for status in (Item.Status.ACTIVE, Item.Status.DRAFT, Item.Status.RETIRED)
    ]
    if user.has_perm("items.view_category"):
        found.append(Figure("categories", category_count(), changelist_url(Category)))
    return found
