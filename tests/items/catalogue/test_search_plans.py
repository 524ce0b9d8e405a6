"""How PostgreSQL goes about the lists of items when there are many.

The plans are those of a register that `seed_demo` filled, vacuumed and analyzed as autovacuum does
by itself. So many rows as stand here are enough for the plans that it takes at a million;
STOCKROOM_PLAN_ITEMS=1000000 in the environment proves it there (seeding then takes some minutes).
"""

import json
import os
from collections.abc import Iterator
from contextlib import nullcontext
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.api.listed import COUNTED_EXACTLY
from config.nearest import by_index
from items.models import Category, Item
from tests.client import Api
from tests.factories import UserFactory, token_for
from tests.items.helpers import query, sql
from tests.live import Place, live_database
from users.models import User

ITEMS = int(os.environ.get("STOCKROOM_PLAN_ITEMS", "50000"))
USERS = 500
TABLES = ("items_item", "items_itemsearchtext")
COMPARED = "STRICT_WORD_SIMILARITY("  # of what comes near, which is asked for by the index alone


@pytest.fixture(scope="module")
def register(servers: None, django_db_blocker: Any) -> Iterator[Api]:
    """The API of a clerk on a large register."""
    with (
        django_db_blocker.unblock(),
        live_database(f"plans_{os.getpid()}") as url,
        Place(url).here(),
    ):
        call_command("seed_demo", f"--items={ITEMS}", f"--users={USERS}", stdout=StringIO())
        api = Api(token_for(UserFactory.create(group="Clerk")))
        sql(f"VACUUM ANALYZE {', '.join(TABLES)}")
        yield api
        connection.close()


@pytest.fixture(scope="module")
def facts(register: Api) -> dict[str, Any]:
    """What the calls ask for that depends on the register."""
    item = Item.objects.get(sku=f"DEMO-{ITEMS // 2:07}")
    return {
        "sku": item.sku.lower(),
        "part": item.name.rpartition(" ")[2],
        "section": Category.objects.get(name="Furniture").pk,
        "leaf": Category.objects.get(name="Sofas").pk,
        "owner": User.objects.get(email=f"demo{USERS // 2:06}@example.org").pk,
        "nobody": 999_999_999,
        "cursor": deep_cursor(register),
    }


def deep_cursor(api: Api) -> str:
    """The cursor of a page that is not the first."""
    cursor = ""
    for _ in range(5):
        cursor = api.get(f"/items{query(page_size=200, cursor=cursor)}").meta["next_cursor"]
    return cursor


def plans(api: Api, path: str) -> list[tuple[str, dict[str, Any]]]:
    """Each query of a call that reads items, and what PostgreSQL did for it."""
    sql("SELECT pg_current_xact_id()")  # a transaction that writes: nothing is kept from before
    with CaptureQueriesContext(connection) as captured:
        assert api.get(path).status == 200
    quoted = [f'"{table}"' for table in TABLES]
    statements = [asked["sql"] for asked in captured if any(q in asked["sql"] for q in quoted)]
    found = []
    for statement in statements:
        with by_index() if COMPARED in statement else nullcontext():
            [[plan]] = sql(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}")
        done = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
        found.append((statement, done))
    return found


def scans(plan: dict[str, Any], limited: bool = False) -> Iterator[bool]:
    """Each sequential scan of items or texts; whether it ended early, at the limit of a count.

    Where every third item matches, the first that come are as good as any.
    """
    if plan["Node Type"] == "Limit":
        limited = plan["Actual Rows"] == COUNTED_EXACTLY + 1
    if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] in TABLES:
        yield limited
    for below in plan.get("Plans", []):
        yield from scans(below, limited)


CALLS: dict[str, dict[str, Any]] = {
    "a word": {"search": "laptop"},
    "two syllables": {"search": "의자"},
    "one syllable": {"search": "책"},
    "an accent": {"search": "nordström"},
    "an accent in the text alone": {"search": "facade"},
    "a part number": {"search": "{part}"},
    "a sku": {"search": "{sku}"},
    "two words": {"search": "compact chair"},
    "two Korean words": {"search": "접이식 의자"},
    "one frequent letter": {"search": "c"},
    "one rare letter": {"search": "x"},
    "two letters": {"search": "qx"},
    "two letters that nothing has": {"search": "zz"},
    "the nearest": {"search": "laptopp"},
    "the nearest in Korean": {"search": "사무용의자"},
    "the nearest to two words": {"search": "compct chiar"},
    "the nearest of one status": {"search": "laptopp", "status": "draft"},
    "the nearest in a category": {"search": "chiar", "category": "{section}"},
    "the nearest of an owner": {"search": "laptopp", "owner": "{owner}"},
    "the nearest to nothing": {"search": "zqxjkvw"},
    "a word by cursor": {"search": "laptop", "cursor": ""},
    "a part number by cursor": {"search": "{part}", "cursor": ""},
    "a word by name": {"search": "laptop", "ordering": "name"},
    "a word of one status": {"search": "laptop", "status": "draft"},
    "a word in a category": {"search": "nordström", "category": "{section}"},
    "a word with a tag": {"search": "laptop", "tag": "대여"},
    "a word of an owner": {"search": "nordström", "owner": "{owner}"},
    "all": {},
    "all, page 2": {"page": 2},
    "all by cursor": {"cursor": ""},
    "all by cursor, deep": {"cursor": "{cursor}", "page_size": 200},
    "by name": {"ordering": "name"},
    "by name, backwards": {"ordering": "-name"},
    "by name and cursor": {"ordering": "name", "cursor": ""},
    "by price": {"ordering": "unit_price"},
    "by price, backwards and cursor": {"ordering": "-unit_price", "cursor": ""},
    "by change": {"ordering": "-updated_at"},
    "by change and cursor": {"ordering": "updated_at", "cursor": ""},
    "by creation": {"ordering": "-created_at"},
    "by sku": {"ordering": "sku"},
    "by status": {"ordering": "status"},
    "by status and price": {"ordering": "status,-unit_price"},
    "by status and price, by cursor": {"ordering": "status,-unit_price", "cursor": ""},
    "by price and name": {"ordering": "unit_price,name"},
    "one sku": {"sku": "{sku}"},
    "no sku": {"sku": "none"},
    "a category with those below": {"category": "{section}"},
    "a category": {"category": "{leaf}"},
    "a category by name": {"category": "{section}", "ordering": "name"},
    "a category of one status": {"category": "{leaf}", "status": "draft"},
    "no category": {"category": "{nobody}"},
    "a tag": {"tag": "대여"},
    "two tags": {"tag": ["대여", "점검"]},
    "an owner": {"owner": "{owner}"},
    "no owner": {"owner": "{nobody}"},
    "a status": {"status": "draft"},
    "from a price": {"min_price": "5000000"},
    "from a price that nothing has": {"min_price": "99000000"},
    "up to a price": {"max_price": "1"},
    "between prices": {"min_price": "100", "max_price": "101"},
    "since a moment": {"updated_since": "2025-12-25T00:00:00Z"},
    "since a moment, by cursor": {
        "updated_since": "2025-06-01T00:00:00Z",
        "ordering": "updated_at",
        "cursor": "",
    },
}


@pytest.mark.parametrize("call", CALLS)
def test_not_all_items_are_read_when_asked_for(
    register: Api, facts: dict[str, Any], call: str
) -> None:
    asked = {
        name: value.format(**facts) if isinstance(value, str) else value
        for name, value in CALLS[call].items()
    }
    for _, plan in plans(register, f"/items{query(**asked)}"):
        assert all(scans(plan)), json.dumps(plan, indent=1)


@pytest.mark.parametrize("searched", ["laptopp", "사무용의자", "compct chiar", "zqxjkvw"])
def test_the_nearest_is_found_by_the_index_of_texts(register: Api, searched: str) -> None:
    found = plans(register, f"/items{query(search=searched)}")
    compared = [plan for statement, plan in found if COMPARED in statement]
    assert compared
    assert all("item_search" in indexes(plan) for plan in compared)


def indexes(plan: dict[str, Any]) -> set[str]:
    """The names of the indexes that were read."""
    below = [indexes(each) for each in plan.get("Plans", [])]
    return set().union({plan.get("Index Name", "")}, *below)


@pytest.mark.parametrize("ordering", ["status,-unit_price", "-status,name", "unit_price,name"])
@pytest.mark.parametrize("pages", [1, 3])
def test_few_are_read_when_ordered_by_a_key_of_few_values_and_another(
    register: Api, ordering: str, pages: int
) -> None:
    cursor = ""
    for _ in range(pages):
        path = f"/items{query(ordering=ordering, cursor=cursor)}"
        read = sum(map(rows_read, (plan for _, plan in plans(register, path))))
        sql("SELECT pg_current_xact_id()")
        cursor = register.get(path).meta["next_cursor"]
    assert read < ITEMS / 10


def rows_read(plan: dict[str, Any]) -> int:
    """How many rows were read from tables and indexes, for nothing or not."""
    below = sum(map(rows_read, plan.get("Plans", [])))
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    return below or int(own * plan["Actual Loops"])


def test_a_scan_is_seen_when_there_is_one(register: Api) -> None:
    [[plan]] = sql("EXPLAIN (ANALYZE, FORMAT JSON) SELECT id FROM items_item WHERE unit = 'x'")
    found = json.loads(plan) if isinstance(plan, str) else plan
    assert list(scans(found[0]["Plan"])) == [False]
