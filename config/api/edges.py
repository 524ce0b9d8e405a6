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
from django.middleware.security import SecurityMiddleware
from django.utils import translation

from config.api.envelope import Failure, envelope_response
from config.api.routing import resolve
from config.middleware import GetResponse

API_PREFIX = "/api/"
MAX_REMEMBERED = 1000  # values of Accept-Language
MAX_ACCEPTED_LENGTH = 500  # of which Django reads as much
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Vary": "Authorization, Accept-Language",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": settings.X_FRAME_OPTIONS,
}


class ApiEdges:
    """Answers what is asked below /api/, and hands on all else.

    A Host that is not ours is refused in the envelope. Answers belong to whoever asked, and are to
    be asked for again.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.pages = get_response
        self.secured: Any = SecurityMiddleware(convert_exception_to_response(answered))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, with its headers."""
        if not request.path_info.startswith(API_PREFIX):
            return self.pages(request)
        language = language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", "")[:MAX_ACCEPTED_LENGTH])
        translation.activate(language)
        response: HttpResponse
        try:
            request.get_host()
        except DisallowedHost:
            message = "This Host is not one that we answer to; see ALLOWED_HOSTS."
            response = envelope_response(HTTPStatus.BAD_REQUEST, Failure("malformed", message))
        else:
            response = self.secured(request)
        for name, value in HEADERS.items():
            response[name] = value
        response.headers.setdefault("Content-Language", language)
        return response


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
