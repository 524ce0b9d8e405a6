"""A large register for trials, load tests and benchmarks: made up, the same every time.

The words are in items/sample/demo/*.csv, and the rows are made of them by the SQL beside, inside
the database: what a row holds depends on its number alone (and its owner on how many users there
are), by way of a hash.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from psycopg import sql

from config import currencies, history
from config.text import texts_of
from items.models import Category, Item
from items.stock.models import Loan, Location, Movement, StockLevel
from items.trees import PATH_SEPARATOR

FOLDER = Path(__file__).resolve().parent / "sample" / "demo"
VIA = "command seed_demo"  # what the history says
TOP = "Demo"  # the category, and the location, above all that is made here
OUTSIDE = Location.Kind.OUTSIDE
BATCH_ROWS = 10_000
# As many as their numbers have digits for.
MAX_ITEMS, MAX_USERS, MAX_MOVEMENTS = 9_999_999, 999_999, 99_999_999
HALLS, SHELVES = 9, 10  # with the store above them, a hundred locations
PARTNERS = ("supplier", "customer", "miscount")  # outside, where it comes from and goes to


def make_users(count: int) -> Iterator[tuple[int, int]]:
    """Make the first `count` users, without those that are there; they cannot log in.

    Yields, for each batch, how many numbers it took and how many users were missing.
    """
    yield from _in_batches("users", count, _words())


def make_items(count: int, *, users: int) -> Iterator[tuple[int, int]]:
    """Make the first `count` items, without those that are there, owned by the first `users`.

    They need the categories. Yields, for each batch, how many numbers it took and how many items
    were missing.
    """
    yield from _in_batches("items", count, _words() | _kinds() | _currencies() | {"users": users})


def make_categories() -> int:
    """Make the tree of categories, three deep; how many of them were missing."""
    missing = 0
    kinds = _rows("kinds")
    sections = dict.fromkeys((TOP, row["section"]) for row in kinds)
    leaves = [(TOP, row["section"], row["category"]) for row in kinds]
    for level in ([(TOP,)], sections, leaves):
        there = _categories()
        made = [
            Category(name=path[-1], parent_id=there.get(path[:-1]))
            for path in level
            if path not in there
        ]
        missing += len(Category.objects.bulk_create(made))
    return missing


def choose() -> None:
    """Number what movements are of, and who borrows, until the connection ends.

    They need the locations. Raises LookupError when there is no item that can be counted, or no
    user.
    """
    with connection.cursor() as cursor:
        cursor.execute(_sql("chosen"))
        cursor.execute("SELECT FROM demo_item, demo_person LIMIT 1")
        if not cursor.rowcount:
            raise LookupError("movements need a user, and an item without a serial number")


def make_movements(count: int) -> Iterator[tuple[int, int]]:
    """Make the first `count` movements, without those that are there, of what was chosen.

    Yields, for each batch, how many numbers it took and how many movements were missing.
    """
    yield from _in_batches("movements", count, _shelves() | {"count": count})


def make_locations() -> int:
    """Make the store with its halls and shelves, what is outside, and a place for each demo user.

    How many of them were missing.
    """
    before = Location.objects.count()
    store, _ = Location.objects.get_or_create(name=TOP, parent=None)
    for partner in PARTNERS:
        Location.objects.get_or_create(name=f"{TOP} {partner}", parent=None, kind=OUTSIDE)
    for hall in range(1, HALLS + 1):
        above, _ = Location.objects.get_or_create(name=f"Hall {hall}", parent=store)
        for shelf in range(1, SHELVES + 1):
            Location.objects.get_or_create(name=f"Shelf {hall}-{shelf}", parent=above)
    with connection.cursor() as cursor:
        cursor.execute(_sql("persons"))
    return Location.objects.count() - before


def analyze() -> None:
    """Let the planner know what is there now."""
    tracked = (get_user_model(), Category, Item, Location, Loan)
    tables = [model._meta.db_table for model in (*tracked, StockLevel, Movement)]
    tables += [model._meta.get_field("events").related_model._meta.db_table for model in tracked]
    tables += [texts_of(model).model._meta.db_table for model in (get_user_model(), Item)]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("ANALYZE {}").format(_names(tables)))


def _in_batches(what: str, count: int, parameters: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """Each batch is a transaction, if it is not a part of one."""
    statement = _sql(what)
    with connection.cursor() as cursor:
        cursor.execute(_sql("functions"))
    for first in range(1, count + 1, BATCH_ROWS):
        last = min(first + BATCH_ROWS - 1, count)
        with history.written_by(None, via=VIA), connection.cursor() as cursor:
            cursor.execute(statement, {**parameters, "first": first, "last": last})
            missing = cursor.rowcount
        yield last - first + 1, missing


def _sql(name: str) -> sql.Composed:
    text: Any = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    return sql.SQL(text).format(
        items=sql.Identifier(Item._meta.db_table),
        users=sql.Identifier(get_user_model()._meta.db_table),
        **{
            f"{model._meta.model_name}s": sql.Identifier(model._meta.db_table)
            for model in (Location, Loan, Movement)
        },
    )


def _names(tables: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, tables))


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _words() -> dict[str, Any]:
    """{name of a list: its words}."""
    lists: dict[str, list[str]] = {}
    for row in _rows("words"):
        lists.setdefault(row["list"], []).append(row["word"])
    return lists


def _kinds() -> dict[str, Any]:
    """What there is of each kind of thing, a list for each column, and the kinds' categories."""
    there, rows = _categories(), _rows("kinds")
    ids = [there[TOP, row["section"], row["category"]] for row in rows]
    columns = ("noun", "korean", "unit", "price_from", "price_to")
    return {"category_id": ids} | {name: [row[name] for row in rows] for name in columns}


def _currencies() -> dict[str, Any]:
    rows = _rows("currencies")
    codes = [row["code"] for row in rows]
    return {
        "code": codes,
        "rate": [row["rate"] for row in rows],
        "decimals": [currencies.DECIMALS[code] for code in codes],
    }


def _shelves() -> dict[str, Any]:
    """The ids of all places in the demo store, and of those outside."""
    store = Location.objects.get(name=TOP, parent=None)
    inside = Location.objects.below(store.pk).order_by("pk").values_list("pk", flat=True)
    outside = Location.objects.of_kind(OUTSIDE).filter(parent=None)
    ids = dict(outside.values_list("name", "pk"))
    return {"shelf": list(inside)} | {each: ids[f"{TOP} {each}"] for each in PARTNERS}


def _categories() -> dict[tuple[str, ...], int]:
    """{("Demo", "Furniture"): id} of every category there is."""
    paths = Category.objects.paths()
    return {tuple(path.split(PATH_SEPARATOR)): pk for pk, path in paths.items()}
