"""The admin of the slices, where Django looks for it."""

from items.catalogue.admin import CategoryAdmin, ItemAdmin

__all__ = ["CategoryAdmin", "ItemAdmin"]
