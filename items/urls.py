"""The URLs of the register, below /api/v1/."""

from rest_framework.routers import SimpleRouter

from items.catalogue.views import CategoryViewSet, ItemViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("categories", CategoryViewSet)
router.register("items", ItemViewSet)

urlpatterns = router.urls
