"""Imports in the admin: the list of them, and where the pages of each are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path

from config.admin.filters import is_id
from config.admin.shown import NOTHING
from items.exchange import import_pages as pages
from items.exchange import import_shown as shown
from items.exchange.models import Import
from items.exchange.permissions import VIEW_IMPORTS

OF_ONE = {  # page: what it does, and whether there is nothing to see of it
    "plan": (pages.read_again, True),
    "apply": (pages.apply_plan, True),
    "discard": (pages.discard, True),
    "undo": (pages.undo_page, False),
}


@admin.register(Import)
class ImportAdmin(admin.ModelAdmin):
    """Files that were imported: looked at by who may, gone on with by whose they are."""

    list_display = ["file_name", "format_title", "status", "counts", "actor", "created_at"]
    list_filter = ["status"]
    search_fields: ClassVar = ["file_name"]
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would be counted anew
    list_per_page = 50
    actions = None
    change_list_template = "admin/items/import_list.html"

    def get_urls(self) -> list[Any]:
        """The list, and the pages of an import."""
        view = self.admin_site.admin_view
        looked_at = {"progress": pages.progress, "refused": pages.refused_file}
        urls = [
            path("template/<slug:name>.csv", view(self.template), name="items_import_template"),
            *(
                path(f"<int:pk>/{page}/", view(self._looked_at(show)), name=f"items_import_{page}")
                for page, show in looked_at.items()
            ),
            *(
                path(f"<int:pk>/{page}/", view(self._acted(*how)), name=f"items_import_{page}")
                for page, how in OF_ONE.items()
            ),
        ]
        return [*urls, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Each with whose it is; to who may not look at all of them, their own."""
        rows: Any = super().get_queryset(request)
        rows = rows.with_relations()
        return rows if request.user.has_perm(VIEW_IMPORTS) else rows.filter(actor=request.user.pk)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Choose a file."""
        return pages.upload_page(self, request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """An import as it is now."""
        return pages.import_page(self, request, self._found(request, object_id))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """It has none: what it did is in the histories of what it changed."""
        raise Http404

    def template(self, request: HttpRequest, name: str) -> HttpResponse:
        """An empty table to fill in."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return pages.template_file(request, name)

    # ── Rights ────────────────────────────────────────────────────────────────────────────────
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may import looks at their own at least."""
        return bool(request.user.has_perm(VIEW_IMPORTS)) or self.has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is gone on with by its own pages, and never edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It stays, or is discarded by its own page."""
        return False

    # ── Columns ───────────────────────────────────────────────────────────────────────────────
    @admin.display(description="read as")
    def format_title(self, record: Import) -> str:
        """Where the file comes from."""
        return shown.title_of(record) if record.format else NOTHING

    @admin.display(description="rows")
    def counts(self, record: Import) -> str:
        """How many have which outcome."""
        return shown.counts_of(record) or NOTHING

    # ── Pages of one ──────────────────────────────────────────────────────────────────────────
    def _found(self, request: HttpRequest, pk: int | str) -> Import:
        """The import of an id, if whoever asks may look at it. Raises Http404, PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = self.get_queryset(request).filter(pk=pk).first() if is_id(str(pk)) else None
        if record is None:
            raise Http404(f"There is no import {pk}.")
        found: Import = record
        return found

    def _looked_at(self, show: Callable[[HttpRequest, Import], HttpResponseBase]) -> Any:
        def view(request: HttpRequest, pk: int) -> HttpResponseBase:
            return show(request, self._found(request, pk))

        return view

    def _acted(
        self, act: Callable[[Any, HttpRequest, Import], HttpResponse], by_post_alone: bool
    ) -> Any:
        """A page that does something, for whose import it is."""

        def view(request: HttpRequest, pk: int) -> HttpResponse:
            record = self._found(request, pk)
            if not pages.may_act(request, record):
                raise PermissionDenied
            if by_post_alone and request.method != "POST":
                return HttpResponseRedirect(pages.url_of(record))
            return act(self, request, record)

        return view
