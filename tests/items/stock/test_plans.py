"""How PostgreSQL goes about the lists of the ledger when it is long.

The plans are those of a register that `seed_demo` filled, vacuumed and analyzed as autovacuum does
by itself. STOCKROOM_PLAN_MOVEMENTS=5000000 in the environment proves them there (seeding then takes
many minutes).
"""

import json
import os
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from config.api.listed import COUNTED_EXACTLY
from config.api.parameters import DEFAULT_PAGE_SIZE
from items.stock.models import Loan, Location, Movement, StockLevel
from items.stock.panels import SHOWN
from tests.client import Api
from tests.factories import UserFactory, token_for
from tests.items.helpers import query, sql
from tests.live import Place, live_database

MOVEMENTS = int(os.environ.get("STOCKROOM_PLAN_MOVEMENTS", "32000"))
ITEMS = max(6_000, MOVEMENTS // 50)
USERS = 200
WEEKS = 104  # over which they go
# An eighth of the movements are loans: here, too few to look up each of them.
SHORT = {"items_loan"} if MOVEMENTS < 1_000_000 else set()
LONG = {"items_movement", "items_loan", "items_item", "items_stocklevel"}


@pytest.fixture(scope="module")
def register(servers: None, django_db_blocker: Any) -> Iterator[Api]:
    """The API of a clerk on a long ledger."""
    with (
        django_db_blocker.unblock(),
        live_database(f"ledger_{os.getpid()}") as url,
        Place(url).here(),
    ):
        wanted = {"items": ITEMS, "users": USERS, "movements": MOVEMENTS}
        call_command("seed_demo", *(f"--{k}={v}" for k, v in wanted.items()), stdout=StringIO())
        api = Api(token_for(UserFactory.create(group="Clerk")))
        sql(f"VACUUM ANALYZE {', '.join(LONG)}")
        yield api
        connection.close()


@pytest.fixture(scope="module")
def facts(register: Api) -> dict[str, Any]:
    """What the calls ask for that depends on the register."""
    return facts_of_register(register)


def facts_of_register(api: Api) -> dict[str, Any]:
    """A loan, its item and its holder; places; and a cursor that is not the first."""
    loan = Loan.objects.open().order_by("pk")[Loan.objects.open().count() // 2]
    lending = Movement.objects.of_loan(loan.pk).get(kind="check_out")
    named = Location.objects.get
    return {
        "item": loan.item_id,
        "holder": loan.holder_id,
        "loan": loan.pk,
        "reference": lending.reference,
        "shelf": lending.source_id,
        "hall": named(name="Hall 3").pk,
        "store": named(name="Demo").pk,
        "supplier": named(name="Demo supplier").pk,
        "person": lending.destination_id,
        "nothing": 999_999_999,
        "cursor": deep_cursor(api, "/movements"),
        "loan_cursor": deep_cursor(api, "/loans", ordering="due_at"),
    }


def deep_cursor(api: Api, path: str, **asked: Any) -> str:
    """The cursor of a page that is not the first."""
    cursor = ""
    for _ in range(5):
        reply = api.get(f"{path}{query(page_size=200, cursor=cursor, **asked)}")
        cursor = reply.meta["next_cursor"]
    return cursor


def plans(api: Api, path: str) -> list[tuple[str, dict[str, Any]]]:
    """Each query of a call, as if nothing had to be counted, and what PostgreSQL did for it."""
    with CaptureQueriesContext(connection) as captured:
        reply = api.get(path)
    assert reply.status == 200, reply.data
    reads = ("SELECT ", "WITH ")
    statements = [asked["sql"] for asked in captured if asked["sql"].startswith(reads)]
    found = []
    for asked in statements:
        statement = asked.replace(f"LIMIT {COUNTED_EXACTLY + 1}", f"LIMIT {DEFAULT_PAGE_SIZE + 1}")
        if "COUNT(" not in statement and any(table in statement for table in LONG):
            [[plan]] = sql(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}")
            done = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
            found.append((statement, done))
    return found


def scans(plan: dict[str, Any]) -> Iterator[str]:
    """Each long table that was read from one end."""
    if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] in LONG:
        yield plan["Relation Name"]
    for below in plan.get("Plans", []):
        yield from scans(below)


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "all": ("/movements", {}),
    "all, page 2": ("/movements", {"page": 2}),
    "all by cursor, deep": ("/movements", {"cursor": "{cursor}", "page_size": 200}),
    "of an item": ("/movements", {"item": "{item}"}),
    "of no item": ("/movements", {"item": "{nothing}"}),
    "under an item": ("/items/{item}/movements", {}),
    "under an item, at a shelf": ("/items/{item}/movements", {"location": "{shelf}"}),
    "under an item, in 2024": ("/items/{item}/movements", {"to": "2025-01-01T00:00:00Z"}),
    "at a shelf": ("/movements", {"location": "{shelf}"}),
    "at a hall": ("/movements", {"location": "{hall}"}),
    "in the whole store": ("/movements", {"location": "{store}"}),
    "from a supplier": ("/movements", {"location": "{supplier}"}),
    "at a person": ("/movements", {"location": "{person}"}),
    "nowhere": ("/movements", {"location": "{nothing}"}),
    "at a shelf by cursor": ("/movements", {"location": "{shelf}", "cursor": ""}),
    "at a shelf, counted": ("/movements", {"location": "{shelf}", "kind": "count"}),
    "a frequent kind": ("/movements", {"kind": "transfer"}),
    "a kind that there is not": ("/movements", {"kind": "write_off"}),
    "by somebody": ("/movements", {"actor": "{holder}"}),
    "lent to somebody": ("/movements", {"holder": "{holder}"}),
    "lent to nobody": ("/movements", {"holder": "{nothing}"}),
    "of a loan": ("/movements", {"loan": "{loan}"}),
    "with a reference": ("/movements", {"reference": "{reference}"}),
    "with no such reference": ("/movements", {"reference": "none"}),
    "lately": ("/movements", {"from": "2025-12-25T00:00:00Z"}),
    "long ago": ("/movements", {"to": "2024-01-08T00:00:00Z"}),
    "on a day": (
        "/movements",
        {"from": "2025-01-01T00:00:00Z", "to": "2025-01-02T00:00:00Z"},
    ),
    "loans": ("/loans", {}),
    "loans by cursor": ("/loans", {"cursor": ""}),
    "loans of an item": ("/loans", {"item": "{item}"}),
    "loans of a holder": ("/loans", {"holder": "{holder}"}),
    "open loans of a holder": ("/loans", {"holder": "{holder}", "open": "true"}),
    "open loans": ("/loans", {"open": "true"}),
    "closed loans": ("/loans", {"open": "false"}),
    "overdue loans": ("/loans", {"overdue": "true"}),
    "loans that are not overdue": ("/loans", {"overdue": "false"}),
    "loans by day": ("/loans", {"ordering": "due_at"}),
    "loans by day, backwards": ("/loans", {"ordering": "-due_at"}),
    "loans by day and cursor": (
        "/loans",
        {"ordering": "due_at", "cursor": "{loan_cursor}", "page_size": 200},
    ),
    "open loans by day": ("/loans", {"open": "true", "ordering": "due_at"}),
    "open loans by day, backwards": ("/loans", {"open": "true", "ordering": "-due_at"}),
    "overdue loans by day": ("/loans", {"overdue": "true", "ordering": "due_at"}),
    "open loans by day and cursor": (
        "/loans",
        {"open": "true", "ordering": "due_at", "cursor": ""},
    ),
    "holdings": ("/users/{holder}/holdings", {}),
    "items at a shelf": ("/items", {"location": "{shelf}"}),
    "items in the store": ("/items", {"location": "{store}"}),
    "items at a supplier": ("/items", {"location": "{supplier}"}),
    "items at a person": ("/items", {"location": "{person}"}),
    "items at a shelf by name": ("/items", {"location": "{shelf}", "ordering": "name"}),
    "items that somebody has": ("/items", {"holder": "{holder}"}),
    "low items": ("/items", {"low_stock": "true"}),
    "low items by name": ("/items", {"low_stock": "true", "ordering": "name"}),
    "low items by cursor": ("/items", {"low_stock": "true", "cursor": ""}),
    "items of which there is enough": ("/items", {"low_stock": "false"}),
    "levels of an item": ("/items/{item}/stock", {}),
    "levels as of a moment": ("/items/{item}/stock", {"as_of": "2025-01-01T00:00:00Z"}),
}


def url(call: str, facts: dict[str, Any]) -> str:
    """The path of a call, with what it asks for."""
    path, asked = CALLS[call]
    return path.format(**facts) + query(**{k: str(v).format(**facts) for k, v in asked.items()})


@pytest.mark.parametrize("call", CALLS)
def test_no_long_table_is_read_whole_when_asked_for(
    register: Api, facts: dict[str, Any], call: str
) -> None:
    path = url(call, facts)
    found = plans(register, path)
    assert found or "nothing" in str(CALLS[call])
    for statement, plan in found:
        if SHORT and " = ANY(" in statement:
            continue  # a page of ids is looked up in tables that are too short here
        beside = SHORT if "/movements" in path else set()
        assert set(scans(plan)) <= beside, json.dumps(plan, indent=1)


def passed_over(plan: dict[str, Any]) -> int:
    """How many rows were read for nothing."""
    own = plan.get("Rows Removed by Filter", 0) * plan["Actual Loops"]
    return int(own) + sum(map(passed_over, plan.get("Plans", [])))


@pytest.mark.parametrize(
    "asked",
    [
        {"to": "2024-01-08T00:00:00Z"},
        {"to": "2025-01-01T00:00:00Z"},
        {"from": "2025-01-01T00:00:00Z", "to": "2025-01-02T00:00:00Z"},
        {"from": "2024-06-01T00:00:00Z", "to": "2024-06-01T01:00:00Z", "cursor": ""},
        {"from": "2026-01-01T00:00:00Z", "cursor": ""},
        {"to": "2023-12-31T00:00:00Z", "cursor": ""},
        {"to": "2024-03-01T00:00:00Z", "kind": "transfer"},
    ],
)
def test_no_more_than_some_weeks_are_passed_over_when_a_time_is_asked_for(
    register: Api, asked: dict[str, str]
) -> None:
    of_a_week = MOVEMENTS // WEEKS
    for _, plan in plans(register, f"/movements{query(**asked)}"):
        assert passed_over(plan) <= 2 * of_a_week, json.dumps(plan, indent=1)


@pytest.mark.parametrize("place", ["shelf", "hall", "store", "supplier", "person"])
def test_nothing_is_passed_over_when_a_location_is_opened(
    register: Api, facts: dict[str, Any], place: str
) -> None:
    """Of what has left, and of what came from outside, a level stays."""
    found = StockLevel.objects.below(facts[place]).order_by("-item_id")[: SHOWN + 1]
    statement, values = found.query.sql_with_params()
    [[plan]] = sql(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", *values)
    done = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    assert passed_over(done) <= StockLevel.objects.count() // 10, json.dumps(done, indent=1)


def test_a_scan_is_seen_when_there_is_one(register: Api) -> None:
    [[plan]] = sql("EXPLAIN (FORMAT JSON) SELECT id FROM items_movement WHERE reason = 'x'")
    found = json.loads(plan) if isinstance(plan, str) else plan
    assert list(scans(found[0]["Plan"])) == ["items_movement"]


def test_no_long_table_is_read_whole_when_one_is_booked_after_many(register: Api) -> None:
    """A plan that was made for many rows would be kept for the next one."""
    book = """
        INSERT INTO items_movement
            (kind, item_id, source_id, destination_id, quantity, reason, reference)
        SELECT 'receive', items_item.id, source.id, destination.id, 1, '', ''
        FROM items_item, items_location source, items_location destination
        WHERE serial_number IS NULL AND source.name = 'Demo supplier'
            AND destination.name = 'Shelf 3-3' LIMIT %s
    """
    read = "SELECT sum(seq_tup_read) FROM pg_stat_xact_user_tables WHERE relname <> ALL (%s)"
    short = [
        "items_location",
        "items_item",
        "config_rowcount",
    ]  # the statement itself looks for what to book
    with transaction.atomic():
        sql(book, ITEMS)
        before = sql(read, short)
        sql(book, 1)
        assert sql(read, short) == before
        transaction.set_rollback(True)
