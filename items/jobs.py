"""The tasks of the slices, where a worker looks for them."""

from items.exchange.jobs import apply_import, plan_import, undo_import

__all__ = ["apply_import", "plan_import", "undo_import"]
