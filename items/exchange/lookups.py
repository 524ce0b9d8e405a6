"""What rows name: categories, locations, people and days, each looked up once.

Each distinct cell of such a column gets a row in a table of the import: what it stands for, or what
is wrong with it. What is not there yet gets its id here, and is made when the plan is applied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection
from psycopg import sql

from items.catalogue.models import Category
from items.exchange import dates
from items.exchange.formats import TableFormat
from items.exchange.identity import address_of
from items.exchange.models import ExternalKey
from items.exchange.options import Options
from items.exchange.rooms import Room
from items.exchange.staged import CLEARED, UNIT
from items.stock.fields import END_OF_DAY
from items.stock.models import WORLD, Location
from items.trees import NAME_MAX_LENGTH, PATH_SEPARATOR

CATEGORY, LOCATION, PARENT = "category", "location", "parent"
TREES: Mapping[str, type[Any]] = {CATEGORY: Category, LOCATION: Location}

Path = tuple[str, ...]


def look_up(
    room: Room,
    table: TableFormat,
    options: Options,
    columns: Sequence[str],
    called: Mapping[str, str],
) -> None:
    """Make the tables `node`, `person` and `day`, and those of what is new.

    `called` is how the file calls our fields. Raises Asks.
    """
    room.run("CREATE UNLOGGED TABLE {node} (what text, cell text, id bigint, problem text)")
    room.run(
        "CREATE TABLE {new_node} "
        "(what text, id bigint, parent_id bigint, name text, path text, depth int)"
    )
    room.run("CREATE UNLOGGED TABLE {person} (cell text, id bigint, problem text)")
    room.run("CREATE TABLE {new_person} (id bigint, email text, name text, key text)")
    room.run("CREATE UNLOGGED TABLE {day} (cell text, at timestamptz, problem text)")
    _look_up_nodes(room, table, options, columns)
    _look_up_people(room, table, columns)
    if "due_at" in columns:
        _look_up_days(room, table, options, called.get("due_at", "due_at"))
    for looked_up in ("node", "person", "day"):
        room.analyze(looked_up, "cell")


def distinct(room: Room, column: str) -> list[str]:
    """The cells of a column, each once, in the order of their first lines."""
    found = room.ask(
        sql.SQL(
            "SELECT {column} FROM {raw} WHERE {column} IS NOT NULL AND {column} <> {cleared} "
            "GROUP BY {column} ORDER BY min(line)"
        ).format(column=sql.Identifier(column), raw=room.table("raw"), cleared=sql.Literal(CLEARED))
    )
    return [cell for (cell,) in found]


# ── Categories and locations ──────────────────────────────────────────────────────────────────
@dataclass
class Tree:
    """The nodes of a tree by their parents and names, with those that are to be made."""

    model: type[Any]
    ids: dict[tuple[int | None, str], int] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    new: list[tuple[int, int | None, str, str, int]] = field(default_factory=list)
    elsewhere: set[int] = field(default_factory=set)
    parents: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, model: type[Any], source: str) -> Tree:
        """As it is now."""
        tree, rows = cls(model), model.objects.all()
        if model is Location:
            rows = rows.impersonal()
            outside = rows.of_kind(Location.Kind.OUTSIDE).values_list("pk", flat=True)
            tree.elsewhere = set(outside)
            known = ExternalKey.objects.filter(source=source, location__isnull=False)
            tree.keys = dict(known.values_list("key", "location"))
        tree.ids = {
            (parent, name.lower()): pk
            for pk, parent, name in rows.values_list("pk", "parent", "name")
        }
        return tree

    def find(self, path: Path) -> tuple[int | None, str]:
        """The id of a path, which may be new, and what is wrong with it."""
        if len(path) == 1 and (known := self.keys.get(path[0])):
            return known, ""
        if problem := self._problem(path):
            return None, problem
        parent: int | None = None
        for depth, name in enumerate(path):
            if depth == 0 and len(path) == 1 and (above := self.parents.get(name)):
                parent, problem = self._below(name, above)
                if problem:
                    return None, problem
            node = self.ids.get((parent, name.lower()))
            parent = self._make(parent, path[: depth + 1]) if node is None else node
        return parent, "outside" if parent in self.elsewhere else ""

    def _below(self, name: str, above: str) -> tuple[int | None, str]:
        """The id of the node that a file names as another's parent; a circle is refused."""
        seen, next_above = {name}, above
        while next_above:
            if next_above in seen:
                return None, "circle"
            seen.add(next_above)
            next_above = self.parents.get(next_above, "")
        return self.find((above,))

    def _problem(self, path: Path) -> str:
        if any(len(name) > NAME_MAX_LENGTH for name in path):
            return f"name_too_long:{NAME_MAX_LENGTH}"
        if self.model is Location and len(path) == 1 and path[0].lower() == WORLD.lower():
            return "outside"
        return "" if path else "no_name"

    def _make(self, parent: int | None, path: Path) -> int:
        pk = next(ids_for(self.model, 1))
        self.ids[parent, path[-1].lower()] = pk
        self.new.append((pk, parent, path[-1], PATH_SEPARATOR.join(path), len(self.new)))
        return pk


def _look_up_nodes(
    room: Room, table: TableFormat, options: Options, columns: Sequence[str]
) -> None:
    for what, model in TREES.items():
        named = [what, PARENT] if what == LOCATION else [what]
        found_in = [distinct(room, column) for column in named if column in columns]
        cells = [*dict.fromkeys(cell for cells in found_in for cell in cells)]
        if what == LOCATION and "quantity" in columns and _some_have_no_place(room):
            cells.append("")
        if not cells:
            continue
        tree = Tree.of(model, table.source)
        if what == LOCATION and PARENT in columns:
            tree.parents = dict(
                room.ask("SELECT location, parent FROM {raw} WHERE parent IS NOT NULL")
            )
        default = tuple(part.strip() for part in options.location.split("/") if part.strip())
        found = ((cell, *tree.find(tuple(cell.split(UNIT)) if cell else default)) for cell in cells)
        _fill(room, "node", [(what, cell, pk, problem) for cell, pk, problem in found])
        _fill(room, "new_node", [(what, *node) for node in tree.new])


def _some_have_no_place(room: Room) -> bool:
    [(found,)] = room.ask(
        "SELECT EXISTS (SELECT FROM {raw} WHERE location IS NULL AND subject IN ('item', 'level'))"
    )
    return bool(found)


# ── People ────────────────────────────────────────────────────────────────────────────────────
def _look_up_people(room: Room, table: TableFormat, columns: Sequence[str]) -> None:
    """Find holders and owners by e-mail, then by how their source calls them; never by name.

    A holder who is not there is made: with an address that cannot exist, where none is known.
    """
    holders = distinct(room, "holder") if "holder" in columns else []
    owners = distinct(room, "owner") if "owner" in columns else []
    people: Any = get_user_model()._default_manager
    by_email = _ids_by(people, "email", (cell.split(UNIT)[0] for cell in (*holders, *owners)))
    keys = ExternalKey.objects.filter(source=table.source, user__isnull=False)
    by_key = dict(keys.values_list("key", "user")) if holders else {}
    found: dict[str, tuple[int | None, str]] = {}
    new: dict[str, tuple[int, str, str, str]] = {}
    for cell in holders:
        email, username, name = cell.split(UNIT)
        known = by_email.get(email) or by_key.get(username or email)
        address = email or (address_of(username, table.source) if username else "")
        if known:
            found[cell] = known, ""
        elif problem := _problem_of_person(address, name or username or email):
            found[cell] = None, problem
        else:
            if address not in new:
                pk = next(ids_for(get_user_model(), 1))
                new[address] = pk, address, name or username or email, username
            found[cell] = new[address][0], ""
    for cell in owners:
        owner = by_email.get(cell.split(UNIT)[0])
        found.setdefault(cell, (owner, "" if owner else "unknown_person"))
    _fill(room, "person", [(cell, pk, problem) for cell, (pk, problem) in found.items()])
    _fill(room, "new_person", list(new.values()))


def _ids_by(rows: Any, column: str, values: Iterable[str]) -> dict[str, int]:
    there = [value for value in dict.fromkeys(values) if value]
    return dict(rows.filter(**{f"{column}__in": there}).values_list(column, "pk")) if there else {}


def _problem_of_person(address: str, name: str) -> str:
    longest = get_user_model()._meta.get_field("name").max_length or 0
    if not address:
        return "person_by_name_alone"
    try:
        validate_email(address)
    except ValidationError:
        return "not_an_email"
    return "" if 2 <= len(name) <= longest else "person_name_length"  # noqa: PLR2004


# ── Days ──────────────────────────────────────────────────────────────────────────────────────
def _look_up_days(room: Room, table: TableFormat, options: Options, called: str) -> None:
    cells = distinct(room, "due_at")
    style = options.date or table.date
    if style == dates.ASK:
        style = dates.style_of(called, cells)
    _fill(room, "day", [_day(cell, style) for cell in cells])


def _day(cell: str, style: str) -> tuple[str, Any, str]:
    """The end of a day, or the moment that a cell names."""
    try:
        if "T" in cell:
            return cell, dates.moment_of(cell), ""
        return cell, f"{dates.day_of(cell, style)} {END_OF_DAY}", ""
    except ValueError:
        return cell, None, f"not_a_day:{style}"


# ── What they share ───────────────────────────────────────────────────────────────────────────
def ids_for(model: type[Any], count: int) -> Iterator[int]:
    """So many ids of rows that will be made."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        yield from (pk for (pk,) in cursor.fetchall())


def _fill(room: Room, table: str, rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        return
    copy = sql.SQL("COPY {} FROM STDIN").format(room.table(table))
    with connection.cursor() as cursor, cursor.copy(copy) as copying:
        for row in rows:
            copying.write_row(row)
