"""The grammar of the API: what holds for any action of any view."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any, ClassVar

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed, ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from config import history
from config.api.envelope import EnvelopeRenderer, Success, envelope_response
from config.api.idempotency import done_once
from config.api.parameters import PageParameters, Parameters
from config.api.reads import readable_names
from config.api.throttling import check_guesses, count_request
from config.group_commit import leave_group
from config.headers import put_values
from config.transactions import TransactionNeeded, retried

Handler = Callable[..., Any]

METHODS = ["get", "head", "post", "put", "patch", "delete"]


class Negotiation(DefaultContentNegotiation):
    """DRF's, which compares each type with its patterns; most bodies are of a type as it is."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """What reads the body's type, or None."""
        for parser in parsers:
            if parser.media_type == request.content_type:
                return parser
        return super().select_parser(request, parsers)


RENDERER, NEGOTIATOR = EnvelopeRenderer(), Negotiation()
ANYTHING = "*/*"
USUALLY_ACCEPTED = frozenset({ANYTHING, RENDERER.media_type})
MAX_REMEMBERED = 5000  # query strings, those that are not long; some 4 kB each
MAX_REMEMBERED_LENGTH = 500


class ApiRequest(Request):
    """DRF's request, with what is asked of it all the time at hand."""

    def __init__(self, request: HttpRequest, **parts: Any) -> None:
        super().__init__(request, **parts)
        self.META, self.method, self.path = request.META, request.method, request.path

    def authenticate(self) -> None:
        """Find out who asks: their `user` and `auth`. Raises AuthenticationFailed."""
        self._authenticate()  # type: ignore[attr-defined]  # the stubs lack it


class GrammarViewSet(GenericViewSet):
    """The grammar of the API for any set of actions.

    Query parameters are strict: each action takes those of its class in `parameters`, and none
    without. A handler that writes runs in one transaction, inside DRF's handling of errors, so
    that an error crosses it and rolls back; the history ascribes it to the user. It may run again,
    after a dead-lock. A POST takes an Idempotency-Key, unless `keeps_answers` is off: then what is
    answered is not for keeping. What is in `file_actions` answers with a file, whatever is
    accepted, or with a refusal in JSON.
    """

    http_method_names = METHODS
    lookup_value_converter = "int"
    format_kwarg = None
    parameters: ClassVar[dict[str, type[Parameters]]] = {}
    open_to_all_methods: ClassVar[frozenset[str]] = frozenset()
    keeps_answers: ClassVar[bool] = True
    file_actions: ClassVar[frozenset[str]] = frozenset()
    asked: Parameters

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """DRF's dispatch, with a transaction around a handler that writes."""
        method = (request.method or "").lower()
        handler = getattr(self, method, None)
        if handler is not None and method in self.http_method_names and self._writes(method):
            keeps = method == "post" and self.keeps_answers
            setattr(self, method, self._in_one_transaction(handler, keeps_answers=keeps))
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            self._part()

    def _part(self) -> None:
        """Let go of what leads back here: so all is gone at once, and no garbage to be looked for.

        To look for it takes a twentieth of the time of a small request, and tens of milliseconds of
        one in a thousand.
        """
        vars(self).pop("request").parser_context = None
        for method in METHODS:
            vars(self).pop(method, None)

    @staticmethod
    def _writes(method: str) -> bool:
        return method.upper() not in SAFE_METHODS

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """The request as a view sees it; its parts keep nothing, and are shared by all."""
        self.action = self.action_map.get((request.method or "").lower()) or ""
        return ApiRequest(
            request,
            parsers=_made(tuple(self.parser_classes)),
            authenticators=self.get_authenticators(),
            negotiator=NEGOTIATOR,
            parser_context={"view": self, "args": args, "kwargs": kwargs},
        )

    @property
    def default_response_headers(self) -> dict[str, str]:
        """Those that an answer begins with: the methods there are, said once."""
        return {"Allow": _allowed(tuple(self.http_method_names), tuple(self.action_map))}

    def get_authenticators(self) -> list[Any]:
        """What finds out who asks, made once."""
        return _made(tuple(self.authentication_classes))

    def get_permissions(self) -> Sequence[Any]:
        """What is asked whether somebody may, made once."""
        return _made(tuple(self.permission_classes))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who asks, whether they may, then what they ask for."""
        negotiated = self.perform_content_negotiation(request)
        request.accepted_renderer, request.accepted_media_type = negotiated
        self.perform_authentication(request)
        self.check_permissions(request)
        method = request.method or ""
        if not self.action or method.lower() not in self.http_method_names:
            raise MethodNotAllowed(method)  # first: its parameters are nobody's
        query = request.META.get("QUERY_STRING", "")
        self.asked = parameters_of(self.parameters_class(), self.serializer_class, query)
        self.asked.require_rights(request.user)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """JSON, which most ask for, or do not mind; DRF's whole negotiation for all others."""
        if request.META.get("HTTP_ACCEPT", ANYTHING) in USUALLY_ACCEPTED:
            return RENDERER, RENDERER.media_type
        if self.action in self.file_actions:
            return RENDERER, RENDERER.media_type
        return super().perform_content_negotiation(request, force)

    def perform_authentication(self, request: Any) -> None:
        """Who asks, counted before their rights; a token that does not open counts as anonymous."""
        try:
            request.authenticate()
        except AuthenticationFailed:
            count_request(self, request)
            raise
        count_request(self, request)

    def guesses(self, sent: Mapping[str, Any]) -> Sequence[str]:
        """Whose password a body tries: each counted by THROTTLE_LOGIN, before it is tried."""
        return ()

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """The answer, with the headers that it began with."""
        if isinstance(response, Response):  # which DRF renders
            return super().finalize_response(request, response, *args, **kwargs)
        put_values(response, self.headers)
        return response

    def _in_one_transaction(self, handler: Handler, *, keeps_answers: bool) -> Handler:
        def wrapped(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            at_once = self.writes_at_once and not connection.in_atomic_block
            if not at_once:
                leave_group()
            sent: Any = {}
            try:
                sent = request.data  # read now: a slow sender must not hold locks meanwhile
            finally:
                check_guesses(self, self.guesses(sent))

            def work() -> HttpResponse:
                answer: HttpResponse = handler(request, *args, **kwargs)
                return answer

            def once() -> HttpResponseBase:
                user = request.user
                if at_once:
                    with suppress(TransactionNeeded), history.written_at_once_by(user, via="api"):
                        return work()
                    leave_group()
                with history.written_by(user, via="api"):
                    return done_once(request, work) if keeps_answers else work()

            return retried(once)

        return wrapped

    @property
    def writes_at_once(self) -> bool:
        """Whether the handler writes by one statement, which is a transaction by itself.

        It raises TransactionNeeded, before it writes, where it turns out to need more than that.
        What goes wrong later, while it is answered, takes nothing back: no more than an answer that
        is lost on its way.
        """
        return False

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
        if not self.request.META.get("CONTENT_LENGTH", "").strip("0"):
            raise ParseError("The body is empty; send a JSON object, with its Content-Length.")
        sent: Any = self.request.data
        assert isinstance(sent, dict)  # the parser takes nothing else
        return sent

    def respond(self, data: Any, *, code: int = status.HTTP_200_OK, **meta: Any) -> HttpResponse:
        """An answer in the envelope."""
        return envelope_response(code, Success(data, meta))


@cache
def _allowed(taken: tuple[str, ...], handled: tuple[str, ...]) -> str:
    """What `Allow` says of the methods that a view takes and handles."""
    return ", ".join(method.upper() for method in taken if method in handled)


@cache
def _made(kinds: tuple[Any, ...]) -> list[Any]:
    """One of each kind."""
    return [kind() for kind in kinds]


def parameters_of(parameters: Any, serializer_class: Any, query: str) -> Parameters:
    """What a query string asks for; the same is asked again and again. Raises BadParameters."""
    read = _parameters_of if len(query) <= MAX_REMEMBERED_LENGTH else _parameters_of.__wrapped__
    return read(parameters, serializer_class, query)


@lru_cache(MAX_REMEMBERED)
def _parameters_of(parameters: Any, serializer_class: Any, query: str) -> Parameters:
    names = readable_names(serializer_class)
    asked: Parameters = parameters.read(QueryDict(query.encode("latin-1")), names=names)
    return asked
