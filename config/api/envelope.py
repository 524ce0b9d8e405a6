"""The one shape of every JSON answer, and the renderer that writes it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer

from config.errors import Detail
from config.incoming import current_request_id

JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Success:
    """`data` (an object, a list or null) and what is to be said about it."""

    data: Any
    meta: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The answer as it is written."""
        return {"success": True, "data": self.data, "meta": self.meta}


@dataclass(frozen=True)
class Failure:
    """A stable code for programs, a sentence for people, and each thing that is wrong."""

    code: str
    message: str
    details: Sequence[Detail] = ()

    def error(self) -> dict[str, Any]:
        """What went wrong, as it is written."""
        return {"code": self.code, "message": self.message, "details": list(self.details)}

    def body(self) -> dict[str, Any]:
        """The answer as it is written; the request's id is what to look for in the logs."""
        return {
            "success": False,
            "error": self.error(),
            "meta": {"request_id": current_request_id.get()},
        }


def to_json(body: Any) -> bytes:
    """UTF-8 JSON; decimals travel as strings, dataclasses as objects, times in UTC with a Z."""
    return orjson.dumps(body, default=_decimal_as_text, option=orjson.OPT_UTC_Z)


def raw_json(value: Any) -> orjson.Fragment:
    """A value out of a JSON column, for `to_json`; it may hold numbers of any size."""
    return orjson.Fragment(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _decimal_as_text(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


class EnvelopeRenderer(BaseRenderer):
    """Writes a view's `Success` or `Failure`; anything else is the data of a success."""

    media_type = JSON_TYPE
    format = "json"
    charset = None  # JSON is UTF-8

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The answer's bytes."""
        answer = data if isinstance(data, Success | Failure) else Success(data)
        return to_json(answer.body())


def envelope_response(status: int, answer: Success | Failure) -> HttpResponse:
    """The same shape for what never reaches a view of the API."""
    return json_response(to_json(answer.body()), status=status)


def json_response(content: bytes, *, status: int = HTTPStatus.OK) -> HttpResponse:
    """An answer whose envelope is written already."""
    return HttpResponse(content, status=status, content_type=JSON_TYPE)
