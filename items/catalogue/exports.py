"""What is exported of items."""

from typing import Any

from django.db.models import Case, F, Value, When
from django.db.models.functions import Round

from config import currencies
from config.exports.expressions import Path, plain
from config.exports.tables import Column, Kind, Table
from items.catalogue.models import Category, decimals_of_currency

# Most have the usual decimals, which one look into a set tells; the others are gone through.
UNUSUAL = [code for codes in currencies.OTHER_DECIMALS.values() for code in codes]
DECIMALS: Any = Case(
    When(currency__in=UNUSUAL, then=decimals_of_currency()),
    default=Value(currencies.DEFAULT_DECIMALS),
)
# The amount as its currency is written: a number that was rounded keeps so many decimals as text.
PRICE = Round(F("unit_price"), precision=DECIMALS)
CATEGORY = Path("category_id", Category._meta.db_table)

ITEMS = Table(
    "items",
    (
        Column("sku", "sku"),
        Column("name", "name"),
        Column("description", "description"),
        Column("category", CATEGORY, Kind.PATH),
        Column("owner", "owner__email", instead="owner__name"),
        Column("status", "status", Kind.WORD),
        Column("unit", "unit"),
        Column("unit_price", PRICE, Kind.DECIMAL),
        Column("currency", "currency", Kind.WORD),
        Column("tags", "tags", Kind.LIST),
        Column("attributes", "attributes", Kind.OBJECT),
        Column("barcode", "barcode"),
        Column("serial_number", "serial_number"),
        Column("reorder_point", plain("reorder_point"), Kind.DECIMAL),
        Column("on_hand", plain("on_hand"), Kind.DECIMAL),
        Column("on_loan", plain("on_loan"), Kind.DECIMAL),
        Column("created_at", "created_at", Kind.TIME),
        Column("updated_at", "updated_at", Kind.TIME),
    ),
)
