"""The rows of a plan as people read them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from psycopg import sql

from config.decimals import without_padding
from items.catalogue.models import Category
from items.exchange.models import Import
from items.exchange.problems import problem_of
from items.exchange.rooms import Room
from items.stock.models import Location
from items.trees import PATH_SEPARATOR

NOTHING = "–"
REFERENCES = {"category": Category, "owner": None}
SAID_OF_STOCK = {
    "open": "{quantity} at {location}{held}, as a first stock",
    "count": "counted {quantity} at {location}; the books say {there}",
    "differs": "the file says {quantity}{held}, the books {there}: not booked",
}


@dataclass(frozen=True)
class RefusedCell:
    """What is wrong with a row: which column of the file, what it holds, and why."""

    column: str
    field: str
    code: str
    value: str
    message: str


@dataclass(frozen=True)
class Change:
    """A field that would change: how the file calls it, and from what to what."""

    column: str
    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Planned:
    """One row of a plan."""

    line: int
    subject: str
    outcome: str
    target_id: int | None
    name: str
    problems: Sequence[RefusedCell] = ()
    changes: Sequence[Change] = ()
    stock: str = ""
    after: Mapping[str, Any] = field(default_factory=dict)


def planned_rows(
    record: Import, *, outcome: str = "", after: int = 0, size: int = 50
) -> list[Planned]:
    """So many rows behind a line, in the file's order: of one outcome, or of any.

    The outcome "differs" is of rows whose quantity is not that of the books.
    """
    room = Room(record.schema)
    if not room.has("rows"):
        return []
    which = {"": "TRUE", "differs": "what = 'differs'"}.get(outcome, "outcome = %(outcome)s")
    rows = room.ask(
        sql.SQL(
            "SELECT line, subject, outcome, target_id, problems, changed, before, after, stock, "
            "what FROM {} WHERE {} AND line > %(after)s ORDER BY line LIMIT %(size)s"
        ).format(room.table("rows"), sql.SQL(which)),
        {"outcome": outcome, "after": after, "size": size},
    )
    names = _Names(room)
    headers = _headers(record)
    return [_planned(row, names, headers) for row in rows]


def _planned(row: Sequence[Any], names: _Names, headers: Mapping[str, str]) -> Planned:
    line, subject, outcome, target, problems, changed, *documents, what = row
    before, after, stock = (_parsed(text) for text in documents)
    refused = [problem_of(text) for text in problems or ()]
    return Planned(
        line=line,
        subject=subject,
        outcome=outcome,
        target_id=target if outcome != "refused" else None,
        name=" ".join(str(after[n]) for n in ("sku", "name", "email") if after.get(n)),
        problems=[
            RefusedCell(headers.get(p.field, p.field), p.field, p.code, p.value, p.message)
            for p in refused
        ],
        changes=[
            Change(
                headers.get(name, name),
                name,
                names.shown(name, before.get(name)),
                names.shown(name, after.get(name)),
            )
            for name in changed or ()
        ],
        stock=names.of_stock(what, stock),
        after={name: value for name, value in after.items() if value is not None},
    )


def _headers(record: Import) -> dict[str, str]:
    """{our field: how the file calls it}."""
    found: dict[str, str] = {}
    for header, name in record.columns.items():
        found.setdefault(name, header)
        if name.startswith("holder_"):
            found.setdefault("holder", header)
    return found


class _Names:
    """What ids stand for: asked for once each."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self._kept: dict[tuple[str, int], str] = {}

    def shown(self, name: str, value: Any) -> str:
        """A value of a field, as people write it."""
        if value is None or value in ("", [], {}):
            return NOTHING
        if name in {"category", "owner"}:
            return self._named(name, int(value))
        if isinstance(value, Decimal):
            return _number(value)
        if isinstance(value, list):
            return "; ".join(map(str, value))
        if isinstance(value, dict):
            return ", ".join(f"{key}: {each}" for key, each in value.items())
        return str(value)

    def of_stock(self, what: str | None, stock: Mapping[str, Any]) -> str:
        """What a row says of the stock."""
        if what not in SAID_OF_STOCK:
            return ""
        held = stock.get("holder_id")
        return SAID_OF_STOCK[what].format(
            quantity=_number(stock["quantity"]),
            there=_number(stock["there"]),
            location=self._named("location", stock["location_id"]),
            held=f" lent to {self._named('owner', held)}" if held else "",
        )

    def _named(self, kind: str, pk: int | None) -> str:
        if pk is None:
            return NOTHING
        if (kind, pk) not in self._kept:
            self._kept[kind, pk] = self._asked(kind, pk)
        return self._kept[kind, pk]

    def _asked(self, kind: str, pk: int) -> str:
        if kind == "owner":
            person = get_user_model()._default_manager.filter(pk=pk).first()
            new = (
                [] if person else self.room.ask("SELECT name FROM {new_person} WHERE id = %s", [pk])
            )
            return str(person or (new and new[0][0]) or pk)
        nodes: Any = Category.objects if kind == "category" else Location.objects
        if above := nodes.above(pk):
            return PATH_SEPARATOR.join(node.name for node in above)
        new = self.room.ask("SELECT path FROM {new_node} WHERE what = %s AND id = %s", [kind, pk])
        return str(new[0][0]) if new else str(pk)


def _parsed(text: str | None) -> dict[str, Any]:
    """A JSON object, with its numbers as they are written."""
    found: dict[str, Any] = json.loads(text or "{}", parse_float=Decimal)
    return found


def _number(value: Any) -> str:
    return without_padding(format(Decimal(str(value)), "f"))
