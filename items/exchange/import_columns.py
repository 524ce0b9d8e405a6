"""The columns of a file as people see them: what is in them, and what each of them becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from items.exchange.errors import ImportProblem
from items.exchange.formats import ATTRIBUTE, IGNORED, MAPPED, TableFormat, all_formats
from items.exchange.headers import Header
from items.exchange.models import Import
from items.exchange.options import Options
from items.exchange.plans import format_of
from items.exchange.reading import Table, Unreadable, open_table
from items.exchange.services import path_of

LOOKED_AT_ROWS = 50  # for examples
EXAMPLES = 3
SUBJECTS = {"item": "items", "level": "stock levels", "person": "people", "place": "locations"}
OF_ITEMS = {
    "sku": "SKU",
    "name": "name",
    "description": "description",
    "category": "category",
    "owner": "owner (e-mail)",
    "status": "status",
    "unit": "unit",
    "unit_price": "price",
    "currency": "currency",
    "tags": "tags",
    "attributes": "attributes (JSON)",
    "barcode": "barcode",
    "serial_number": "serial number",
    "reorder_point": "reorder point",
    "quantity": "quantity",
    "location": "location",
    "holder_email": "lent to: e-mail",
    "holder_username": "lent to: user name",
    "holder_first": "lent to: first name",
    "holder_last": "lent to: last name",
    "holder_name": "lent to: full name",
    "due_at": "lent until",
}
FIELDS: Mapping[str, Mapping[str, str]] = {
    "item": OF_ITEMS,
    "level": {"sku": "SKU", "location": "location", "quantity": "quantity"},
    "person": {
        "email": "e-mail",
        "name": "name",
        "first_name": "first name",
        "last_name": "last name",
        "username": "user name",
        "age": "age",
        "is_active": "active (yes or no)",
    },
    "place": {"location": "location", "parent": "lies in (location)"},
}
# Of these a file needs one of each row, or nothing in it can be told apart.
NEEDED: Mapping[str, Sequence[Sequence[str]]] = {
    "item": [("sku", "name", "barcode", "serial_number")],
    "level": [("sku",), ("quantity",)],
    "person": [("email", "username")],
    "place": [("location",)],
}


@dataclass(frozen=True)
class Column:
    """A column of a file: how it is called, what is in it, and which field of ours it becomes."""

    header: str
    examples: Sequence[str]
    becomes: str


@dataclass(frozen=True)
class Head:
    """How a file begins. `base` is its format without what was said of single columns.

    `base` is None when nobody knows what the columns are: then everything has to be said.
    """

    base: TableFormat | None
    subject: str
    columns: Sequence[Column]
    of_base: Mapping[str, str]

    @property
    def is_dump(self) -> bool:
        """Whether it is no table, so that there is nothing to say of its columns."""
        return self.base is not None and bool(self.base.dump)


def head_of(record: Import) -> Head | None:
    """How the file of an import begins; None when it cannot be read, or is not there any more."""
    options = Options.of(record.options)
    encoding = options.encoding or None
    try:
        with open_table(path_of(record), name=record.file_name, encoding=encoding) as table:
            return _head(table, options)
    except (Unreadable, OSError):
        return None


def _head(table: Table, options: Options) -> Head:
    base = _base(table, options)
    rows = [row.cells for row in islice(table.rows(), LOOKED_AT_ROWS)]
    of_base = {} if base is None else _becomes(base, table.header)
    try:
        now = _becomes(format_of(table, options), table.header)
    except ImportProblem:
        now = of_base or _becomes(_by_common_names(), table.header)
    columns = [
        Column(name, _examples(rows, at), now[name]) for at, name in enumerate(table.header) if name
    ]
    return Head(base, base.subject if base else options.subject, columns, of_base)


def _base(table: Table, options: Options) -> TableFormat | None:
    """The format that `options` name, or that is recognised."""
    if options.format == MAPPED:
        return None
    try:
        return format_of(table, replace(options, map={}))
    except ImportProblem:
        return None


def _becomes(kind: TableFormat, header: Sequence[str]) -> dict[str, str]:
    """{header: our field, ATTRIBUTE or IGNORED}."""
    used = Header(kind, header).used
    found = {name: used.get(name, IGNORED) for name in header}
    return {
        name: ATTRIBUTE if field.startswith(ATTRIBUTE) else field for name, field in found.items()
    }


def _by_common_names() -> TableFormat:
    return next(each for each in all_formats() if each.last)


def _examples(rows: Sequence[Sequence[str]], at: int) -> list[str]:
    """The first values of a column that differ."""
    there = (cells[at].strip() for cells in rows if at < len(cells))
    return list(islice(dict.fromkeys(value for value in there if value), EXAMPLES))


def missing(subject: str, fields: Any) -> str:
    """What no column becomes though one must: "SKU, name or barcode"; blank when nothing lacks."""
    lacking = (names for names in NEEDED[subject] if not {*names} & {*fields})
    return next((called(subject, names) for names in lacking), "")


def called(subject: str, names: Sequence[str]) -> str:
    """Several fields of which one is enough."""
    labels = [FIELDS[subject][name] for name in names]
    return " or ".join([", ".join(labels[:-1]), labels[-1]] if len(labels) > 1 else labels)
