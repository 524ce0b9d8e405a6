"""The users app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class UsersConfig(AppConfig):
    """People, the groups that say what they may do, and the tokens of their programs."""

    name = "users"
    verbose_name = "People"
    # What each group may do with this app's models; users.groups collects these of every app.
    group_rights = {
        "Manager": [
            *("view_user", "add_user", "change_user", "delete_user"),
            *("view_apitoken", "add_apitoken", "change_apitoken"),
        ]
    }

    def ready(self) -> None:
        """Make the groups after each migration; tell the OpenAPI document how one signs in."""
        from users import groups, schema  # noqa: F401  registers itself

        post_migrate.connect(groups.make_after_migration, dispatch_uid="users.groups")
