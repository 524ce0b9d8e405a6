"""The items app."""

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

if TYPE_CHECKING:
    from django.http import HttpRequest

    from config.admin.panels import Panel
    from config.admin.site import Figure
    from config.pruning import Prunable


class ItemsConfig(AppConfig):
    """The register: what there is, how many, where, and who has it."""

    name = "items"
    verbose_name = "Register"
    # Of these config.caching knows when they change.
    cache_versions = ("items.Category", "items.Item", "items.Location", "items.Movement")
    # Schemas that begin so hold the rows of plans: a backup leaves them out, as it does the files.
    passing_schemas = ("import_",)
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
            *("adjust", "reverse", "view_import", "add_import"),
        ],
    }

    def figures(self, user: Any) -> "list[Figure]":
        """What the admin's first page says about the register."""
        from items.catalogue import figures as of_catalogue
        from items.stock import figures as of_stock

        return [*of_catalogue.figures(user), *of_stock.figures(user)]

    def exports(self) -> list[Any]:
        """What can be had as a file: the views that export it."""
        from items.catalogue.views import ItemViewSet
        from items.stock.views import LevelViewSet, LoanViewSet, MovementViewSet

        return [ItemViewSet, LevelViewSet, MovementViewSet, LoanViewSet]

    def prunables(self) -> "list[Prunable]":
        """What `manage.py prune` may delete of what was imported."""
        from items.exchange.pruning import prunables

        return prunables()

    def panels(self, request: "HttpRequest", record: Any) -> "list[Panel]":
        """What the admin shows on the pages of items, locations, loans, movements and people."""
        from items.stock.panels import panels

        return panels(request, record)

    def cause_url(self, user: Any, via: str) -> str:
        """Where the history's causes of ours lead: "import 12" to its page."""
        from items.exchange.causes import cause_url

        return cause_url(user, via)
