"""Lists of the admin as files: exactly what a list shows, of all its pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    QueryDict,
)
from django.urls import path
from django.views.decorators.http import require_safe

from config.admin.site import changelist_url
from config.exports.answers import answer
from config.exports.errors import TooLarge
from config.exports.tables import Table
from config.exports.writing import FORMATS

Rows = QuerySet[Any]


@dataclass(frozen=True)
class Offer:
    """What can be exported of a list: the rows it shows, or what belongs to them.

    `right` is what that takes beside the right to see the list.
    """

    table: Table
    rows_of: Callable[[Rows], Rows] = lambda shown: shown
    right: str = ""

    @property
    def name(self) -> str:
        """How it is called."""
        return self.table.name


class ExportingAdmin(ModelAdmin):
    """A list with a control that exports what `exported` offers."""

    exported: ClassVar[Sequence[Offer]] = ()
    change_list_template = "admin/record_list.html"

    def get_urls(self) -> list[Any]:
        """The files, before the pages of the records."""
        view = self.admin_site.admin_view(require_safe(self.export))
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/<slug:name>.<slug:form>", view, name=name), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with what it offers as files."""
        exports = {
            "exports": self._offers(request),
            "export_formats": FORMATS.values(),
            "export_query": _all_pages(request.GET).urlencode(),
        }
        return super().changelist_view(request, {**(extra_context or {}), **exports})

    def export(self, request: HttpRequest, name: str, form: str) -> HttpResponseBase:
        """A file. Raises Http404 where it is not offered, PermissionDenied without the right."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        offer = next((each for each in self._offers(request) if each.name == name), None)
        if offer is None or form not in FORMATS:
            raise Http404(f"There is no {name}.{form} here.")
        request.GET = _all_pages(request.GET)  # type: ignore[assignment]  # the stubs want one kind
        head = request.method == "HEAD"
        try:
            rows = offer.rows_of(self.get_changelist_instance(request).queryset)
            return answer(rows, offer.table, FORMATS[form], reader=request.user, head=head)
        except TooLarge as error:
            self.message_user(request, error.message, messages.ERROR)
        except IncorrectLookupParameters:
            self.message_user(request, "The list cannot be filtered like that.", messages.ERROR)
            return HttpResponseRedirect(changelist_url(self.model))
        return HttpResponseRedirect(changelist_url(self.model, request.GET.urlencode()))

    def _offers(self, request: HttpRequest) -> list[Offer]:
        has = request.user.has_perm
        return [offer for offer in self.exported if not offer.right or has(offer.right)]


def _all_pages(query: QueryDict) -> QueryDict:
    """What is asked of a list, whichever page of it is shown."""
    asked = query.copy()
    asked.pop(PAGE_VAR, None)
    return asked
