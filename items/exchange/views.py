"""Imports over REST: a file becomes a plan, which is read, and applied or discarded; and undone."""

from typing import Any, ClassVar

from django.core import signing
from django.http import FileResponse, HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from config.api import parameters as p
from config.api.exceptions import BadParameters
from config.api.parsing import UploadParser
from config.api.viewsets import ResourceViewSet
from config.errors import Detail
from items.exchange import refused, running, services
from items.exchange.models import Import
from items.exchange.permissions import IMPORT
from items.exchange.planned import planned_rows
from items.exchange.plans import OUTCOMES
from items.exchange.serializers import ImportRowSerializer, ImportSerializer
from items.exchange.uploads import ApplySerializer, NewImportSerializer, OptionsSerializer

FILE_TYPE = "application/octet-stream"  # it is of the kind and the encoding of what was uploaded
DONE_OR_BEGUN: Any = {200: ImportSerializer, 202: ImportSerializer}
BEGUN = frozenset({Import.Status.WAITING, Import.Status.APPLYING, Import.Status.UNDOING})


class ImportParameters(p.ListParameters):
    """What a list of imports can be asked for."""

    status = serializers.ChoiceField(Import.Status.choices, source="in_status", required=False)


class RowParameters(p.CursorParameters):
    """Which rows of a plan, and which part of them."""

    outcome = serializers.ChoiceField(
        [*OUTCOMES, "differs"],
        required=False,
        help_text="`differs`: rows whose quantity is not that of the books.",
    )


class ImportViewSet(ResourceViewSet):
    """Files that are imported: what each would do, and what has become of it."""

    queryset = Import.objects.with_relations()
    serializer_class = ImportSerializer
    http_method_names = ["get", "head", "post", "delete"]
    parameters: ClassVar = {
        **ResourceViewSet.parameters,
        "list": ImportParameters,
        "rows": RowParameters,
    }
    rights: ClassVar = dict.fromkeys(("create", "plan", "apply", "undo", "destroy"), (IMPORT,))
    file_actions = frozenset({"refused"})

    def destroy(self, request: Request, **_: Any) -> HttpResponse:
        """Discard an import that has not been applied, its file and its plan."""
        services.require_discardable(self.get_row(self.kwargs["pk"]))  # none waits for a worker
        return super().destroy(request)

    def perform_destroy(self, instance: Import) -> None:
        """Discard it. Raises WrongState."""
        services.discard(instance)

    @extend_schema(operation_id="plan_import", request=OptionsSerializer, responses=DONE_OR_BEGUN)
    def plan(self, request: Request, pk: int) -> HttpResponse:
        """Plan it anew, read with these options alone: at once (200), or by a worker (202)."""
        record = self.get_row(pk)
        asked = OptionsSerializer(data=self.body())
        asked.is_valid(raise_exception=True)
        return self._done(_planned(running.plan_soon(record, options=asked.options)))

    @extend_schema(operation_id="apply_import", request=ApplySerializer, responses=DONE_OR_BEGUN)
    def apply(self, request: Request, pk: int) -> HttpResponse:
        """Do what the plan says, all or nothing: at once (200), or by a worker (202).

        409 when rows are refused and `skip_bad` is not said, and when what the plan is about has
        been changed since; then nothing is written.
        """
        record = self.get_row(pk)
        asked = ApplySerializer(data=self.body())
        asked.is_valid(raise_exception=True)
        skip_bad: bool = asked.validated_data["skip_bad"]
        return self._done(running.apply_soon(record, actor=request.user, skip_bad=skip_bad))

    @extend_schema(operation_id="undo_import", request=None, responses=DONE_OR_BEGUN)
    def undo(self, request: Request, pk: int) -> HttpResponse:
        """Take back what nothing has touched since: at once (200), or by a worker (202).

        `undone` then says how much that was, and what stays and why.
        """
        return self._done(running.undo_soon(self.get_row(pk), actor=request.user))

    @extend_schema(operation_id="list_import_rows", responses=ImportRowSerializer(many=True))
    def rows(self, request: Request, pk: int) -> HttpResponse:
        """What the plan says of each row, in the order of the file."""
        record, asked = self.get_row(pk), self.asked
        assert isinstance(asked, RowParameters)
        outcome, size = asked.validated_data.get("outcome", ""), asked.size
        salt = repr((request.path, outcome))
        after = _opened(asked.validated_data.get("cursor", ""), salt)
        found = planned_rows(record, outcome=outcome, after=after, size=size + 1)
        data = ImportRowSerializer(found[:size], many=True).data
        following = signing.dumps(found[size - 1].line, salt=salt) if len(found) > size else None
        return self.respond(data, page_size=size, next_cursor=following)

    @extend_schema(
        operation_id="get_refused_rows", responses={(200, FILE_TYPE): OpenApiTypes.BINARY}
    )
    def refused(self, request: Request, pk: int) -> HttpResponseBase:
        """The rows that are refused as a file like the one that came, with why in a column more.

        Mended, it can be imported again.
        """
        record = self.get_row(pk)
        return FileResponse(
            refused.opened(record),
            as_attachment=True,
            filename=refused.name_of(record.file_name),
            content_type=FILE_TYPE,
        )

    def _done(self, record: Import) -> HttpResponse:
        code = status.HTTP_202_ACCEPTED if record.status in BEGUN else status.HTTP_200_OK
        return self.respond(self.shown(record.pk), code=code)


class ImportFilesViewSet(ImportViewSet):
    """Where files come in."""

    parser_classes = [UploadParser]

    @extend_schema(request=NewImportSerializer, responses={201: ImportSerializer})
    def create(self, request: Request) -> HttpResponse:
        """Plan a file; nothing of it is written. A large one waits to be planned by a worker.

        One that cannot be read, or of which something has to be said first, is a 422 that names the
        option, and is not kept.
        """
        asked = NewImportSerializer(data=_form(self.body()))
        asked.is_valid(raise_exception=True)
        file = asked.validated_data["file"]
        file.seek(0)  # it may have been read, when a transaction is tried again
        record = services.receive(file, name=file.name, actor=request.user, options=asked.options)
        try:
            _planned(running.plan_soon(record))
        except BaseException:
            services.path_of(record).unlink(missing_ok=True)  # the rest is rolled back
            raise
        answer = self.respond_with(self.seen(record.pk), code=status.HTTP_201_CREATED)
        answer["Location"] = self.location(record.pk)
        return answer


def _form(sent: Any) -> dict[str, Any]:
    """What a form says, each once. Raises ValidationError."""
    twice = [name for name, values in sent.lists() if len(values) > 1]
    if twice:
        message = ErrorDetail("Given more than once.", code="repeated")
        raise serializers.ValidationError({name: [message] for name in twice})
    return dict(sent.items())


def _planned(record: Import) -> Import:
    """The import, unless it cannot be planned. Raises why."""
    if record.refusal is not None:
        raise record.refusal
    return record


def _opened(cursor: str, salt: str) -> int:
    """The line after which a page begins. Raises BadParameters."""
    if not cursor:
        return 0
    try:
        line: int = signing.loads(cursor, salt=salt)
    except signing.BadSignature as error:
        message = "This cursor is not of this list, or of another outcome; start anew."
        raise BadParameters(Detail("cursor", "invalid", message)) from error
    return line
