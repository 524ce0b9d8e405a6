"""How each field of an answer is read: which columns it needs, and what it makes of them.

A serializer stays the one source of an answer's shape. Its fields are looked at once, and made
into columns of one SELECT and one function from a row to what is answered: no model instances, no
work for each field of each row. A field that is more than its column says so by a method
`read(column)`. (tests/config/api/test_reads.py proves that both say the same.)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from rest_framework import serializers

from config.prepared import Row

MAX_PLANS = 500
# What PostgreSQL gives is what is answered.
PLAIN = (
    serializers.BooleanField,
    serializers.CharField,
    serializers.ChoiceField,
    serializers.DateTimeField,
    serializers.IntegerField,
    serializers.ListField,
)


@dataclass(frozen=True)
class Read:
    """The columns of a field (names or expressions), and what it makes of their values.

    Where the first of them is null, so is the field; without `make` it is the first.
    """

    columns: Sequence[Any]
    make: Callable[..., Any] | None = None


@dataclass(frozen=True, eq=False)
class ReadPlan:
    """The columns of a resource's answer, and the function that makes answers of rows of them."""

    columns: tuple[Any, ...]
    shaped: Callable[[Iterable[Row]], list[dict[str, Any]]]


@cache
def readable_names(serializer_class: Any) -> list[str]:
    """The names of what a resource answers with; none without a serializer."""
    if serializer_class is None:
        return []
    return [name for name, field in serializer_class().fields.items() if not field.write_only]


@lru_cache(MAX_PLANS)  # of any fields that somebody may ask for
def plan_of(serializer_class: Any, names: frozenset[str] | None = None) -> ReadPlan:
    """The plan for these fields of a serializer (all that can be read), in its order.

    Raises NotImplementedError for a field of which nobody has said how it is read.
    """
    wanted = readable_names(serializer_class) if names is None else names
    fields = serializer_class().fields
    shape = _Shape()
    body = shape.of({name: fields[name] for name in fields if name in wanted}, "")
    source = f"lambda rows: [{body} for row in rows]"  # of names and numbers alone
    shaped: Callable[[Iterable[Row]], list[dict[str, Any]]] = eval(source, shape.makers)  # noqa: S307
    return ReadPlan(tuple(shape.columns), shaped)


class _Shape:
    """Collects the columns, and what makes values of them, while the function is written."""

    def __init__(self) -> None:
        self.columns: list[Any] = []
        self.makers: dict[str, Any] = {"__builtins__": {}}

    def of(self, fields: Mapping[str, Any], prefix: str) -> str:
        """The expression of an object with these fields."""
        members = (f"{name!r}: {self.field(field, prefix)}" for name, field in fields.items())
        return f"{{{', '.join(members)}}}"

    def field(self, field: Any, prefix: str) -> str:
        """The expression of one value."""
        column = prefix + field.source.replace(".", "__")
        if isinstance(field, serializers.Serializer):
            inner, within = field.fields, f"{column}__"
            key = next(iter(inner.values()))
            first = self.place(_read_of(key, within + str(key.source)).columns[0])
            return f"({self.of(inner, within)}) if {first} is not None else None"
        read = _read_of(field, column)
        places = [self.place(each) for each in read.columns]
        if read.make is None:
            return places[0]
        maker = f"make_{len(self.makers)}"
        self.makers[maker] = read.make
        return f"({maker}({', '.join(places)}) if {places[0]} is not None else None)"

    def place(self, column: Any) -> str:
        """Where a column's value stands in a row; one that is there already is not read twice."""
        if not isinstance(column, str) or column not in self.columns:
            self.columns.append(column)
            return f"row[{len(self.columns) - 1}]"
        return f"row[{self.columns.index(column)}]"


def _read_of(field: Any, column: str) -> Read:
    if hasattr(field, "read"):
        own: Read = field.read(column)
        return own
    if isinstance(field, PLAIN):
        return Read([column])
    raise NotImplementedError(
        f"{type(field).__name__} does not say how it is read; give it a method `read(column)`."
    )
