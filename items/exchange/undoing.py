"""An import taken back, as far as nothing has touched what it did since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from config.caching import invalidate
from items.exchange.applying import Cause
from items.exchange.fields import ITEM_FIELDS
from items.exchange.rooms import Room

MAX_TOLD = 1000  # of what could not be undone is told one by one


@dataclass
class Undone:
    """How much was taken back, and what was not, and why: {line, sku, why}."""

    reversed: int = 0
    restored: int = 0
    retired: int = 0
    kept: int = 0
    told: list[dict[str, Any]] = field(default_factory=list)


def undo(room: Room, cause: Cause) -> Undone:
    """Take an import back; to be called in a transaction.

    Its movements are reversed, the fields that it changed are restored, and the items that it made
    are retired: of each item all, or nothing where something else has happened to it since. People,
    categories and locations stay.
    """
    parts = {"reference": sql.Literal(cause.reference), "applied": sql.Literal(cause.now)}
    room.run_file("undo_subjects", **parts)
    room.analyze("undone", "item_id", "why")
    for check in ("undo_touched", "undo_gone"):
        room.run_file(check, **parts)
    found = Undone()
    for kind in ("check_out", "receive", "count"):
        found.reversed += room.run_file(
            "undo_movements", kind=sql.Literal(kind), actor=sql.Literal(cause.actor), **parts
        )
    names = {name[2:] for name in room.columns("plan_item") if name[:2] == "n_"}
    restored = [item_field for item_field in ITEM_FIELDS if item_field.name in names]
    if restored:
        room.forget_plans()
        found.restored = room.run_file("undo_fields", fields=_restored(restored))
    room.forget_plans()
    found.retired = room.run_file("undo_items")
    _tell(room, found)
    for label in ("items.Item", "items.Movement"):
        invalidate(label)
    return found


def _restored(fields: Sequence[Any]) -> sql.Composed:
    """Each field as it was before, where it was changed."""
    return sql.SQL(", ").join(
        sql.SQL("{0} = CASE WHEN {1} = ANY(plan.changed) THEN was.{0} ELSE item.{0} END").format(
            sql.Identifier(each.column), sql.Literal(each.name)
        )
        for each in fields
    )


def _tell(room: Room, found: Undone) -> None:
    [(found.kept,)] = room.ask("SELECT count(*) FROM {undone} WHERE why <> ''")
    rows = room.ask(
        sql.SQL(
            "SELECT line, item.sku, why FROM {} JOIN items_item item ON item.id = item_id "
            "WHERE why <> '' ORDER BY line LIMIT {}"
        ).format(room.table("undone"), sql.Literal(MAX_TOLD))
    )
    found.told = [{"line": line, "sku": sku, "why": why} for line, sku, why in rows]
