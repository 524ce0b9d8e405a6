"""The models of the slices, where Django looks for them."""

from items.catalogue.models import Category, Item

__all__ = ["Category", "Item"]
