"""The admin site, and what every record's page in it does: history, and no lost update."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import wraps
from hashlib import sha256
from typing import Any, ClassVar

from django import forms
from django.apps import apps
from django.contrib import messages
from django.contrib.admin import AdminSite, ModelAdmin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from config import constraints, history
from config.decimals import plain
from config.text import MAX_SEARCH_LENGTH

HISTORY_PAGE_SIZE = 50
NOTHING = "–"


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
    index_title = "What do we have, who answers for it, and who changed what?"

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


# ── Somebody saved meanwhile ──────────────────────────────────────────────────────────────────
class StaleGuardForm(forms.ModelForm):
    """Refuses to save over what somebody else has saved since the form was opened."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = self._fingerprint(self.instance)

    def clean(self) -> dict[str, Any]:
        """The values. The row stays locked until it is saved, so nobody comes between."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.instance.pk:
            return cleaned
        rows = type(self.instance)._default_manager.select_for_update(no_key=True)
        current = rows.filter(pk=self.instance.pk).first()
        if current is None:
            raise forms.ValidationError("Somebody has deleted this meanwhile.", code="stale")
        if self._fingerprint(current) != cleaned.get("seen"):
            raise forms.ValidationError(self._both_versions(current), code="stale")
        return cleaned

    def _fingerprint(self, row: models.Model) -> str:
        """What the form's fields hold in the database, relations to many included, as a digest."""
        values = forms.model_to_dict(row, [name for name in self.fields if name != "seen"])
        for field in row._meta.many_to_many:
            if field.name in values:
                values[field.name] = sorted(related.pk for related in values[field.name])
        return sha256(repr(sorted(values.items())).encode()).hexdigest()

    def _both_versions(self, current: models.Model) -> SafeString:
        """What is there now beside what was typed, for each field in which they differ."""
        names = [f.name for f in current._meta.concrete_fields if f.name in self.fields]
        differing = [
            (self.fields[name].label or name, shown(theirs), shown(yours))
            for name in names
            for theirs in [getattr(current, name)]
            for yours in [self.cleaned_data.get(name, self.data.get(self.add_prefix(name)))]
            if theirs != yours
        ]
        rows = format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", differing)
        return format_html(
            "Somebody saved this while you were editing, so nothing of yours was saved. "
            '<a href="">Open it as it is now</a> and make your change again.'
            '<table class="versions"><thead><tr><th>Field</th><th>Now</th><th>Yours</th></tr>'
            "</thead><tbody>{}</tbody></table>",
            rows,
        )


def shown(value: Any) -> str:
    """A field's value as a person reads it."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return plain(value) if isinstance(value, Decimal) else str(value)


# ── A record's pages ──────────────────────────────────────────────────────────────────────────
def attributed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Ascribe what a page of the admin writes to whoever sent it."""

    @wraps(view)
    def wrapped(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(self, request, *args, **kwargs)
        with history.written_by(request.user, via="admin"):
            return view(self, request, *args, **kwargs)

    return wrapped


class RecordAdmin(ModelAdmin):
    """A tracked model: searched by trigrams, guarded against stale forms, with its history."""

    form = StaleGuardForm
    database_made: ClassVar = frozenset({"version", "created_at", "updated_at"})
    search_fields: ClassVar = ["search_text"]  # shows the box; get_search_results does the search
    show_full_result_count = False
    list_per_page = 50
    object_history_template = "admin/record_history.html"

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Rows that hold every word of the term, by the same index as the API."""
        return queryset.search(search_term.replace("\0", " ")[:MAX_SEARCH_LENGTH]), False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The fieldsets, with the hidden field that tells a stale form."""
        hidden = {"seen"} if obj is not None else {"seen", *self.database_made}
        fieldsets = []
        for name, options in super().get_fieldsets(request, obj):
            if shown_fields := [field for field in options["fields"] if field not in hidden]:
                fieldsets.append((name, {**options, "fields": shown_fields}))
        if obj is not None and self.has_change_permission(request, obj):
            fieldsets.append((None, {"fields": ["seen"], "classes": ["hidden"]}))
        return fieldsets

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save what was changed in the form, and no other column: others may have written those."""
        if not change:
            obj.save()
            return
        columns = {field.name for field in obj._meta.concrete_fields}
        if changed := [name for name in form.changed_data if name in columns]:
            obj.save(update_fields=changed)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Add or change one; what only the database could refuse is said too."""
        try:
            return self._attributed_changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as error:
            broken = constraints.broken_by(error)
            if broken is None:
                raise
            self.message_user(request, f"Nothing was saved. {broken.message}", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    @attributed
    def _attributed_changeform_view(self, *args: Any) -> HttpResponse:
        return super().changeform_view(*args)

    @attributed
    def changelist_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """The list, and what is done to many at once."""
        return super().changelist_view(*args, **kwargs)

    @attributed
    def delete_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Delete one."""
        return super().delete_view(*args, **kwargs)

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
            "changes": self._readable(history.changes(list(page.object_list))),
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.object_history_template, context)

    def _readable(self, changes: list[history.Change]) -> list[dict[str, Any]]:
        """Changes with their fields named and valued as a person reads them."""
        related = self._related(changes)
        return [
            {
                "change": change,
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


def changelist_url(model: type[models.Model], query: str = "") -> str:
    """Where the admin lists a model, filtered by `query`."""
    meta = model._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return f"{url}?{query}" if query else url
