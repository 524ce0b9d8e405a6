"""The URLs of users and tokens, below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from users.views import LogInViewSet, MeViewSet, TokenViewSet, UserViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("users", UserViewSet)
router.register("tokens", TokenViewSet)

urlpatterns = [
    path("auth/token", LogInViewSet.as_view({"post": "create", "delete": "destroy"})),
    path(
        "users/me", MeViewSet.as_view({"get": "retrieve", "patch": "partial_update"}, detail=True)
    ),
    path("users/me/password", MeViewSet.as_view({"post": "password"}, detail=True)),
    *router.urls,
]
