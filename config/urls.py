"""Every URL of the admin, the API and its documentation; config.health answers the probes."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerView

from config.api.views import OpenApiDocument, UnknownURL
from config.measuring import UNKNOWN_URL

api_v1: list[URLPattern | URLResolver] = [
    path("", include("users.urls")),
    path("", include("items.urls")),
    path("schema", OpenApiDocument.as_view(), name="schema"),
    path("docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v1/", include(api_v1)),
    re_path("^api/", UnknownURL.as_view(), name=UNKNOWN_URL),
]

handler400 = "config.api.views.bad_request"
handler403 = "config.api.views.permission_denied"
handler404 = "config.api.views.not_found"
handler500 = "config.api.views.server_error"
