"""The plan of an import: what each row would do, made and asked for, and nothing written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.validators import MaxValueValidator
from django.db import transaction
from psycopg import sql

from items.catalogue.models import QUANTITY_DECIMALS, QUANTITY_DIGITS
from items.exchange import dumps, lookups, staging
from items.exchange.doubles import refuse_doubles
from items.exchange.errors import Asks
from items.exchange.fields import COMMA, FALSE, MAX_DIGITS, POINT, RUINED, TRUE
from items.exchange.formats import MAPPED, TableFormat, any_items, format_named, mapped, recognised
from items.exchange.options import Options
from items.exchange.planning import ItemPlan
from items.exchange.reading import Row, Table, open_table
from items.exchange.rooms import Room
from items.exchange.settling import Settler
from items.exchange.shaping import Shaper
from items.exchange.staged import BETWEEN_PROBLEMS, CLEARED, SHOWN_LENGTH, UNIT

NUMBERS = ("unit_price", "reorder_point", "quantity")
OUTCOMES = ("create", "update", "unchanged", "refused")

# Told how far it is: what is done, how much of it, and of how much.
Progress = Callable[[str, int, int], None]


@dataclass
class Plan:
    """What a file would do: how it was read, and how many rows have which outcome."""

    format: str
    columns: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    totals: dict[str, Any] = field(default_factory=dict)


def make_plan(
    room: Room, path: Path, name: str, options: Options, progress: Progress, *, restricted: bool
) -> Plan:
    """Stage a file and compare it with what is there.

    `restricted`: accounts that may do more than look are not changed. Raises Unreadable, Asks or
    NotImportable.
    """
    room.make()
    staging.make_raw(room)
    with open_table(path, name=name, encoding=options.encoding or None) as table:
        kind = format_of(table, options)
        plan = Plan(kind.full_name)
        columns, rows, settler = _shaped(table, kind, options, plan)
        reading = lambda: progress("reading", *table.progress())  # noqa: E731  it is called often
        count = staging.copy_rows(room, columns, rows, reading)
        plan.notes += [*table.notes, *(settler.notes() if settler else ())]
    called = {name: header for header, name in reversed(plan.columns.items())}
    steps = _steps(room, kind, options, columns, called, restricted=restricted)
    for done, (what, step) in enumerate(steps):
        progress(what, done, len(steps))
        with transaction.atomic():
            room.settle()
            step()
    progress("planned", len(steps), len(steps))
    plan.totals = _totals(room, count)
    room.run("DROP TABLE {raw}")
    return plan


def format_of(table: Table, options: Options) -> TableFormat:
    """How this file is read: as its header, or whoever imports it, says."""
    base: TableFormat | None = None
    if options.format and options.format != MAPPED:
        base = format_named(options.format, table.header)
    elif not options.format:
        try:
            base = recognised(table.header)
        except Asks:
            if not options.map:
                raise
            base = any_items() if options.subject == "item" else None
    if base is not None and not options.map:
        return base
    unknown = sorted({*options.map} - {*table.header})
    if unknown:
        raise Asks("map", f'There is no column "{unknown[0]}" in the file.', table.header)
    return mapped(options.map, subject=options.subject, base=base)


def _shaped(
    table: Table, kind: TableFormat, options: Options, plan: Plan
) -> tuple[Sequence[str], Iterator[tuple[int, list[str]]], Settler | None]:
    """The columns that are staged, the rows, and who tells afterwards what was settled in them."""
    if kind.dump:
        return dumps.COLUMNS, dumps.rows(table, plan.notes), None
    in_spreadsheet = table.kind in ("csv", "xlsx")
    style = options.date or (kind.date if kind.date != "ask" else "iso")
    shaper = Shaper(kind, table.header, style, in_spreadsheet)
    plan.columns = shaper.header.used
    return shaper.columns, shaper.rows(_all(table)), shaper.settler


def _all(table: Table) -> Iterator[Row]:
    yield from table.rows()


def _steps(
    room: Room,
    kind: TableFormat,
    options: Options,
    columns: Sequence[str],
    called: Mapping[str, str],
    *,
    restricted: bool,
) -> list[tuple[str, Callable[[], Any]]]:
    """What is done after the rows are staged."""
    said: dict[str, str] = {}

    def settle() -> None:
        said["decimal"] = options.decimal or _decimal_of(room, kind, columns, called)

    def compare() -> None:
        of_items = {*columns} if "sku" in columns else {"subject", "sku", "name"}
        ItemPlan([*of_items], kind.source, said["decimal"], options).make(room)

    def others() -> None:
        _plan_others(room, kind, said["decimal"], restricted=restricted)

    def stock() -> None:
        _plan_stock(room, kind, options, columns)

    return [
        ("looking up names", lambda: lookups.look_up(room, kind, options, columns, called)),
        ("settling formats", settle),
        ("comparing items", compare),
        ("comparing the rest", others),
        ("comparing the stock", stock),
    ]


def _decimal_of(
    room: Room, kind: TableFormat, columns: Sequence[str], called: Mapping[str, str]
) -> str:
    """The one way in which all numbers of the file are written. Raises Asks when it may be two."""
    if kind.decimal != "ask":
        return kind.decimal
    for column in (name for name in NUMBERS if name in columns):
        bare = sql.SQL("regexp_replace({column}, '[^0-9.,-]', '', 'g')").format(
            column=sql.Identifier(column)
        )
        [(points, commas, example)] = room.ask(
            sql.SQL(
                "SELECT coalesce(bool_and({bare} ~ {point}), TRUE), "
                "coalesce(bool_and({bare} ~ {comma}), TRUE), "
                "min({column}) FILTER (WHERE {column} ~ '[.,]') FROM {raw} WHERE {column} <> ''"
            ).format(
                bare=bare,
                column=sql.Identifier(column),
                point=sql.Literal(POINT),
                comma=sql.Literal(COMMA),
                raw=room.table("raw"),
            )
        )
        if points and commas and example is not None:
            raise Asks(
                "decimal",
                f'The numbers of the column "{called.get(column, column)}" can be read in two '
                f"ways: {example} with a decimal point or with a decimal comma.",
                ["point", "comma"],
            )
        if commas and not points:
            return "comma"
    return "point"


def _plan_others(room: Room, kind: TableFormat, decimal: str, *, restricted: bool) -> None:
    """Plan people, places and levels."""
    shared = {
        "between": sql.Literal(BETWEEN_PROBLEMS),
        "unit": sql.Literal(UNIT),
        "shown": sql.Literal(SHOWN_LENGTH),
        "source": sql.Literal(kind.source),
    }
    person = get_user_model()._meta
    highest = [v for v in person.get_field("age").validators if isinstance(v, MaxValueValidator)]
    words = {"yes": TRUE, "no": FALSE}
    room.run_file(
        "plan_person",
        **shared,
        **{name: sql.SQL(", ").join(map(sql.Literal, each)) for name, each in words.items()},
        cleared=sql.Literal(CLEARED),
        max_age=sql.Literal(min(v.limit_value for v in highest)),
        name_length=sql.Literal(person.get_field("name").max_length),
        restricted=sql.Literal(restricted),
    )
    for column in ("n_email", "key", "target_id"):
        refuse_doubles(room, "plan_person", column, field="email")
    room.run_file("plan_place", **shared)
    comma = decimal == "comma"
    number = "replace(replace(raw.quantity, '.', ''), ',', '.')" if comma else "raw.quantity"
    room.run_file(
        "plan_level",
        **shared,
        number=sql.SQL(number),
        ruined=sql.Literal(RUINED),
        max_digits=sql.Literal(MAX_DIGITS),
        too_large=sql.Literal(10 ** (QUANTITY_DIGITS - QUANTITY_DECIMALS)),
        decimals=sql.SQL(str(QUANTITY_DECIMALS)),
    )
    if not kind.dump:
        room.run_file("levels_twice", unit=shared["unit"])


def _plan_stock(room: Room, kind: TableFormat, options: Options, columns: Sequence[str]) -> None:
    """Compare quantities with the books, and put all rows into one view."""
    asked = [room.text("stock_of_levels")]
    if "quantity" in columns:
        holder = "s_holder" if "holder" in columns else "NULL::bigint"
        due_at = "s_due_at" if "due_at" in columns else "NULL::timestamptz"
        parts = {"holder": sql.SQL(holder), "due_at": sql.SQL(due_at)}
        asked.insert(0, room.text("stock_of_items", **parts))
    room.run_file(
        "stock", asked=sql.SQL("\nUNION ALL\n").join(asked), count=sql.Literal(options.count)
    )
    room.run("CREATE INDEX ON {stock} (line)")
    room.run_file("outcome_of_levels")
    names = [name.removeprefix("n_") for name in room.columns("plan_item") if name[:2] == "n_"]
    pairs = [
        sql.SQL("{}, {}").format(sql.Literal(name), sql.Identifier("plan", f"n_{name}"))
        for name in names
    ]
    after = sql.SQL("jsonb_build_object({})").format(sql.SQL(", ").join(pairs))
    if "status" not in columns:  # what begins as all do is nothing that the file says
        after += sql.SQL(" - CASE WHEN outcome = 'create' THEN 'status' ELSE '' END")
    room.run_file("rows", after=after)
    n_category = sql.SQL("n_category" if "category" in names else "NULL::bigint")
    room.run_file("needed_nodes", n_category=n_category)


def _totals(room: Room, count: int) -> dict[str, Any]:
    """How many rows have which outcome, in all and by what they are about; what is new besides."""
    totals: dict[str, Any] = {"rows": count, **dict.fromkeys(OUTCOMES, 0)}
    totals |= {"opened": 0, "counted": 0, "differing": 0, "subjects": {}}
    for subject, outcome, rows, opened, counted, differing in room.ask(room.text("totals")):
        totals[outcome] += rows
        totals["subjects"].setdefault(subject, dict.fromkeys(OUTCOMES, 0))[outcome] += rows
        totals["opened"] += opened
        totals["counted"] += counted
        totals["differing"] += differing
    new: Mapping[str, int] = dict(
        room.ask("SELECT what, count(*) FROM {needed_node} GROUP BY what")
    )
    totals["new_categories"] = new.get("category", 0)
    totals["new_locations"] = new.get("location", 0)
    [(totals["new_people"],)] = room.ask(
        "SELECT count(*) FROM {new_person} "
        "WHERE id IN (SELECT holder_id FROM {stock} WHERE what = 'open')"
    )
    return totals
