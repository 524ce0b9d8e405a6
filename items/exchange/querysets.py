"""Questions about many imports at once."""

from typing import Any, Self

from config.querysets import ResourceQuerySet


class ImportQuerySet(ResourceQuerySet[Any]):
    """Words for imports."""

    def with_relations(self) -> Self:
        """Each with whose it is, in the same query."""
        return self.select_related("actor").defer("actor__search_text", "actor__password")

    def in_status(self, status: str) -> Self:
        """Those of this status."""
        return self.filter(status=status)
