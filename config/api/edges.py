"""What every answer below /api/ has in common, whoever makes it: a view, or a refusal by Django."""

from http import HTTPStatus

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from config.api.envelope import Failure, envelope_response
from config.middleware import GetResponse

API_PREFIX = "/api/"
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Vary": "Authorization, Accept-Language",
    "X-Content-Type-Options": "nosniff",
}


class ApiEdges:
    """Refuses a Host that is not ours, in the envelope; and sets what each answer carries.

    Answers belong to whoever asked, and are to be asked for again.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, with its headers."""
        if not request.path.startswith(API_PREFIX):
            return self.get_response(request)
        try:
            request.get_host()
        except DisallowedHost:
            message = "This Host is not one that we answer to; see ALLOWED_HOSTS."
            response = envelope_response(HTTPStatus.BAD_REQUEST, Failure("malformed", message))
        else:
            response = self.get_response(request)
        for name, value in HEADERS.items():
            response[name] = value
        return response
