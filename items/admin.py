"""The admin of the slices, where Django looks for it."""

from items.catalogue.admin import CategoryAdmin
from items.exchange.admin import ImportAdmin
from items.stock.admin import LoanAdmin, LocationAdmin, MovementAdmin, StockedItemAdmin

__all__ = [
    "CategoryAdmin",
    "ImportAdmin",
    "LoanAdmin",
    "LocationAdmin",
    "MovementAdmin",
    "StockedItemAdmin",
]
