"""What every record's pages in the admin do: search, no lost update, and whose change it was."""

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from config import constraints
from config.admin.attribution import AttributedAdmin
from config.admin.exporting import ExportingAdmin
from config.admin.histories import HistoryAdmin
from config.admin.lists import Pages, RecordList
from config.admin.lookups import Lookup
from config.admin.panels import panels_of
from config.admin.stale import StaleGuardForm
from config.text import MAX_SEARCH_LENGTH


class RecordAdmin(AttributedAdmin, ExportingAdmin, HistoryAdmin):
    """A tracked model: searched by trigrams, guarded against stale forms, with its history."""

    form = StaleGuardForm
    database_made: ClassVar = frozenset({"version", "created_at", "updated_at"})
    search_fields: ClassVar = ["search_text"]  # shows the box; get_search_results does the search
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # each would be counted anew
    list_per_page = 50
    paginator = Pages
    swift_orders: ClassVar[dict[str, Any]] = {}  # {column: order}, of which there is an index
    change_form_template = "admin/record_form.html"

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """The rows that `search` finds; all, for a term that says nothing."""
        term = search_term.replace("\0", " ").strip()[:MAX_SEARCH_LENGTH]
        return self.search(request, queryset, term) if term else queryset, False

    def search(self, request: HttpRequest, rows: Any, term: str) -> Any:
        """Rows that hold every word of the term, by the same index as the API."""
        return rows.search(term)

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **options: Any) -> Any:
        """Our own field where a row is looked up: it withstands a value that is no id."""
        if db_field.name in self.get_autocomplete_fields(request):
            options.setdefault("widget", Lookup(self.model, db_field.name))
        return super().formfield_for_foreignkey(db_field, request, **options)

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[RecordList]:
        """What lists the rows."""
        return RecordList

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list. A filter by what no text of the database holds is as good as none."""
        filters = [texts for name, texts in request.GET.lists() if name != SEARCH_VAR]
        if any("\0" in text for texts in filters for text in texts):
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

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

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        """The page: what the apps show of the record, and its form."""
        record = options.get("obj")
        panels = [] if record is None else panels_of(request, record)
        return super().render_change_form(request, {**context, "panels": panels}, *args, **options)

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
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as error:
            broken = constraints.broken_by(error)
            if broken is None:
                raise
            self.message_user(request, f"Nothing was saved. {broken.message}", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
