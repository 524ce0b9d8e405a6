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
from items.exchange.models import Import
from items.exchange.problems import problem_of
from items.exchange.rooms import Room
from items.exchange.staged import STAGED
from items.trees import PATH_SEPARATOR

NOTHING = "–"
REFERENCES = {"category": "category", "owner": "person"}  # fields that hold ids, and of what
ATTRIBUTES = "attributes"
IN_STOCK = {"location_id": "location", "holder_id": "person"}
NAMING = ("sku", "name", "email")  # the fields by which a row is called
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
    values: Sequence[tuple[str, str]] = ()  # of what would be made: what the file calls it, and it


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
    read = [(*row[:6], *map(_parsed, row[6:9]), row[9]) for row in rows]
    names = _Names.of(room, read)
    headers = _headers(record)
    return [_planned(row, names, headers) for row in read]


def made_besides(record: Import, *, size: int) -> dict[str, list[str]]:
    """{category, location or person: names} that a plan would make because its rows name them.

    At most so many of each.
    """
    room = Room(record.schema)
    found: dict[str, list[str]] = {}
    if room.has("rows"):
        for what, name in room.ask(room.text("besides"), {"size": size}):
            found.setdefault(what, []).append(name)
    return found


def _planned(row: Sequence[Any], names: _Names, headers: Mapping[str, str]) -> Planned:
    line, subject, outcome, target, problems, changed, before, after, stock, what = row
    refused = [problem_of(text) for text in problems or ()]
    return Planned(
        line=line,
        subject=subject,
        outcome=outcome,
        target_id=target if outcome != "refused" else None,
        name=" ".join(str(after[n]) for n in NAMING if after.get(n)),
        problems=[
            RefusedCell(headers.get(p.field, p.field), p.field, p.code, p.value, p.message)
            for p in refused
        ],
        changes=_changes(changed or (), before, after, names, headers),
        stock=names.of_stock(what, stock),
        after={name: value for name, value in after.items() if value is not None},
        values=_values(after, names, headers) if outcome == "create" else (),
    )


def _changes(
    changed: Sequence[str],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    names: _Names,
    headers: Mapping[str, str],
) -> list[Change]:
    """Each field that changes; of attributes, those that do."""
    found = []
    for name in changed:
        was, now = before.get(name), after.get(name)
        if name == ATTRIBUTES:
            was, now = was or {}, now or {}
            found += [
                Change(key, f"{name}.{key}", names.shown(key, was.get(key)), names.shown(key, to))
                for key in {**was, **now}
                for to in [now.get(key)]
                if key not in was or key not in now or was[key] != to
            ]
        else:
            shown = (names.shown(name, was), names.shown(name, now))
            found.append(Change(headers.get(name, name), name, *shown))
    return found


def _values(
    after: Mapping[str, Any], names: _Names, headers: Mapping[str, str]
) -> list[tuple[str, str]]:
    """What a new row says beside how it is called, each attribute by itself, in a fixed order."""
    said = [(name, after[name]) for name in STAGED if name in after and name not in NAMING]
    parts = [
        part
        for name, value in said
        for part in (
            [(key, key, each) for key, each in (value or {}).items()]
            if name == ATTRIBUTES
            else [(headers.get(name, name), name, value)]
        )
    ]
    return [
        (column, names.shown(name, value))
        for column, name, value in parts
        if value not in (None, "", [], {})
    ]


def _headers(record: Import) -> dict[str, str]:
    """{our field: how the file calls it}."""
    found: dict[str, str] = {}
    for header, name in record.columns.items():
        found.setdefault(name, header)
        if name.startswith("holder_"):
            found.setdefault("holder", header)
    return found


class _Names:
    """What ids stand for: asked for once, for all rows together."""

    def __init__(self, known: Mapping[tuple[str, int], str]) -> None:
        self._known = known

    @classmethod
    def of(cls, room: Room, rows: Sequence[Sequence[Any]]) -> _Names:
        """Those of rows as `planned_rows` reads them."""
        ids: dict[str, set[int]] = {"category": set(), "location": set(), "person": set()}
        for *_, before, after, stock, _what in rows:
            for document, fields in ((before, REFERENCES), (after, REFERENCES), (stock, IN_STOCK)):
                for name, kind in fields.items():
                    if pk := document.get(name):
                        ids[kind].add(pk)
        if not any(ids.values()):
            return cls({})
        users = sql.Identifier(get_user_model()._meta.db_table)
        text = room.text("names", between=sql.Literal(PATH_SEPARATOR), users=users)
        found = room.ask(text, {kind: list(of_kind) for kind, of_kind in ids.items()})
        return cls({(kind, pk): name for kind, pk, name in found})

    def shown(self, name: str, value: Any) -> str:
        """A value of a field, as people write it."""
        if value is None or value in ("", [], {}):
            return NOTHING
        if name in REFERENCES and isinstance(value, int):
            return self._named(REFERENCES[name], value)
        if isinstance(value, bool):
            return "yes" if value else "no"
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
            held=f" lent to {self._named('person', held)}" if held else "",
        )

    def _named(self, kind: str, pk: int | None) -> str:
        return NOTHING if pk is None else self._known.get((kind, pk), str(pk))


def _parsed(text: str | None) -> dict[str, Any]:
    """A JSON object, with its numbers as they are written."""
    found: dict[str, Any] = json.loads(text or "{}", parse_float=Decimal)
    return found


def _number(value: Any) -> str:
    return without_padding(format(Decimal(str(value)), "f"))
