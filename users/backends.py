"""Who may do what, for Django's `has_perm`."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db.models import BigIntegerField

from config.prepared import Statement
from config.querysets import is_one_of
from config.statements import compiled, fetch

RIGHTS = "_rights"  # of a user: what was found is kept with them, as Django does


class Backend(ModelBackend):
    """Django's own, with the rights of a user and of their groups found by one statement."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """All rights of an active user ("items.add_item"); of one thing alone nobody has any."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if user_obj.is_superuser:
            return super().get_all_permissions(user_obj)
        if not knows_rights(user_obj):
            read_rights([user_obj])
        rights: set[str] = getattr(user_obj, RIGHTS)
        return rights


def knows_rights(user: Any) -> bool:
    """Whether the rights of this instance of a user have been read."""
    return hasattr(user, RIGHTS)


def read_rights(users: Sequence[Any]) -> None:
    """Read the rights of these users, by one statement, to be kept with them."""
    if not users:
        return
    rights: dict[int, set[str]] = {user.pk: set() for user in users}
    for pk, app, codename in fetch(*_rights().about([*rights], [*rights])):
        rights[pk].add(f"{app}.{codename}")
    for user in users:
        setattr(user, RIGHTS, rights[user.pk])


@cache
def _rights() -> Statement:
    """What finds the rights of users; their ids stand in it twice."""

    def of(users: str) -> Any:
        rows = Permission.objects.filter(is_one_of(users, [], BigIntegerField())).order_by()
        return rows.values_list(users, "content_type__app_label", "codename")

    return compiled(of("user").union(of("group__user")))
