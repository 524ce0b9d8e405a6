"""The door of the API: all that is asked below /api/ comes in here, and meets nothing of the pages.

It has neither sessions nor forms nor static files, so that Django's middlewares for those are not
asked; what they would do for it is done here: the language, and the headers of each answer.
"""

from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import ResponseHeaders
from django.middleware.security import SecurityMiddleware
from django.utils import translation

from config.api.envelope import Failure, envelope_response
from config.api.routing import resolve
from config.headers import put_on

API_PREFIX = "/api/"
MAX_REMEMBERED = 1000  # values of Accept-Language, and Hosts
MAX_ACCEPTED_LENGTH = 500  # of which Django reads as much
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Vary": "Authorization, Accept-Language",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": settings.X_FRAME_OPTIONS,
}


class ApiEdges:
    """Answers what is asked below /api/.

    A Host that is not ours is refused in the envelope. Answers belong to whoever asked, and are to
    be asked for again.
    """

    def __init__(self) -> None:
        self._answered: Any = convert_exception_to_response(answered)
        self._security = SecurityMiddleware(self._answered)
        self._hosts: set[str] = set()  # that are ours
        self._headers: dict[tuple[str, bool], ResponseHeaders] = {}

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The answer, with its headers."""
        accepted = request.META.get("HTTP_ACCEPT_LANGUAGE", "")[:MAX_ACCEPTED_LENGTH]
        language = language_of(accepted)
        translation.activate(language)
        response: HttpResponse
        if not self._is_ours(request):
            message = "This Host is not one that we answer to; see ALLOWED_HOSTS."
            response = envelope_response(HTTPStatus.BAD_REQUEST, Failure("malformed", message))
        else:
            response = self._security.process_request(request) or self._answered(request)
        language = response.get("Content-Language", language)
        put_on(response, self._headers_in(language, request))
        return response

    def _is_ours(self, request: HttpRequest) -> bool:
        """Whether the Host is one of ALLOWED_HOSTS; Django is asked once about each."""
        host = request.META.get("HTTP_HOST", "")
        if host in self._hosts:
            return True
        try:
            request.get_host()
        except DisallowedHost:
            return False
        if host and len(self._hosts) < MAX_REMEMBERED:
            self._hosts.add(host)
        return True

    def _headers_in(self, language: str, request: HttpRequest) -> ResponseHeaders:
        """The headers of every answer in a language, Django's for security among them."""
        kind = (language, request.is_secure())
        if kind not in self._headers:
            example = HttpResponse(headers={**HEADERS, "Content-Language": language})
            self._security.process_response(request, example)
            del example["Content-Type"]
            self._headers[kind] = example.headers
        return self._headers[kind]


def answered(request: HttpRequest) -> Any:
    """What the view of the request's path answers, as it is written."""
    match = request.resolver_match = resolve(request.path_info)
    response = match.func(request, *match.args, **match.kwargs)
    return response.render() if hasattr(response, "render") else response


@lru_cache(MAX_REMEMBERED)
def language_of(accepted: str) -> str:
    """The language of ours that a reader asks for by Accept-Language."""
    asking = HttpRequest()
    asking.META["HTTP_ACCEPT_LANGUAGE"] = accepted
    return translation.get_language_from_request(asking)
