"""What every resource does in the same way; a resource's own views say only what differs."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ClassVar

from django.db.models import Model
from django.http import Http404, HttpResponseBase
from rest_framework import status
from rest_framework.exceptions import ParseError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from config import history
from config.api.envelope import Success
from config.api.pagination import nearest, paginate
from config.api.parameters import ListParameters, PageParameters, Parameters, ShapeParameters

Handler = Callable[..., Response]

METHODS = ["get", "head", "post", "put", "patch", "delete"]


class GrammarViewSet(GenericViewSet):
    """The grammar of the API for any set of actions.

    Query parameters are strict: each action takes those of its class in `parameters`, and none
    without. A handler that writes runs in one transaction, inside DRF's handling of errors, so
    that an error crosses it and rolls back; the history ascribes it to the user.
    """

    http_method_names = METHODS
    lookup_value_converter = "int"
    parameters: ClassVar[dict[str, type[Parameters]]] = {}
    open_to_all_methods: ClassVar[frozenset[str]] = frozenset()
    asked: Parameters

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """DRF's dispatch, with a transaction around a handler that writes."""
        method = (request.method or "").lower()
        handler = getattr(self, method, None)
        if handler is not None and method in self.http_method_names and self._writes(method):
            setattr(self, method, _in_one_transaction(handler))
        return super().dispatch(request, *args, **kwargs)

    @staticmethod
    def _writes(method: str) -> bool:
        return method.upper() not in SAFE_METHODS

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who asks, whether they may, then what they ask for."""
        super().initial(request, *args, **kwargs)
        shape: Any = self.serializer_class
        self.asked = self.parameters_class().read(request.query_params, names=readable_names(shape))

    def parameters_class(self) -> type[Parameters]:
        """What may stand behind the `?` of the current action."""
        return self.parameters.get(self.action or "", Parameters)

    @property
    def page_asked(self) -> PageParameters:
        """The parameters of an action that answers with a list."""
        assert isinstance(self.asked, PageParameters)
        return self.asked

    def body(self) -> dict[str, Any]:
        """What was sent. Raises ParseError when nothing was."""
        if not self.request.headers.get("Content-Length", "").strip("0"):
            raise ParseError("The body is empty; send a JSON object, with its Content-Length.")
        sent: Any = self.request.data
        assert isinstance(sent, dict)  # the parser takes nothing else
        return sent

    def respond(self, data: Any, *, code: int = status.HTTP_200_OK, **meta: Any) -> Response:
        """An answer in the envelope."""
        return Response(Success(data, meta), status=code)


@cache
def readable_names(serializer_class: Any) -> list[str]:
    """The names of what a resource answers with; none without a serializer."""
    if serializer_class is None:
        return []
    return [name for name, field in serializer_class().fields.items() if not field.write_only]


def _in_one_transaction(handler: Handler) -> Handler:
    @wraps(handler)
    def wrapped(request: Request, *args: Any, **kwargs: Any) -> Response:
        request.data  # noqa: B018  read it now: a slow sender must not hold locks meanwhile
        with history.written_by(request.user, via="api"):
            return handler(request, *args, **kwargs)

    return wrapped


class ResourceViewSet(GrammarViewSet):
    """The six verbs: list, create, retrieve, update (PUT), partial_update (PATCH), destroy."""

    parameters: ClassVar = {"list": ListParameters, "retrieve": ShapeParameters}

    def list(self, request: Request) -> Response:
        """The resources that match, a page at a time."""
        asked = self.asked
        assert isinstance(asked, ListParameters)
        page = paginate(asked.filtered(self.get_queryset()), asked, request)
        if not page.rows and asked.may_approximate:
            page = nearest(asked.approximated(self.get_queryset()), asked) or page
        meta = {**page.meta}
        if "with_ids" in asked.filters:
            there = {row.pk for row in page.rows}
            meta["missing"] = [pk for pk in asked.filters["with_ids"] if pk not in there]
        return self.respond(self.present(page.rows, many=True), **meta)

    def create(self, request: Request) -> Response:
        """Make one; `Location` says where it is."""
        serializer = self.get_serializer(data=self.body())
        serializer.is_valid(raise_exception=True)
        made = self.perform_create(serializer)
        response = self.respond(self.present(self.reread(made.pk)), code=status.HTTP_201_CREATED)
        response["Location"] = self.location(made.pk)
        return response

    def retrieve(self, request: Request, **_: Any) -> Response:
        """One."""
        return self.respond(self.present(self.get_object()))

    def update(self, request: Request, **_: Any) -> Response:
        """Replace the whole: what is left out gets its default."""
        return self._change(request, partial=False)

    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change what is sent and nothing else."""
        return self._change(request, partial=True)

    def destroy(self, request: Request, **_: Any) -> Response:
        """Delete it, unless something refers to it."""
        self.perform_destroy(self.get_object())
        return self.respond(None)

    def _change(self, request: Request, *, partial: bool) -> Response:
        instance = self.get_object()
        serializer = self.get_serializer(instance, data=self.body(), partial=partial)
        serializer.is_valid(raise_exception=True)
        self.perform_update(serializer)
        return self.respond(self.present(self.reread(instance.pk)))

    def location(self, pk: int) -> str:
        """The URL of one that a POST to this URL made."""
        return self.request.build_absolute_uri(f"{self.request.path}/{pk}")

    def perform_create(self, serializer: BaseSerializer[Any]) -> Any:
        """Save what has been validated; a resource with rules calls its service here."""
        return serializer.save()

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        """Save what has been validated; a resource with rules calls its service here."""
        serializer.save()

    def perform_destroy(self, instance: Any) -> None:
        """Delete a row; a resource with rules calls its service here."""
        instance.delete()

    def get_object(self) -> Any:
        """The row of the URL; locked until the end of the transaction when it is to be changed.

        Raises Http404 when it is not there, or not visible to this user.
        """
        rows = self.get_queryset()
        if self.request.method not in SAFE_METHODS:
            rows = rows.select_for_update(of=("self",), no_key=self.request.method != "DELETE")
        row = rows.filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise Http404
        self.check_object_permissions(self.request, row)
        return row

    def reread(self, pk: int) -> Model:
        """A row as it stands after a write, with what the database has derived."""
        found: Model = self.get_queryset().get(pk=pk)
        return found

    def present(self, rows: Any, *, many: bool = False) -> Any:
        """Rows as data, in the fields that were asked for."""
        serializer: Any = self.get_serializer(rows, many=many)
        wanted = self.asked.validated_data.get("fields")
        if wanted is not None:
            shape = serializer.child if many else serializer
            for name in set(shape.fields) - set(wanted):
                shape.fields.pop(name)
        return serializer.data
