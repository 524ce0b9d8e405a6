"""What a token may do of what its user may, and who may touch which user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from config.api.permissions import RIGHT_OF, ModelRights
from users.models import ApiToken, User

if TYPE_CHECKING:
    from rest_framework.views import APIView


class TokenScope(BasePermission):
    """A read token reads; all else needs a token of scope `write`."""

    message = "This token only reads; use one of scope `write`."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """False for a read token that would write."""
        if request.method in SAFE_METHODS or not isinstance(request.auth, ApiToken):
            return True
        return request.auth.scope == ApiToken.Scope.WRITE


class UserRights(ModelRights):
    """Everyone may read and edit themselves; others take the right to, or are not to be seen."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """A list and a creation take the right; of one user, `has_object_permission` decides."""
        return getattr(view, "detail", False) or super().has_permission(request, view)

    def has_object_permission(self, request: Request, view: APIView, obj: User) -> bool:
        """Oneself can be read and edited; to change or delete others takes the right."""
        method = request.method or ""
        if method in SAFE_METHODS:
            return True
        if obj.pk == request.user.pk and method != "DELETE":
            return True
        return request.user.has_perm(f"users.{RIGHT_OF[method]}_user")
