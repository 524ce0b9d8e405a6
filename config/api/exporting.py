"""GET …/export: a whole list as a file, with the filters and the rights of the list."""

from functools import cache
from typing import Any, ClassVar

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from config.api.fields import ChoiceField
from config.api.parameters import ListParameters, Parameters
from config.api.viewsets import ResourceViewSet
from config.exports.answers import answer
from config.exports.tables import Table
from config.exports.writing import FORMATS

EXPORT = "export"
DEFAULT_FORMAT = "csv"
OF_PAGES = frozenset({"page", "page_size", "cursor", "ordering", "fields"})
FILES: Any = {
    (200, form.media_type): OpenApiTypes.STR if form.is_text else OpenApiTypes.BINARY
    for form in FORMATS.values()
}


class ExportParameters(ListParameters):
    """The filters of a list, and the format of the file."""

    not_filters: ClassVar = frozenset({"format"})

    def get_fields(self) -> dict[str, Any]:
        """The list's filters, and `format`."""
        filters = {n: each for n, each in super().get_fields().items() if n not in OF_PAGES}
        form = ChoiceField(
            list(FORMATS), required=False, help_text=f"{DEFAULT_FORMAT} unless said."
        )
        return {**filters, "format": form}


@cache
def of_export(listed: type[ListParameters]) -> type[ExportParameters]:
    """What an export can be asked for, by what the list can be."""
    return type(f"{listed.__name__}OfExport", (ExportParameters, listed), {})


class ExportingViewSet(ResourceViewSet):
    """A resource whose list can be had as a file: `exported` says what is in it."""

    file_actions = frozenset({EXPORT})
    exported: ClassVar[Table]

    @extend_schema(responses=FILES)
    @action(detail=False)
    def export(self, request: Request) -> HttpResponseBase:
        """All that the list has, as a file, by id; a search finds here what matches alone.

        In CSV and XLSX a text that begins like a formula has an apostrophe before it.
        Who may not see users finds their names in the place of their e-mails.
        """
        asked = self.asked
        assert isinstance(asked, ExportParameters)
        return answer(
            asked.narrowing.of(self.get_queryset()),
            self.exported,
            FORMATS[asked.validated_data.get("format", DEFAULT_FORMAT)],
            reader=request.user,
            head=request.method == "HEAD",
        )

    def parameters_class(self) -> type[Parameters]:
        """What may stand behind the `?`: for an export, what narrows the list."""
        if self.action == EXPORT:
            return of_export(self.parameters["list"])
        return super().parameters_class()
