"""The items app."""

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

if TYPE_CHECKING:
    from config.admin import Figure


class ItemsConfig(AppConfig):
    """The register: what there is, and later how many and where."""

    name = "items"
    verbose_name = "Register"
    cache_versions = ("items.Category", "items.Item")  # see config.caching
    # What each group may do with this app's models, beyond the group below it; see users.groups.
    group_rights = {
        "Viewer": [
            *("view_item", "view_category"),
            *("view_location", "view_stocklevel", "view_movement", "view_loan"),
        ],
        "Clerk": [
            *("add_item", "change_item", "add_category", "change_category"),
            *("add_location", "change_location", "add_movement", "lend", "change_loan"),
        ],
        "Manager": [
            *("delete_item", "delete_category", "delete_location"),
            *("adjust", "reverse"),
        ],
    }

    def figures(self, user: Any) -> "list[Figure]":
        """What the admin's first page says about the register."""
        from items.catalogue.figures import figures

        return figures(user)
