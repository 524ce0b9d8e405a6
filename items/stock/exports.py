"""What is exported of levels, movements and loans."""

from config.exports.expressions import Path, plain
from config.exports.tables import Column, Kind, Table
from items.stock.models import Location

TREE = Location._meta.db_table

LEVELS = Table(
    "levels",
    (
        Column("sku", "item__sku"),
        Column("item", "item__name"),
        Column("location", Path("location_id", TREE), Kind.PATH),
        Column("quantity", plain("quantity"), Kind.DECIMAL),
        Column("unit", "item__unit"),
    ),
)

MOVEMENTS = Table(
    "movements",
    (
        Column("id", "pk", Kind.INTEGER),
        Column("created_at", "created_at", Kind.TIME),
        Column("kind", "kind", Kind.WORD),
        Column("sku", "item__sku"),
        Column("quantity", plain("quantity"), Kind.DECIMAL),
        Column("unit", "item__unit"),
        Column("source", Path("source_id", TREE), Kind.PATH),
        Column("destination", Path("destination_id", TREE), Kind.PATH),
        Column("reason", "reason"),
        Column("reference", "reference"),
        Column("actor", "actor__email", instead="actor__name"),
        Column("loan", "loan_id", Kind.INTEGER),
        Column("reverses", "reverses_id", Kind.INTEGER),
    ),
)

LOANS = Table(
    "loans",
    (
        Column("id", "pk", Kind.INTEGER),
        Column("sku", "item__sku"),
        Column("holder", "holder__email", instead="holder__name"),
        Column("quantity", plain("quantity"), Kind.DECIMAL),
        Column("returned", plain("returned"), Kind.DECIMAL),
        Column("due_at", "due_at", Kind.TIME),
        Column("opened_at", "opened_at", Kind.TIME),
        Column("closed_at", "closed_at", Kind.TIME),
    ),
)
