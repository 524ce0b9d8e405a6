"""The admin of the slices, where Django looks for it."""

from items.catalogue.admin import CategoryAdmin
from items.exchange.admin import ImportAdmin
from items.stock.admin import LoanAdmin, MovementAdmin, StockedItemAdmin
from items.stock.location_admin import LocationAdmin

__all__ = [
    "CategoryAdmin",
    "ImportAdmin",
    "LoanAdmin",
    "LocationAdmin",
    "MovementAdmin",
    "StockedItemAdmin",
]
