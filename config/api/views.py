"""What answers outside of any resource: unknown URLs and Django's own refusals."""

import logging
import sys
from functools import cache
from http import HTTPStatus
from threading import Lock
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.views import defaults
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from config.api.edges import API_PREFIX
from config.api.envelope import Failure, envelope_response
from config.api.exceptions import (
    CODE_OF,
    RETRY_AFTER_S,
    SERVER_ERROR_MESSAGE,
    passing_trouble,
)
from config.logs import without_data

logger = logging.getLogger(__name__)

DOCUMENT_LANGUAGE = "en"
making_document = Lock()


class UnknownURL(APIView):
    """404 in the envelope for whatever no resource answers, by any method."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """There is nothing here, and looking for it counts."""
        self.check_throttles(request)
        raise NotFound(f"There is nothing at {request.path[:200]}; see /api/v1/docs.")


class OpenApiDocument(APIView):
    """The OpenAPI document: one for everybody, whatever their rights and their language."""

    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (OpenApiJsonRenderer, OpenApiJsonRenderer2)
    http_method_names = ["get", "head"]
    schema = None

    def get(self, request: Request) -> HttpResponse:
        """The document."""
        answer = HttpResponse(document(), content_type=request.accepted_media_type)
        answer["Content-Language"] = DOCUMENT_LANGUAGE
        return answer


def document() -> bytes:
    """The document as JSON: made once by each process, since it changes only with the program."""
    with making_document:  # drf-spectacular loads its extensions as if nobody else did
        return _document()


@cache
def _document() -> bytes:
    with translation.override(DOCUMENT_LANGUAGE):
        described = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
        written: bytes = OpenApiJsonRenderer().render(described)
    return written


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
    """500 of Django itself: what fails outside of the API's views; 503 where that passes."""
    error = sys.exc_info()[1]
    trouble = passing_trouble(error)
    if error is None or trouble is None:
        return _failed(request, HTTPStatus.INTERNAL_SERVER_ERROR, SERVER_ERROR_MESSAGE) or (
            defaults.server_error(request)
        )
    logger.error("%s %s", trouble, without_data(error))
    status = HTTPStatus.SERVICE_UNAVAILABLE
    answer = _failed(request, status, trouble) or HttpResponse(
        render_to_string("503.html", {"trouble": trouble}), status=status
    )
    answer["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _failed(request: HttpRequest, status: HTTPStatus, message: str) -> HttpResponse | None:
    """The failure in the envelope, for paths of the API."""
    if not request.path.startswith(API_PREFIX):
        return None
    return envelope_response(status, Failure(CODE_OF[status], message))
