"""The users app."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from axes.apps import AppConfig as AxesConfig
from django.apps import AppConfig
from django.db.models.signals import post_migrate

if TYPE_CHECKING:
    from config.pruning import Prunable

TOKENS_KEPT = timedelta(days=90)  # after their end, so that one can still see what they were


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

    def exports(self) -> list[Any]:
        """What can be had as a file: the views that export it."""
        from users.views import UserViewSet

        return [UserViewSet]

    def prunables(self) -> "list[Prunable]":
        """What `manage.py prune` may delete of this app's."""
        from config.pruning import Prunable
        from users.models import ApiToken

        return [
            Prunable(
                name="tokens",
                what="API tokens that have expired or were revoked",
                rows=lambda before: [ApiToken.objects.ended_before(before)],
                age=TOKENS_KEPT,
            ),
        ]

    def ready(self) -> None:
        """Make the groups after each migration; tell the OpenAPI document how one signs in."""
        from users import groups, schema  # noqa: F401  registers itself

        post_migrate.connect(groups.make_after_migration, dispatch_uid="users.groups")


class LockOutConfig(AxesConfig):  # type: ignore[misc]  # it has no types
    """django-axes, which counts failed log-ins; see users.lockout."""

    verbose_name = "Failed log-ins"
