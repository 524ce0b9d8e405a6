"""What every resource does in the same way; a resource's own views say only what differs."""

from functools import cache
from typing import Any, ClassVar

from django.db import connection
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.translation import get_language
from orjson import Fragment
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from config.api import conditional, kept, writing
from config.api.envelope import json_response, to_json
from config.api.grammar import GrammarViewSet
from config.api.layout import joins_itself
from config.api.listed import Page
from config.api.pagination import page_of_nearest, paginate
from config.api.parameters import ListParameters, ShapeParameters
from config.api.permissions import RIGHT_OF
from config.api.reading import Reading, Shown
from config.api.reads import plan_of
from config.api.routing import absolute
from config.instances import KeptInstances, Unread
from config.serving.environ import BEGUN
from config.transactions import TransactionNeeded

CREATING = ("create", "make", "perform_create")
CHANGING = ("update", "partial_update", "_changed", "change", "perform_update")
# What handles an action that writes one row, where no resource says otherwise.
STEPS = {"create": CREATING, "update": CHANGING, "partial_update": CHANGING}


class ResourceViewSet(GrammarViewSet):
    """The six verbs: list, create, retrieve, update (PUT), partial_update (PATCH), destroy.

    `keeps_reads` promises that what is read depends on the database alone, not on the time or the
    cache: then a list is kept while nothing is written (config.api.kept), and a row while it is not
    itself written (config.api.rows).
    """

    queryset: Any
    keeps_reads: ClassVar[bool] = False
    parameters: ClassVar = {"list": ListParameters, "retrieve": ShapeParameters}
    heeded_headers: ClassVar = {
        "retrieve": "If-None-Match",
        "update": "If-Match",
        "partial_update": "If-Match",
        "destroy": "If-Match",
    }

    def list(self, request: Request) -> HttpResponse:
        """The resources that match, a page at a time."""
        rows = self.reading()
        if not rows.keeps:
            return json_response(kept.written(self._listed(request, rows)))
        query = request.META.get("QUERY_STRING", "")
        url = absolute(request, f"{request.path}?{query}")  # whole, as in `next` and `previous`
        question = f"{get_language()} {url}"
        answer = kept.lists.answer(question, rows, lambda: self._listed(request, rows))
        return json_response(answer)

    def _listed(self, request: Request, rows: Reading) -> Page:
        asked = self.asked
        assert isinstance(asked, ListParameters)
        page = paginate(rows.narrow(asked.narrowing), asked, request)
        if not page.found.pks and asked.may_approximate:
            near = page_of_nearest(rows, asked)
            page = near.since(page) if near else page
        if "with_ids" in asked.filters:
            there = set(page.found.pks)
            missing = [pk for pk in asked.filters["with_ids"] if pk not in there]
            page = Page(page.found, {**page.meta, "missing": missing})
        return page

    def create(self, request: Request) -> HttpResponse:
        """Make one; `Location` says where it is."""
        row = self.make(self.body())
        response = self.respond_with(row, code=status.HTTP_201_CREATED)
        response["Location"] = self.location(row.pk)
        return response

    def retrieve(self, request: Request, **_: Any) -> HttpResponseBase:
        """One; 304 without it while the ETag of If-None-Match still holds."""
        answer = self.respond_with(self.seen(self.kwargs["pk"]))
        if conditional.is_unchanged(request, answer["ETag"]):
            return HttpResponseNotModified(headers={"ETag": answer["ETag"]})
        return answer

    def update(self, request: Request, **_: Any) -> HttpResponse:
        """Replace the whole: what is left out gets its default."""
        return self._changed(partial=False)

    def partial_update(self, request: Request, **_: Any) -> HttpResponse:
        """Change what is sent and nothing else."""
        return self._changed(partial=True)

    def _changed(self, *, partial: bool) -> HttpResponse:
        row = self.get_row_to_change()
        try:
            changed = self.change(row, self.body(), partial=partial)
        except APIException:
            if isinstance(row, Unread):
                row.read()  # that there is none goes before what is wrong with the body
            raise
        return self.respond_with(changed)

    def destroy(self, request: Request, **_: Any) -> HttpResponse:
        """Delete it, unless something refers to it."""
        self.perform_destroy(self.get_matching_object())
        return self.respond(None)

    def make(self, sent: dict[str, Any]) -> Shown:
        """Make one of what was sent: as it is answered. Raises ValidationError."""
        serializer = self._serializer_of(sent)
        serializer.is_valid(raise_exception=True)
        return self.perform_create(serializer)

    def change(self, row: Any, sent: dict[str, Any], *, partial: bool) -> Shown:
        """Change a row, locked or unread, to what was sent: as it is answered.

        Raises ValidationError; and Http404 where an unread row turns out not to be there.
        """
        serializer = self._serializer_of(sent, row, partial=partial)
        serializer.is_valid(raise_exception=True)
        return self.perform_update(serializer)

    def _serializer_of(
        self, sent: dict[str, Any], row: Any = None, *, partial: bool = False
    ) -> Any:
        kind: Any = self.get_serializer_class()
        return kind.about(sent, row, partial=partial, context=self.get_serializer_context())

    def seen(self, pk: int) -> Shown:
        """One row as it is answered. Raises Http404 when it is not there."""
        row = self.reading().one(pk)
        if row is None:
            raise Http404
        return row

    def respond_with(self, row: Shown, *, code: int = status.HTTP_200_OK) -> HttpResponse:
        """One row in the envelope, with its ETag."""
        written = to_json(row.data)
        response = self.respond(Fragment(written), code=code)
        response["ETag"] = self._tag_of(row, written)
        return response

    def _tag_of(self, row: Shown, written: bytes) -> str:
        """The ETag: of the fields that are answered, or of all where it has no version.

        For If-Match then compares the whole.
        """
        if row.version is None and "fields" in self.asked.validated_data:
            whole = self.reading(whole=True).one(row.pk) or row
            written = to_json(whole.data)
        return conditional.tag_of(row.version, written)

    def location(self, pk: int) -> str:
        """The URL of one that a POST to this URL made."""
        return absolute(self.request, f"{self.request.path}/{pk}")

    def perform_create(self, serializer: BaseSerializer[Any]) -> Shown:
        """Write what has been validated; a resource with rules calls its service here."""
        return writing.insert(self.reading(), serializer.validated_data)

    def perform_update(self, serializer: BaseSerializer[Any]) -> Shown:
        """Write what has been validated; a resource with rules calls its service here."""
        pk: int = serializer.instance.pk  # type: ignore[union-attr]
        values = serializer.validated_data
        return writing.update(self.reading(), pk, values)

    def perform_destroy(self, instance: Any) -> None:
        """Delete a row; a resource with rules calls its service here."""
        instance.delete()

    def get_object(self) -> Any:
        """The row of the URL; locked until the end of the transaction when it is to be changed.

        Raises Http404 when it is not there, or not visible to this user.
        """
        method = self.request.method or ""
        locked_for = None if method in SAFE_METHODS else RIGHT_OF[method]
        return self.get_row(self.kwargs["pk"], locked_for=locked_for)

    def get_row(self, pk: int, *, locked_for: str | None = None) -> Any:
        """The row of this id, locked for its "change" or "delete" when that is said.

        Raises Http404 when it is not there, or not visible to this user.
        """
        if locked_for is not None and not connection.in_atomic_block:
            raise TransactionNeeded
        if self.sees_all:
            row = _instances_of(type(self), locked_for).one(pk)
        else:
            row = _locked(self.get_queryset(), locked_for).filter(pk=pk).first()
        if row is None:
            raise Http404
        self.check_object_permissions(self.request, row)
        return row

    def get_row_to_change(self) -> Any:
        """The row of the URL: unread, where nothing of it says whether it may be changed.

        Else as `get_matching_object`.
        """
        if self._leaves_rows_unread:
            return Unread(self.kwargs["pk"], self.get_object)
        return self.get_matching_object()

    @property
    def _leaves_rows_unread(self) -> bool:
        return self.sees_all and not self._judges_rows and "HTTP_IF_MATCH" not in self.request.META

    @property
    def writes_at_once(self) -> bool:
        """Whether a row is written as it was sent: with no key to keep, and none to read before."""
        shape: Any = self.get_serializer_class()
        if not _writes_plainly(type(self), self.action, shape):
            return False
        if self.action == "create":
            return "HTTP_IDEMPOTENCY_KEY" not in self.request.META
        return self._leaves_rows_unread

    def get_matching_object(self) -> Any:
        """The row of the URL, locked, in the state that If-Match names. Raises Overtaken."""
        row = self.get_object()
        conditional.require_match(
            self.request, row, lambda: conditional.tag_of(None, to_json(self.shown(row.pk)))
        )
        return row

    def shown(self, pk: int) -> Any:
        """What is answered of a row, whole. Raises Http404 when it is not there."""
        row = self.reading(whole=True).one(pk)
        if row is None:
            raise Http404
        return row.data

    def reading(self, *, whole: bool = False) -> Reading:
        """The rows that this user may read, in the fields that were asked for."""
        shape: Any = self.get_serializer_class()
        names = None if whole else self.asked.validated_data.get("fields")
        plan = plan_of(shape, names and frozenset(names))
        if self.sees_all:
            reads = self.request.method in SAFE_METHODS
            return Reading(
                self.queryset,
                plan,
                kept_as=type(self),
                keeps=self.keeps_reads,
                since=self.request.META.get(BEGUN) if reads else None,
            )
        return Reading(self.get_queryset(), plan)

    @property
    def sees_all(self) -> bool:
        """Whether every request sees the same rows: all of `queryset`."""
        return type(self).get_queryset is ResourceViewSet.get_queryset

    @property
    def _judges_rows(self) -> bool:
        """Whether some permission depends on the row."""
        anything = BasePermission.has_object_permission
        asked = [getattr(kind, "has_object_permission", None) for kind in self.permission_classes]
        return any(judge is not anything for judge in asked)


def _locked(rows: QuerySet[Any], locked_for: str | None) -> QuerySet[Any]:
    if locked_for is None:
        return rows
    return rows.select_for_update(of=("self",), no_key=locked_for != "delete")


@cache
def _writes_plainly(view: Any, action: str, shape: Any) -> bool:
    """Whether an action of a view writes what was sent, and reads it by the same statement."""
    steps = STEPS.get(action, ())
    ours = all(getattr(view, step) is getattr(ResourceViewSet, step) for step in steps)
    return bool(steps) and ours and not joins_itself(plan_of(shape), view.queryset.model)


@cache
def _instances_of(view: type[ResourceViewSet], locked_for: str | None) -> KeptInstances:
    """The rows of a resource, found by their id."""
    rows = _locked(view.queryset.filter(pk=0), locked_for)
    return KeptInstances.of(rows)
