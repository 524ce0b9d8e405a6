"""What a file has in its columns: a table says it once, for every format."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from django.db.models import F
from django.db.models.functions import Cast

from config.exports.expressions import TEXT, harmless, joined_cell, moment


class Kind(Enum):
    """What a column holds."""

    TEXT = auto()
    WORD = auto()  # one of our own, which harms nobody
    PATH = auto()  # down a tree
    DECIMAL = auto()  # exact, so JSON has its text
    INTEGER = auto()
    FLAG = auto()
    TIME = auto()
    OBJECT = auto()  # jsonb
    LIST = auto()  # an array of texts

    @property
    def is_number(self) -> bool:
        """Whether a workbook holds it as a number."""
        return self in {Kind.DECIMAL, Kind.INTEGER}


@dataclass(frozen=True)
class Column:
    """A column: its name, what it holds of a row, and of what kind that is.

    `instead` is what it holds for whoever may not see the e-mails of others.
    """

    name: str
    source: Any
    kind: Kind = Kind.TEXT
    instead: Any = None

    def told(self, *, emails: bool) -> "Column":
        """The column as it is for somebody who may see e-mails, or may not."""
        if self.instead is None or emails:
            return self
        return Column(self.name, self.instead, self.kind)

    def cell(self) -> Any:
        """The expression of a cell: COPY writes the rest, and nothing where it is null."""
        match self.kind:
            case Kind.TEXT:
                return harmless(self._expression)
            case Kind.PATH:
                return self.source.cell()
            case Kind.LIST:
                return joined_cell(self._expression)
            case Kind.FLAG:
                return Cast(self._expression, TEXT)
            case Kind.TIME:
                return moment(self._expression)
        return self._expression

    def value(self) -> Any:
        """The expression of a member of a JSON object."""
        match self.kind:
            case Kind.PATH:
                return self.source.value()
            case Kind.DECIMAL:
                return Cast(self._expression, TEXT)
            case Kind.TIME:
                return moment(self._expression)
        return self._expression

    @property
    def _expression(self) -> Any:
        return F(self.source) if isinstance(self.source, str) else self.source


@dataclass(frozen=True)
class Table:
    """What is exported of a kind of rows: a file's name, its columns, in their order."""

    name: str
    columns: Sequence[Column]

    def told(self, *, emails: bool) -> "Table":
        """The table as it is for somebody who may see the e-mails of others, or may not."""
        return Table(self.name, [each.told(emails=emails) for each in self.columns])

    def cells(self) -> list[Any]:
        """The expressions of a row's cells."""
        return [column.cell() for column in self.columns]

    def values(self) -> list[Any]:
        """The expressions of a row's values, as JSON has them."""
        return [column.value() for column in self.columns]

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self.columns]
