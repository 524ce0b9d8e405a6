"""Who may do what, for Django's `has_perm`."""

from functools import cache
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission

from config.statements import Statement, compiled, fetch

RIGHTS = "_rights"  # of a user: what was found is kept with them, as Django does


class Backend(ModelBackend):
    """Django's own, with the rights of a user and of their groups found by one statement."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """All rights of an active user ("items.add_item"); of one thing alone nobody has any."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if user_obj.is_superuser:
            return super().get_all_permissions(user_obj)
        if not hasattr(user_obj, RIGHTS):
            found = fetch(*_rights().about(user_obj.pk, user_obj.pk))
            setattr(user_obj, RIGHTS, {f"{app}.{codename}" for app, codename in found})
        rights: set[str] = getattr(user_obj, RIGHTS)
        return rights


@cache
def _rights() -> Statement:
    """What finds a user's rights; the user's id stands in it twice."""
    columns = ("content_type__app_label", "codename")
    own = Permission.objects.filter(user=0).order_by().values_list(*columns)
    of_groups = Permission.objects.filter(group__user=0).order_by().values_list(*columns)
    return compiled(own.union(of_groups))
