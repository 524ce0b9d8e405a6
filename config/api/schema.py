"""The OpenAPI document: what drf-spectacular sees, put into the envelope, with every error."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework.permissions import SAFE_METHODS

from config.api.exceptions import CODE_OF
from config.api.fields import DECIMAL_TEXT, DecimalField
from config.api.parameters import PageParameters, ShapeParameters

Schema = dict[str, Any]

REQUEST_ID_HEADER: Schema = {
    "X-Request-ID": {
        "description": "The id of this call, also in the logs; one that is sent is kept.",
        "schema": {"type": "string"},
        "required": True,
    }
}
LOCATION_HEADER: Schema = {
    "Location": {"description": "Where it is.", "schema": {"type": "string", "format": "uri"}}
}
CHALLENGE_HEADER: Schema = {
    "WWW-Authenticate": {"description": "`Bearer`.", "schema": {"type": "string"}}
}
RETRY_HEADER: Schema = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}
}
HEADERS_OF = {"201": LOCATION_HEADER, "401": CHALLENGE_HEADER, "503": RETRY_HEADER}

MEANING = {
    400: "The query string or the body cannot be understood; nothing was done.",
    401: "No token, or one that is wrong, expired or revoked.",
    403: "Known, but not allowed.",
    404: "Not there, or not visible to this user.",
    406: "Only JSON is answered.",
    409: "Sound, but what is there now does not allow it.",
    413: "The body is too large.",
    415: "Only JSON is taken.",
    422: "The body is not valid: each bad field is named.",
    500: "Something went wrong on our side.",
    503: "The database is busy or away; ask again later.",
}
FAILURE: Schema = {
    "type": "object",
    "required": ["success", "error", "meta"],
    "additionalProperties": False,
    "properties": {
        "success": {"type": "boolean", "const": False},
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "string", "enum": sorted({*CODE_OF.values()})},
                "message": {"type": "string"},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "code", "message"],
                        "additionalProperties": False,
                        "properties": {
                            "field": {"type": "string"},
                            "code": {"type": "string"},
                            "message": {"type": "string"},
                        },
                    },
                },
            },
        },
        "meta": {
            "type": "object",
            "required": ["request_id"],
            "additionalProperties": False,
            "properties": {"request_id": {"type": "string"}},
        },
    },
}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_LINK: Schema = {"type": ["string", "null"], "format": "uri"}
LIST_META: Schema = {
    "type": "object",
    "description": "By page: page, total, next and previous. By cursor: next_cursor.",
    "required": ["page_size"],
    "additionalProperties": False,
    "properties": {
        "page": {"type": "integer", "minimum": 1},
        "page_size": {"type": "integer", "minimum": 1},
        "total": _COUNT,
        "total_exact": {"type": "boolean", "description": "false: there are at least `total`."},
        "next": _LINK,
        "previous": _LINK,
        "next_cursor": {"type": ["string", "null"]},
        "missing": {"type": "array", "items": {"type": "integer"}},
        "approximate": {"type": "boolean", "description": "true: nothing matched; the nearest."},
    },
}
NO_META: Schema = {"type": "object", "additionalProperties": False, "properties": {}}


class DecimalSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Exact numbers: always text in answers; in a body a number is taken too."""

    target_class = DecimalField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        """Text that the field takes, or writes."""
        text: Schema = {"type": "string", "pattern": f"^{DECIMAL_TEXT.pattern}$"}
        return {**text, "type": ["string", "number"]} if direction == "request" else text


class EnvelopeSchema(AutoSchema):
    """Documents each operation as it answers: the envelope, the headers, the errors."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Schema | None:
        """The operation with its answers as they are sent."""
        operation: Schema | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        answers = operation["responses"]
        if self.method == "DELETE":
            answers.pop("204", None)
            answers["200"] = {"description": "Done."}
        for status, answer in answers.items():
            answer.setdefault("description", "")
            answer["description"] = answer["description"] or "Done."
            inner = answer.get("content", {}).get("application/json", {}).get("schema")
            if self._has_fields_parameter():
                inner = self._selection(inner)
            answer["content"] = {"application/json": {"schema": self._success(inner)}}
            answer["headers"] = REQUEST_ID_HEADER | HEADERS_OF.get(status, {})
        for status in self._failures():
            answers[str(status)] = {
                "description": MEANING[status],
                "headers": REQUEST_ID_HEADER | HEADERS_OF.get(str(status), {}),
                "content": {"application/json": {"schema": self._component("Failure", FAILURE)}},
            }
        return operation

    def get_override_parameters(self) -> list[Any]:
        """The query parameters of the action."""
        parameters = self._parameters_class()
        return [parameters] if parameters is not None and parameters().fields else []

    def get_tags(self) -> list[str]:
        """The first word of the path."""
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def _is_list_view(self, serializer: Any = None) -> bool:
        parameters = self._parameters_class()
        return parameters is not None and issubclass(parameters, PageParameters)

    def _get_paginator(self) -> None:
        return None

    def _parameters_class(self) -> Any:
        get = getattr(self.view, "parameters_class", None)
        return get() if get is not None else None

    def _has_fields_parameter(self) -> bool:
        parameters = self._parameters_class()
        return parameters is not None and issubclass(parameters, ShapeParameters)

    def _selection(self, schema: Schema) -> Schema:
        """The same resource, of which `?fields=` may have left anything out."""
        if schema.get("type") == "array":
            return {**schema, "items": self._selection(schema["items"])}
        name = schema["$ref"].rpartition("/")[2]
        whole = self.registry[name, ResolvedComponent.SCHEMA].schema
        selected = {key: value for key, value in whole.items() if key != "required"}
        return self._component(f"{name}Selection", selected)

    def _failures(self) -> list[int]:
        found = {400, 406, 500, 503}
        if self.get_auth() and {} not in self.get_auth():
            found |= {401, 403}
        if "{" in self.path:
            found.add(404)
        if self.method not in SAFE_METHODS:
            found |= {401, 403, 409}
        if self.method in {"POST", "PUT", "PATCH"}:
            found |= {413, 415, 422}
        return sorted(found)

    def _success(self, data: Schema | None) -> Schema:
        meta = self._component("ListMeta", LIST_META) if self._is_list_view() else NO_META
        return {
            "type": "object",
            "required": ["success", "data", "meta"],
            "additionalProperties": False,
            "properties": {
                "success": {"type": "boolean", "const": True},
                "data": data if data is not None else {"type": "null"},
                "meta": meta,
            },
        }

    def _component(self, name: str, schema: Schema) -> Schema:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name
        )
        self.registry.register_on_missing(component)
        return dict(component.ref)
