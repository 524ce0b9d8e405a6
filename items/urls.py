"""The URLs of the register, below /api/v1/."""

from typing import Any

from django.urls import path
from rest_framework.routers import SimpleRouter

from items.catalogue.views import CategoryViewSet, ItemViewSet
from items.exchange.views import ImportFilesViewSet, ImportViewSet
from items.stock.views import (
    HoldingsViewSet,
    ItemMovementViewSet,
    ItemStockViewSet,
    LevelViewSet,
    LoanViewSet,
    LocationViewSet,
    MovementViewSet,
)

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("categories", CategoryViewSet)
router.register("items", ItemViewSet)
router.register("locations", LocationViewSet)
router.register("loans", LoanViewSet)

BOOKS: dict[str, Any] = {"get": "list", "post": "create"}

urlpatterns = [
    path("imports", ImportFilesViewSet.as_view(BOOKS)),
    path("imports/<int:pk>", ImportViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path("imports/<int:pk>/rows", ImportViewSet.as_view({"get": "rows"})),
    path("imports/<int:pk>/refused", ImportViewSet.as_view({"get": "refused"})),
    *(
        path(f"imports/<int:pk>/{name}", ImportViewSet.as_view({"post": name}))
        for name in ("plan", "apply", "undo")
    ),
    path("items/<int:pk>/stock", ItemStockViewSet.as_view({"get": "stock"}, detail=True)),
    path("items/<int:pk>/movements", ItemMovementViewSet.as_view(BOOKS)),
    path("levels/export", LevelViewSet.as_view({"get": "export"})),
    path("movements/export", MovementViewSet.as_view({"get": "export"})),
    path("movements", MovementViewSet.as_view({"get": "list"})),
    path(
        "movements/<int:pk>", MovementViewSet.as_view({"get": "retrieve"}), name="movement-detail"
    ),
    path("movements/<int:pk>/reverse", MovementViewSet.as_view({"post": "reverse"})),
    path("users/me/holdings", HoldingsViewSet.as_view({"get": "list"})),
    path("users/<int:pk>/holdings", HoldingsViewSet.as_view({"get": "list"})),
    *router.urls,
]
