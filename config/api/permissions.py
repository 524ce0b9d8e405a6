"""Django's model permissions, asked for each request."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db.models import Model
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView

RIGHT_OF = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


def right_to(verb: str, model: type[Model]) -> str:
    """The right to "view", "add", "change" or "delete" rows of a model: "items.add_item"."""
    return f"{model._meta.app_label}.{verb}_{model._meta.model_name}"


def is_handled(view: APIView, method: str) -> bool:
    """True when the view has an action for the method."""
    handled = method.lower() in view.http_method_names
    return handled and bool(getattr(view, "action", None))


class ModelRights(BasePermission):
    """A view with a queryset asks for the right to view, add, change or delete its model.

    `open_to_all_methods` of a view names the methods that need no right beyond being signed in,
    because its queryset shows each user only what they may see. `asks_itself` names the actions
    that ask for the rights of each thing they do. `rights` names, by action, what an action asks
    for in place of the model's rights: any one of them is enough.
    """

    message = "You do not have the right to do this."
    nothing: ClassVar[frozenset[str]] = frozenset()

    def has_permission(self, request: Request, view: APIView) -> bool:
        """True when the user has the right that the method needs."""
        rows = getattr(view, "queryset", None)
        method = request.method or ""
        if rows is None or method in getattr(view, "open_to_all_methods", self.nothing):
            return True
        if getattr(view, "action", None) in getattr(view, "asks_itself", self.nothing):
            return True
        if not is_handled(view, method):
            return True  # a 405 follows, which is more to the point
        rights = getattr(view, "rights", {}).get(getattr(view, "action", None))
        if rights is not None:
            return any(request.user.has_perm(right) for right in rights)
        verb = "view" if method in SAFE_METHODS else RIGHT_OF.get(method, "change")
        return request.user.has_perm(right_to(verb, rows.model))
