"""What is exported of items."""

from django.db.models import F
from django.db.models.functions import Round

from config.exports.expressions import Path, plain
from config.exports.tables import Column, Kind, Table
from items.catalogue.models import Category, decimals_of_currency

# The amount as its currency is written; a number of that many decimals keeps them as text.
PRICE = Round(F("unit_price"), precision=decimals_of_currency())
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
