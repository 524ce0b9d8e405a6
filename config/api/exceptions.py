"""The only room where an error meets an HTTP number."""

import logging
from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Any

import psycopg
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.http import Http404
from psycopg import errors
from rest_framework import exceptions as drf
from rest_framework.response import Response

from config import constraints, deletion
from config.api.envelope import EnvelopeRenderer, Failure
from config.errors import (
    Conflict,
    Detail,
    DomainError,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    Overtaken,
    Unusable,
)
from config.logs import without_data

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 2  # how soon a client may ask again when the database is away
MAX_DETAILS = 100  # of one answer: a large bad body must not be answered by a larger one

STATUS_OF: dict[type[DomainError], HTTPStatus] = {
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    Conflict: HTTPStatus.CONFLICT,
    Overtaken: HTTPStatus.PRECONDITION_FAILED,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unusable: HTTPStatus.UNPROCESSABLE_ENTITY,
}
CODE_OF = {
    400: "malformed",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "conflict",
    412: "precondition_failed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    422: "validation_error",
    429: "throttled",
    500: "server_error",
    503: "unavailable",
}
BUSY = (
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.DeadlockDetected,
    errors.SerializationFailure,
)
# Classes of SQLSTATE: connection exception, operator intervention (a server that shuts down).
AWAY_CLASSES = ("08", "57")
FULL_CLASS = "53"  # insufficient resources
BUSY_MESSAGE = "The database is busy; nothing was done."
AWAY_MESSAGE = "The database cannot be reached at the moment."
FULL_MESSAGE = "The database has run out of disk, memory or connections; nothing was done."
TOO_LARGE_MESSAGE = "A sum would become larger than can be kept; nothing was done."
INVALID_MESSAGE = "The body is not valid; `details` names each field."
SERVER_ERROR_MESSAGE = "Something went wrong on our side; the request id leads to it in the logs."


class BadParameters(drf.APIException):
    """400: query parameters that are unknown or whose value is bad, each named in the details."""

    status_code = HTTPStatus.BAD_REQUEST

    def __init__(self, *details: Detail) -> None:
        super().__init__("The query string is not valid; `details` names each parameter.")
        self.details = details


def known_codes() -> list[str]:
    """Every code that a failure can have: those of HTTP, and those of the domain's own refusals."""
    found, kinds = {*CODE_OF.values()}, [*DomainError.__subclasses__()]
    while kinds:
        kind = kinds.pop()
        found.add(kind.code)
        kinds += kind.__subclasses__()
    return sorted(found)


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: every error as an answer in the one shape.

    What nobody foresaw is logged with its traceback and answered with a 500 that tells nothing.
    """
    request = context.get("request")
    answer = refusal_of(error, getattr(request, "method", "")) or _unforeseen(error, request)
    if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        logger.error("%s %s", answer.data.message, without_data(error))
    answer.exception = True
    # Also where the view itself writes something other than JSON.
    if request is not None:
        request.accepted_renderer = EnvelopeRenderer()
        request.accepted_media_type = EnvelopeRenderer.media_type
    return answer


def refusal_of(error: Exception, method: str) -> Response | None:
    """The answer to an error that was foreseen, its data a Failure; None for any other.

    `method` is what was being done: a reference that breaks means one thing when something is
    deleted, and another when something is written.
    """
    return _of_drf(error) or _of_domain(error) or _of_database(error, method) or _of_django(error)


def _answer(status: int, message: str, *details: Detail, code: str = "") -> Response:
    return Response(Failure(code or CODE_OF[status], message, details), status=status)


def _of_drf(error: Exception) -> Response | None:
    if isinstance(error, drf.ValidationError):
        return _answer(422, INVALID_MESSAGE, *islice(_flatten(error.detail, ""), MAX_DETAILS))
    if not isinstance(error, drf.APIException):
        return None
    code = CODE_OF.get(error.status_code, error.default_code)
    details = getattr(error, "details", ())
    answer = _answer(error.status_code, str(error.detail), *details, code=code)
    if header := getattr(error, "auth_header", None):
        answer["WWW-Authenticate"] = header
    if isinstance(error, drf.Throttled):
        answer["Retry-After"] = str(max(1, getattr(error, "wait", 0)))
    return answer


def _of_domain(error: Exception) -> Response | None:
    if not isinstance(error, DomainError):
        return None
    status = next(status for kind, status in STATUS_OF.items() if isinstance(error, kind))
    answer = _answer(status, error.message, *error.details, code=error.code)
    if status == HTTPStatus.UNAUTHORIZED:
        answer["WWW-Authenticate"] = "Bearer"
    return answer


def _of_database(error: Exception, method: str) -> Response | None:
    if isinstance(error, ProtectedError):
        return _answer(409, deletion.in_the_way(error))
    if isinstance(error, IntegrityError):
        broken = constraints.broken_by(error)
        if broken is None:
            return None
        if method == "DELETE":
            return _answer(409, constraints.IN_USE_MESSAGE)
        detail = Detail(broken.field, broken.code, broken.message)
        if broken.is_conflict:
            return _answer(409, broken.message, detail)
        return _answer(422, INVALID_MESSAGE, detail)
    if isinstance(error.__cause__, errors.NumericValueOutOfRange):
        return _answer(409, TOO_LARGE_MESSAGE)
    if message := passing_trouble(error):
        answer = _answer(503, message)
        answer["Retry-After"] = str(RETRY_AFTER_S)
        return answer
    return None


def passing_trouble(error: BaseException | None) -> str | None:
    """What to say of trouble of the database that is none of the caller's, and may pass."""
    cause = error.__cause__ if error is not None else None
    if isinstance(cause, BUSY):
        return BUSY_MESSAGE
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return None
    state = cause.sqlstate
    if state is None or state.startswith(AWAY_CLASSES):
        return AWAY_MESSAGE
    return FULL_MESSAGE if state.startswith(FULL_CLASS) else None


def _of_django(error: Exception) -> Response | None:
    if isinstance(error, Http404):
        return _answer(404, "There is nothing here, or nothing that you may see.")
    if isinstance(error, PermissionDenied):
        return _answer(403, "You do not have the right to do this.")
    if isinstance(error, SuspiciousOperation):  # say, more parameters than Django reads
        return _answer(400, "The request cannot be understood.")
    return None


def _unforeseen(error: Exception, request: Any) -> Response:
    got_request_exception.send(sender=handle, request=request)
    route = getattr(getattr(request, "resolver_match", None), "route", "?")
    logger.error(
        "unforeseen error in %s %s", getattr(request, "method", "?"), route, exc_info=error
    )
    return _answer(500, SERVER_ERROR_MESSAGE)


def flatten(detail: Any, path: str = "") -> list[Detail]:
    """DRF's nested error detail as a flat list; a list's positions are part of the path."""
    return list(_flatten(detail, path))


def _flatten(detail: Any, path: str) -> Iterator[Detail]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            inner = "" if key == "non_field_errors" else str(key)
            yield from _flatten(value, ".".join(part for part in (path, inner) if part))
    elif isinstance(detail, list):
        for position, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from _flatten(value, f"{path}.{position}" if nested else path)
    else:
        yield Detail(path, getattr(detail, "code", None) or "invalid", str(detail))
