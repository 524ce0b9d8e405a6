"""What answers outside of any resource: unknown URLs and Django's own refusals."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import defaults
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from config.api.edges import API_PREFIX
from config.api.envelope import Failure, envelope_response
from config.api.exceptions import CODE_OF, SERVER_ERROR_MESSAGE


class UnknownURL(APIView):
    """404 in the envelope for whatever no resource answers, by any method."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """There is nothing here."""
        raise NotFound(f"There is nothing at {request.path[:200]}; see /api/v1/docs.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 of Django itself, e.g. a Host that is not in ALLOWED_HOSTS."""
    return _failed(request, HTTPStatus.BAD_REQUEST, "The request cannot be understood.") or (
        defaults.bad_request(request, exception)
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 of Django itself."""
    return _failed(request, HTTPStatus.FORBIDDEN, "This is not allowed.") or (
        defaults.permission_denied(request, exception)
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 of Django itself."""
    return _failed(request, HTTPStatus.NOT_FOUND, "There is nothing here.") or (
        defaults.page_not_found(request, exception)
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500 of Django itself: what fails before or after a view."""
    return _failed(request, HTTPStatus.INTERNAL_SERVER_ERROR, SERVER_ERROR_MESSAGE) or (
        defaults.server_error(request)
    )


def _failed(request: HttpRequest, status: HTTPStatus, message: str) -> HttpResponse | None:
    """The failure in the envelope, for paths of the API."""
    if not request.path.startswith(API_PREFIX):
        return None
    return envelope_response(status, Failure(CODE_OF[status], message))
