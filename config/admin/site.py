"""The admin site, its first page, and where it lists a model."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from config.admin.lookups import LookupView


@dataclass(frozen=True)
class Figure:
    """A number for the first page, and where it leads."""

    label: str
    value: int
    url: str


class StockroomAdminSite(AdminSite):
    """Django's admin under our name; its first page shows the figures that the apps offer."""

    site_header = "Stockroom"
    site_title = "Stockroom"
    site_url = None  # there is no other site to view
    index_title = "What do we have, how many, where, and who has it?"

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """What a field finds that looks a row up."""
        view: Any = LookupView.as_view(admin_site=self)
        found: HttpResponse = view(request)
        return found

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The first page, with the figures of each app that the user may see."""
        figures = [
            figure
            for app in apps.get_app_configs()
            if hasattr(app, "figures")
            for figure in app.figures(request.user)
        ]
        return super().index(request, {**(extra_context or {}), "figures": figures})


def changelist_url(model: type[models.Model], query: str = "") -> str:
    """Where the admin lists a model, filtered by `query`."""
    meta = model._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return f"{url}?{query}" if query else url
