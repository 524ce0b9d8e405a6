"""The OpenAPI document: what drf-spectacular sees, put into the envelope, with every error."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, is_list_serializer
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import SAFE_METHODS

from config.api.components import (
    HEEDED,
    HEEDED_SCHEMAS,
    Schema,
    failure_name,
    headers_of,
    record,
    reference,
)
from config.api.envelope import JSON_TYPE
from config.api.fields import ONE_LINE, DecimalField, TextField
from config.api.parameters import CursorParameters, NamesParameter, Parameters, ShapeParameters
from config.api.reads import readable_names

PREFIX = "/api/v1/"
CHANGES = ("update", "partial_update")
EXPORT = "export"
VERB_OF = {
    "list": "list",
    "create": "create",
    "retrieve": "get",
    "update": "replace",
    "partial_update": "update",
    "destroy": "delete",
    "batch": "batch",
    EXPORT: EXPORT,
}
OF_MANY = ("list", "batch")
# What is no letter of a text that is more than blank: as `str.strip` sees it, and NUL.
BLANK = r"\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
NUL, CONTROLS = r"\u0000", r"\u0000-\u001f\u007f"


class TextSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Text: what is sent may not be blank, where the field says so, and holds no NUL."""

    target_class = TextField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        """Text that the field takes, or writes."""
        field: Any = self.target
        if direction == "response" or field.allow_blank:
            return {"type": "string"}
        no = CONTROLS if ONE_LINE in field.validators else NUL
        letter = f"[^{no}{BLANK}]" if field.trim_whitespace else f"[^{no}]"
        return {"type": "string", "minLength": 1, "pattern": f"^[^{no}]*{letter}[^{no}]*$"}


class DecimalSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Exact numbers: always text in answers; in a body a number is taken too."""

    target_class = DecimalField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        """Text that the field takes, or writes."""
        field: Any = self.target
        whole, places = field.max_digits - field.decimal_places, field.decimal_places
        sign = "-?" if field.min_value is None else ""
        pattern = rf"^{sign}0*[0-9]{{1,{whole}}}(\.[0-9]{{1,{places}}})?$"
        text: Schema = {"type": "string", "pattern": pattern}
        if direction == "response" or isinstance(field.parent, Parameters):
            return text
        least = {} if field.min_value is None else {"minimum": int(field.min_value)}
        return {**text, "type": ["string", "number"], **least, "exclusiveMaximum": 10**whole}


class NamesSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Names out of a known set, separated by commas."""

    target_class = NamesParameter

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        """Text that the parameter takes; that none may stand twice a pattern cannot say."""
        parameter: Any = self.target
        name = f"{'-?' if parameter.signed else ''}({'|'.join(parameter.known)})"
        more = len(parameter.known) - 1
        return {"type": "string", "pattern": f"^{name}(,{name}){{0,{more}}}$"}


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
            answer["description"] = answer.get("description") or "Done."
            answer["headers"] = headers_of(status, *self._answered())
            if not self._answers_with_file():
                inner = answer.get("content", {}).get(JSON_TYPE, {}).get("schema")
                answer["content"] = {JSON_TYPE: {"schema": self._success(inner)}}
        if self._header() == "If-None-Match":
            answers["304"] = {
                "description": "What you have still holds.",
                "headers": headers_of("304"),
            }
        for code in self._failures():
            answers[str(code)] = reference(failure_name(code), "responses")
        if operation.get("security") == [{}]:
            operation["security"] = []  # what a generator understands as: nobody needs a token
        if "requestBody" in operation:
            operation["requestBody"]["required"] = True  # an empty one is no JSON
        return operation

    def get_operation_id(self) -> str:
        """A verb and what it is done to: list_items, get_item."""
        view: Any = self.view
        verb = VERB_OF.get(self._action())
        if verb is None:
            return str(super().get_operation_id())
        first, *others = self._words()
        if verb == "list" and others:  # of one resource: list_item_movements, list_my_holdings
            whose = "my" if "me" in others else first.removesuffix("s")
            return f"{verb}_{whose}_{others[-1]}"
        if self._action() in {*OF_MANY, EXPORT}:
            return f"{verb}_{first}"
        return f"{verb}_{view.queryset.model._meta.verbose_name.split()[-1]}"

    def get_override_parameters(self) -> list[Any]:
        """The query parameters of the action, and the headers that it heeds."""
        view: Any = self.view
        parameters = self._parameters_class()
        asked = []
        if parameters is not None and parameters().fields:
            names = readable_names(view.serializer_class)
            asked.append(parameters(context={"names": names}))
        header = self._header()
        return [*asked, *([_parameter(header)] if header is not None else [])]

    def get_request_serializer(self) -> Any:
        """What is sent; of a batch, its operations."""
        view: Any = self.view
        if self._action() == "batch":
            return view.batch_serializer()
        return super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        """What a success answers with; of a batch, the outcomes."""
        view: Any = self.view
        if self._action() == "batch":
            return view.outcome_serializer()
        return super().get_response_serializers()

    def get_tags(self) -> list[str]:
        """The first word of the path."""
        return self._words()[:1]

    def _words(self) -> list[str]:
        return self.path.removeprefix(PREFIX).split("/")

    def _action(self) -> str:
        return getattr(self.view, "action", None) or ""

    def _header(self) -> str | None:
        """The header of the request that the operation heeds, if there is one."""
        if self.method == "POST":
            return "Idempotency-Key" if getattr(self.view, "keeps_answers", False) else None
        heeded: dict[str, str] = getattr(self.view, "heeded_headers", {})
        return heeded.get(self._action())

    def _answers_with_file(self) -> bool:
        return self._action() in getattr(self.view, "file_actions", ())

    def _is_list_view(self, serializer: Any = None) -> bool:
        if self._answers_with_file():
            return False
        many = self._action() in OF_MANY or is_list_serializer(serializer)
        return many or self._has_parameters(CursorParameters)

    def _get_paginator(self) -> None:
        return None

    def _parameters_class(self) -> Any:
        get = getattr(self.view, "parameters_class", None)
        return get() if get is not None else None

    def _has_parameters(self, kind: type[Parameters]) -> bool:
        parameters = self._parameters_class()
        return parameters is not None and issubclass(parameters, kind)

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Schema:
        """Exactly these names. In a body, what is only read is ignored, so that it may be there."""
        schema: Schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "response":
            return {
                **schema,
                "required": sorted(schema["properties"]),
                "additionalProperties": False,
            }
        if not any(field.read_only for field in serializer.fields.values()):
            return {**schema, "additionalProperties": False}
        return {**schema, "propertyNames": {"enum": sorted(serializer.fields)}}

    def _answered(self) -> list[str]:
        """The headers of a success beside those that all have."""
        if self._answers_with_file():
            return ["Content-Disposition"]
        tagged = ["ETag"] if self._action() in {"create", "retrieve", *CHANGES} else []
        return [*tagged, "Idempotency-Replayed"] if self._header() == "Idempotency-Key" else tagged

    def _failures(self) -> list[int]:
        """What else the operation may answer."""
        found = {400, 401, 406, 429, 500, 503}
        if {} not in self.get_auth():
            found.add(403)
        if self._answers_with_file():  # a file's format is no matter of Accept; it may not be there
            found ^= {406, 409}
        if "{" in self.path or self._action() == "batch":
            found.add(404)
        if self.method not in SAFE_METHODS:
            found |= {413, 415}
        if self.get_request_serializer() is not None and self.method not in {
            *SAFE_METHODS,
            "DELETE",
        }:
            found.add(422)
        if self._header() in {"Idempotency-Key", "If-Match"}:
            found.add(409)
        if self._header() == "If-Match" or self._action() == "batch":
            found.add(412)
        return sorted(found)

    def _success(self, data: Schema | None) -> Schema:
        """The envelope of a success, as a component named after what is in it."""
        name, meta = "Empty", "NoMeta"
        if data is not None:
            name = _name_of(data)
        if self._action() == "batch":
            meta = "BatchMeta"
        elif self._is_list_view():
            meta = "ListMeta"
        if data is not None and self._has_parameters(ShapeParameters):
            data = self._selection(data)
            name = name if data.get("type") == "array" else f"{name}Selection"
        envelope = record(
            success={"type": "boolean", "const": True},
            data=data if data is not None else {"type": "null"},
            meta=reference(meta),
        )
        return self._component(f"{name}Response", envelope)

    def _selection(self, schema: Schema) -> Schema:
        """The resource, whole or what `?fields=` has left of it."""
        if schema.get("type") == "array":
            return {**schema, "items": self._selection(schema["items"])}
        name = _name_of(schema)
        whole = self.registry[name, ResolvedComponent.SCHEMA].schema
        selected = {key: value for key, value in whole.items() if key != "required"}
        return {"anyOf": [schema, self._component(f"{name}Selection", selected)]}

    def _component(self, name: str, schema: Schema) -> Schema:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name
        )
        self.registry.register_on_missing(component)
        return dict(component.ref)


def _name_of(schema: Schema) -> str:
    """The name of a component, or of a list of them."""
    if schema.get("type") == "array":
        return f"{_name_of(schema['items'])}List"
    return str(schema["$ref"].rpartition("/")[2])


def _parameter(header: str) -> OpenApiParameter:
    return OpenApiParameter(
        header, HEEDED_SCHEMAS[header], OpenApiParameter.HEADER, description=HEEDED[header]
    )
