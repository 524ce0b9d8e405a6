"""The models of the slices, where Django looks for them."""

from items.catalogue.models import Category, Item, ItemSearchText
from items.exchange.models import ExternalKey, Import
from items.stock.models import Loan, Location, Movement, StockLevel

__all__ = [
    "Category",
    "ExternalKey",
    "Import",
    "Item",
    "ItemSearchText",
    "Loan",
    "Location",
    "Movement",
    "StockLevel",
]
