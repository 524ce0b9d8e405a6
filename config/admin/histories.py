"""A record's history: who changed what, from what to what."""

from typing import Any

from django.apps import apps
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from config import history
from config.admin.shown import NOTHING, shown

HISTORY_PAGE_SIZE = 50


def url_of_cause(user: Any, via: str) -> str:
    """Where the admin shows what a change came through, to who may see that; blank for nowhere."""
    found = (
        app.cause_url(user, via) for app in apps.get_app_configs() if hasattr(app, "cause_url")
    )
    return next((url for url in found if url), "")


class HistoryAdmin(ModelAdmin):
    """A tracked model, with the page of its history."""

    object_history_template = "admin/record_history.html"

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who changed what, from what to what, the newest first."""
        record = self.get_object(request, object_id)
        if record is None:
            missing = self._get_obj_does_not_exist_redirect  # type: ignore[attr-defined]
            away: HttpResponse = missing(request, self.opts, object_id)
            return away
        if not self.has_view_or_change_permission(request, record):
            raise PermissionDenied
        pages = Paginator(record.events.order_by("-pk"), HISTORY_PAGE_SIZE)
        page = pages.get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {record}",
            "opts": self.opts,
            "object": record,
            "page": page,
            "changes": self._readable(request.user, history.changes(list(page.object_list))),
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.object_history_template, context)

    def _readable(self, user: Any, changes: list[history.Change]) -> list[dict[str, Any]]:
        """Changes with their fields named and valued as a person reads them."""
        related = self._related(changes)
        return [
            {
                "change": change,
                "url": url_of_cause(user, change.via or ""),
                "fields": [
                    (self._label(name), before, after)
                    for name in change.names
                    for before in [self._value(change.before, name, related)]
                    for after in [self._value(change.after, name, related)]
                    if not before == after == NOTHING
                ],
            }
            for change in changes
        ]

    def _related(self, changes: list[history.Change]) -> dict[str, dict[Any, Any]]:
        """{column: {id: row}} of all that the changes refer to, in one query a column."""
        found = {}
        for name in {name for change in changes for name in change.names}:
            model = self.opts.get_field(name).related_model
            if isinstance(model, type):
                rows = [row for change in changes for row in (change.before, change.after) if row]
                found[name] = model._default_manager.in_bulk({getattr(row, name) for row in rows})
        return found

    def _label(self, name: str) -> str:
        return str(getattr(self.opts.get_field(name), "verbose_name", name))

    def _value(self, row: Any, name: str, related: dict[str, dict[Any, Any]]) -> str:
        """A value; of a relation, what it refers to (its id alone when that is gone)."""
        value = None if row is None else getattr(row, name)
        if value is None or name not in related:
            return shown(value)
        return str(related[name].get(value, f"#{value}"))
