"""A plan carried out: all in one transaction, by statements for many rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError
from psycopg import sql

from config import constraints
from config.caching import invalidate
from items.catalogue.models import Category
from items.exchange.errors import Changed
from items.exchange.fields import ITEM_FIELDS
from items.exchange.plans import Progress
from items.exchange.rooms import Room
from items.stock import services as stock
from items.stock.models import REASON_MAX_LENGTH, Location

ROWS_AT_ONCE = 20_000
FIELDS = {field.name: field for field in ITEM_FIELDS}
TREES: Mapping[str, type[Any]] = {"category": Category, "location": Location}


@dataclass(frozen=True)
class Cause:
    """Why the ledger is written: in its reasons, references, and who and when."""

    reason: str
    reference: str
    actor: int | None
    now: datetime

    def parts(self) -> dict[str, sql.Composable]:
        """As the statements name them."""
        return {
            "reason": sql.Literal(self.reason[:REASON_MAX_LENGTH]),
            "reference": sql.Literal(self.reference),
            "actor": sql.Literal(self.actor),
            "now": sql.Literal(self.now),
            "world": sql.Literal(stock.world().pk),
        }


@dataclass(frozen=True)
class Work:
    """A plan in `room`, from `source`; what is made gets `currency` where no other is said."""

    room: Room
    source: str
    cause: Cause
    currency: str
    planned_at: datetime | None

    def apply(self, progress: Progress) -> None:
        """Carry it out, in a transaction. Raises Changed when it does not fit any more."""
        self.room.settle()
        try:
            for what, step in (
                ("locking", self._lock),
                ("making categories and locations", self._make_nodes),
                ("writing people", self._write_people),
            ):
                progress(what, 0, 1)
                step()
            self._write_items(progress)
            progress("writing keys", 0, 1)
            self._write_keys()
            self._book(progress)
        except IntegrityError as error:
            broken = constraints.broken_by(error)
            if broken is None:
                raise
            raise Changed(f"Something else has come to be there ({broken.message})") from error
        for label in ("items.Category", "items.Item", "items.Location", "items.Movement"):
            invalidate(label)

    # ── What it stands on ─────────────────────────────────────────────────────────────────────
    def _lock(self) -> None:
        """Lock the items that change, in the order of their ids, as they were planned."""
        [(planned, there)] = self.room.ask("""
            SELECT (SELECT count(*) FROM {plan_item} WHERE outcome = 'update'), count(*) FROM (
                SELECT FROM items_item item JOIN {plan_item} plan ON plan.target_id = item.id
                WHERE plan.outcome = 'update' AND plan.version = item.version
                ORDER BY item.id FOR NO KEY UPDATE OF item
            ) AS locked
        """)
        if planned != there:
            raise Changed(_so_many(planned - there, "item has", "items have") + " been changed")
        [(booked,)] = self.room.ask(
            self.room.text("moved_since", planned_at=sql.Literal(self.planned_at))
        )
        if booked:
            raise Changed("The stock of " + _so_many(booked, "item has", "items have") + " changed")

    def _make_nodes(self) -> None:
        for what, model in TREES.items():
            table = sql.Identifier(model._meta.db_table)
            kind = {"location": ("kind, ", "'storage', ")}.get(what, ("", ""))
            insert = sql.SQL(
                "INSERT INTO {} ({}id, name, parent_id) SELECT {}id, name, parent_id "
                "FROM {} WHERE what = {} ORDER BY depth"
            )
            self.room.run(
                insert.format(
                    table, *map(sql.SQL, kind), self.room.table("needed_node"), sql.Literal(what)
                )
            )

    def _write_people(self) -> None:
        no_password = sql.Literal(make_password(None))
        self.room.run_file("apply_people", no_password=no_password, source=sql.Literal(self.source))
        self.room.run_file("apply_new_persons", no_password=no_password)
        changed = self.room.run_file("apply_persons")
        [(planned,)] = self.room.ask("SELECT count(*) FROM {plan_person} WHERE outcome = 'update'")
        if planned != changed:
            raise Changed(
                _so_many(planned - changed, "person has", "people have") + " been changed"
            )

    # ── Items ─────────────────────────────────────────────────────────────────────────────────
    def _write_items(self, progress: Progress) -> None:
        names = [name[2:] for name in self.room.columns("plan_item") if name[:2] == "n_"]
        fields = [FIELDS[name] for name in names]
        insert = self._insert(names)
        update = sql.SQL(
            "UPDATE items_item item SET {} FROM {} plan WHERE plan.outcome = 'update' "
            "AND plan.target_id = item.id AND plan.version = item.version "
            "AND line BETWEEN %(first)s AND %(last)s"
        ).format(
            sql.SQL(", ").join(
                sql.SQL("{} = plan.{}").format(
                    sql.Identifier(field.column), sql.Identifier(f"n_{field.name}")
                )
                for field in fields
            ),
            self.room.table("plan_item"),
        )
        self._in_parts("plan_item", "outcome = 'create'", insert, "making items", progress)
        self.room.forget_plans()
        self._in_parts("plan_item", "outcome = 'update'", update, "changing items", progress)

    def _insert(self, names: Sequence[str]) -> sql.Composed:
        """The statement that makes items; what the file does not say begins as a new one does."""
        columns: list[sql.Composable] = [sql.SQL("id")]
        values: list[sql.Composable] = [sql.SQL("target_id")]
        for field in ITEM_FIELDS:
            columns.append(sql.SQL(field.column))
            if field.name in names:
                values.append(sql.SQL(f"n_{field.name}"))
            elif field.name == "currency":
                values.append(sql.Literal(self.currency))
            else:
                values.append(sql.SQL(field.default))
        statement = sql.SQL(
            "INSERT INTO items_item ({}) SELECT {} FROM {} WHERE outcome = 'create' "
            "AND line BETWEEN %(first)s AND %(last)s ORDER BY line"
        )
        between = sql.SQL(", ")
        return statement.format(
            between.join(columns), between.join(values), self.room.table("plan_item")
        )

    def _write_keys(self) -> None:
        source = sql.Literal(self.source)
        for plan, column, more, which in (
            ("plan_item", "item_id", "'{}'::jsonb", "outcome <> 'refused'"),
            ("plan_person", "user_id", "more", "outcome <> 'refused'"),
            ("plan_place", "location_id", "more", "subject = 'place' AND more <> '{}'"),
        ):
            parts = {"column": column, "more": more, "which": which}
            self.room.run_file(
                "apply_keys",
                source=source,
                plan=self.room.table(plan),
                **{name: sql.SQL(each) for name, each in parts.items()},
            )

    # ── The ledger ────────────────────────────────────────────────────────────────────────────
    def _book(self, progress: Progress) -> None:
        if not self.room.ask("SELECT FROM {stock} WHERE what IN ('open', 'count') LIMIT 1"):
            return
        parts = self.cause.parts()
        openings = self.room.text("apply_openings", **parts)
        self._in_parts("stock", "what = 'open'", openings, "booking", progress)
        self.room.run_file("apply_counts", **parts)
        longest = Location._meta.get_field("name").max_length
        self.room.run_file("apply_homes", longest=sql.Literal(longest))
        for step in ("apply_lent", "apply_loans", "apply_check_outs"):
            self.room.run_file(step, **parts)

    def _in_parts(
        self, table: str, which: str, statement: sql.Composable, what: str, progress: Progress
    ) -> None:
        """Run a statement for so many rows at a time, between their first line and their last."""
        bounds = sql.SQL(
            "SELECT line FROM (SELECT line, row_number() OVER (ORDER BY line) AS number FROM {} "
            "WHERE {}) AS numbered WHERE number %% {} = 0 OR number = 1 ORDER BY line"
        ).format(self.room.table(table), sql.SQL(which), sql.Literal(ROWS_AT_ONCE))
        lines = [line for (line,) in self.room.ask(bounds, {})]
        for done, first, last in _spans(lines):
            progress(what, done, len(lines))
            self.room.run(statement, {"first": first, "last": last})


def _spans(lines: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """From each of these lines up to the next, and from the last one on."""
    after = 2**63 - 1
    for done, first in enumerate(lines):
        yield done, first, lines[done + 1] - 1 if done + 1 < len(lines) else after


def _so_many(count: int, one: str, many: str) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {many}"
