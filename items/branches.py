"""The filter by a branch of a tree, in the lists of the admin."""

from typing import Any, ClassVar

from django.http import HttpRequest

from config.admin.filters import RowFilter
from config.text import sort_key

MAX_CHILDREN = 100  # that are offered at once
INDENT = "\N{NO-BREAK SPACE}" * 3


class BranchFilter(RowFilter):
    """One node of a tree with everything below it.

    It offers the way down to the chosen node and what is right below it, so that it stays short
    however large the tree is. A subclass says `nodes` and the `word` of the rows' QuerySet.
    """

    nodes: ClassVar[Any]
    word: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """From the top down to the chosen one, then its children, each below what it lies in."""
        chosen = self.chosen()
        line = self.nodes.above(chosen) if chosen else []
        below = self.nodes.filter(parent=line[-1] if line else None).order_by(sort_key("name"))
        return [
            *((str(node.pk), f"{INDENT * depth}{node}") for depth, node in enumerate(line)),
            *((str(node.pk), f"{INDENT * len(line)}{node}") for node in below[:MAX_CHILDREN]),
        ]

    def narrowed(self, rows: Any, pk: int) -> Any:
        """The rows of the branch."""
        return getattr(rows, self.word)(pk)
