"""What each kind of movement asks for, and who may see what somebody holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from config.errors import NotAllowed
from items.stock.models import Movement

if TYPE_CHECKING:
    from rest_framework.views import APIView

Kind = Movement.Kind

VIEW_LOANS = "items.view_loan"
VIEW_LEVELS, VIEW_MOVEMENTS = "items.view_stocklevel", "items.view_movement"
MOVE, LEND, ADJUST, REVERSE = (
    *("items.add_movement", "items.lend"),
    *("items.adjust", "items.reverse"),
)
RIGHT_OF_KIND = {
    Kind.RECEIVE: MOVE,
    Kind.ISSUE: MOVE,
    Kind.TRANSFER: MOVE,
    Kind.COUNT: ADJUST,
    Kind.WRITE_OFF: ADJUST,
}


def require_right_to(kind: str, user: Any) -> None:
    """Raise NotAllowed when `user` may not make a movement of this kind."""
    kind = Kind(kind)
    if not user.has_perm(RIGHT_OF_KIND[kind]):
        raise NotAllowed(f"You do not have the right to make a movement of the kind {kind}.")


class HolderRights(BasePermission):
    """What one has oneself, everyone may see; what others have, who may view loans."""

    message = "You do not have the right to see what others hold."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """True for oneself (a URL without an id), and with the right."""
        whose = view.kwargs.get("pk", request.user.pk)
        return whose == request.user.pk or request.user.has_perm(VIEW_LOANS)
