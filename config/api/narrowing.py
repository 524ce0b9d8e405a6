"""How a list is narrowed, and what its statement depends on."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from config.prepared import Statement

Word = Callable[[QuerySet[Any]], QuerySet[Any]]


class Slot(str):
    """A text that stands in a kept statement for another, which is told later."""

    number: int

    def __new__(cls, number: int) -> "Slot":
        """The slot of this number."""
        made = super().__new__(cls, f"slot {number}")
        made.number = number
        return made


@dataclass(frozen=True)
class Form:
    """What has one statement, whatever its texts: `word` has slots where they are told."""

    name: Hashable
    word: Word
    texts: Sequence[str]

    def filled(self, statement: Statement) -> Statement:
        """The form's statement, about its texts."""
        values = (
            self.texts[each.number] if isinstance(each, Slot) else each for each in statement.values
        )
        return Statement(statement.sql, tuple(values))


@dataclass(frozen=True)
class Narrowing:
    """How a list is narrowed: `word` makes the narrower queryset, None leaves it as it is.

    Where it has a `form`, the statement of that is kept.
    """

    word: Word | None = None
    form: Form | None = None

    @property
    def narrows(self) -> bool:
        """Whether it is narrowed at all."""
        return self.word is not None

    def of(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The narrower queryset."""
        return rows if self.word is None else self.word(rows)
