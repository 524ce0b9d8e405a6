"""Questions about many imports at once."""

from datetime import datetime
from typing import Any, Self

from django.db.models.functions import Coalesce

from config.querysets import ResourceQuerySet

NOT_APPLIED = ("waiting", "planning", "planned", "failed")
APPLIED = ("applied", "undone")


class ImportQuerySet(ResourceQuerySet[Any]):
    """Words for imports."""

    def with_relations(self) -> Self:
        """Each with whose it is, in the same query."""
        return self.select_related("actor").defer("actor__password")

    def left_before(self, before: datetime) -> Self:
        """Those that were planned before a moment, or were to be, and never applied."""
        since = Coalesce("planned_at", "created_at")
        return self.filter(status__in=NOT_APPLIED).alias(since=since).filter(since__lt=before)

    def whole_and_applied_before(self, before: datetime) -> Self:
        """Those that were applied before a moment, and could still be undone."""
        return self.filter(status__in=APPLIED, applied_at__lt=before).exclude(stored_as="")

    def in_status(self, status: str) -> Self:
        """Those of this status."""
        return self.filter(status=status)
