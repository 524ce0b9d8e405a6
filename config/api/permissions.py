"""Django's model permissions, asked for each request."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView

RIGHT_OF = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


class ModelRights(BasePermission):
    """A view with a queryset asks for the right to view, add, change or delete its model.

    `open_to_all_methods` of a view names the methods that need no right beyond being signed in,
    because its queryset shows each user only what they may see.
    """

    message = "You do not have the right to do this."
    nothing: ClassVar[frozenset[str]] = frozenset()

    def has_permission(self, request: Request, view: APIView) -> bool:
        """True when the user has the right that the method needs."""
        rows = getattr(view, "queryset", None)
        method = request.method or ""
        if rows is None or method in getattr(view, "open_to_all_methods", self.nothing):
            return True
        right = "view" if method in SAFE_METHODS else RIGHT_OF.get(method, "change")
        meta = rows.model._meta
        return request.user.has_perm(f"{meta.app_label}.{right}_{meta.model_name}")
