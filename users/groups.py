"""The groups, made from what each app grants them: missing rights are added, none is removed."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.models import Group, Permission
from django.db import transaction

# Each may do what the one before it may, and more. What that is stands in `group_rights` of each
# app's AppConfig.
LADDER = ("Viewer", "Clerk", "Manager")


def make_after_migration(sender: AppConfig, using: str, **_: Any) -> None:
    """`post_migrate`: make the groups after the last app, when every permission is there."""
    configs = [app for app in apps.get_app_configs() if app.models_module is not None]
    if sender is configs[-1] and using == "default":
        make([app for app in configs if hasattr(app, "group_rights")])


@transaction.atomic
def make(granting: Iterable[Any]) -> None:
    """Make each group of LADDER and give it the rights that the apps grant it."""
    held: set[Permission] = set()
    for name in LADDER:
        held.update(_rights(granting, name))
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*held)


def _rights(granting: Iterable[Any], group: str) -> Iterator[Permission]:
    for app in granting:
        codenames = app.group_rights.get(group, [])
        yield from Permission.objects.filter(
            content_type__app_label=app.label, codename__in=codenames
        )
