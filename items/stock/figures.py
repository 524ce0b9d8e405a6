"""The numbers about stock on the admin's first page."""

from typing import Any

from config.admin.site import Figure, changelist_url
from config.caching import cached
from items.catalogue.models import Item
from items.stock.models import Loan
from items.stock.permissions import VIEW_LOANS

TTL_S = 60


@cached(ttl=TTL_S, depends_on=("items.Item", "items.Movement"))
def low_count() -> int:
    """How many items are low."""
    return Item.objects.being_low(True).count()


@cached(ttl=TTL_S, depends_on=("items.Movement",))
def loan_counts() -> dict[str, int]:
    """How many loans are open, and how many of them are overdue."""
    return {"open": Loan.objects.open().count(), "overdue": Loan.objects.overdue().count()}


def figures(user: Any) -> list[Figure]:
    """What is low, lent and overdue; nothing for who may not see it."""
    found = []
    if user.has_perm("items.view_item"):
        found.append(Figure("low on stock", low_count(), changelist_url(Item, "stock=low")))
    if user.has_perm(VIEW_LOANS):
        counts = loan_counts()
        found += [
            Figure("loans", counts["open"], changelist_url(Loan)),
            Figure("overdue", counts["overdue"], changelist_url(Loan, "state=overdue")),
        ]
    return found
