"""The parts of the OpenAPI document that are the same for every resource."""

import json
from typing import Any

from config.api.conditional import TAGS
from config.api.exceptions import CODE_OF, known_codes
from config.api.idempotency import KEY
from config.api.throttling import LIMIT, REMAINING, RESET
from config.incoming import SANE_REQUEST_ID

Schema = dict[str, Any]

REQUEST_ID: Schema = {"type": "string", "pattern": f"^{SANE_REQUEST_ID.pattern}$"}
_TRUE: Schema = {"type": "string", "const": "true"}
_SECONDS: Schema = {"type": "integer", "minimum": 1}


def _header(description: str, schema: Schema, *, always: bool = True) -> Schema:
    return {"description": description, "schema": schema, "required": always}


HEADERS: dict[str, Schema] = {
    "X-Request-ID": _header(
        "The id of this call, also in the logs; one that is sent is kept.", REQUEST_ID
    ),
    "Location": _header("Where it is.", {"type": "string", "format": "uri"}),
    "WWW-Authenticate": _header("`Bearer`.", {"type": "string", "const": "Bearer"}),
    "Retry-After": _header("Seconds to wait.", _SECONDS),
    "ETag": _header(
        'The state that is answered: `"<version>.<hash>"`, or `"<hash>"`.',
        {"type": "string", "pattern": '^"([0-9]+[.])?[0-9a-f]+"$'},
    ),
    "Content-Disposition": _header(
        "What the file is to be called.",
        {"type": "string", "pattern": r'^attachment; filename(="([^"\\]|\\.)+"|\*=utf-8\'\'.+)$'},
    ),
    "Idempotency-Replayed": _header("Done before, and answered again.", _TRUE, always=False),
    LIMIT: _header(
        "How many calls the window allows; of several limits, the nearest.",
        {"type": "integer", "minimum": 1},
        always=False,
    ),
    REMAINING: _header(
        "How many of them are left.", {"type": "integer", "minimum": 0}, always=False
    ),
    RESET: _header(
        "Seconds until the window ends.", {"type": "integer", "minimum": 0}, always=False
    ),
}
ON_ALL = ("X-Request-ID", LIMIT, REMAINING, RESET)
ALSO_ON = {
    "201": ("Location",),
    "304": ("ETag",),
    "401": ("WWW-Authenticate",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
# What the headers of a request are for, then what they may hold.
HEEDED = {
    "Idempotency-Key": "Of your own making, one for each thing to be done: sent again within "
    "24 hours with the same body, it is not done again, and the same answer comes.",
    "If-None-Match": "ETags that you have: 304 while one of them still holds.",
    "If-Match": "The ETag that you have seen: 412 when the resource has been changed since.",
}
ETAGS: Schema = {"type": "string", "pattern": f"^(\\*|{TAGS})$"}
HEEDED_SCHEMAS: dict[str, Schema] = {
    "Idempotency-Key": {"type": "string", "pattern": f"^{KEY.pattern}$"},
    "If-None-Match": ETAGS,
    "If-Match": ETAGS,
}

MEANING = {
    400: "The query string or the body cannot be understood; nothing was done.",
    401: "No token, or one that is wrong, expired or revoked.",
    403: "Known, but not allowed.",
    404: "Not there, or not visible to this user.",
    406: "Only JSON is answered.",
    409: "Sound, but what is there now does not allow it.",
    412: "It has been changed since the version that was named; nothing was done.",
    413: "The body is too large.",
    415: "Only JSON is taken; where files are, multipart/form-data.",
    422: "The body is not valid: each bad field is named.",
    429: "Too many calls; ask again when the window is over.",
    500: "Something went wrong on our side.",
    503: "The database is busy or away; ask again later.",
}


def reference(name: str, kind: str = "schemas") -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def record(description: str = "", *, optional: bool = False, **properties: Schema) -> Schema:
    """An object that has these properties and no others; all of them unless `optional`."""
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    if description:
        schema["description"] = description
    return schema if optional else {**schema, "required": sorted(properties)}


_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_LINK: Schema = {"type": ["string", "null"], "format": "uri"}

SCHEMAS: dict[str, Schema] = {
    "Failure": record(
        "What is answered when something was not done.",
        success={"type": "boolean", "const": False},
        error=reference("Error"),
        meta=reference("FailureMeta"),
    ),
    "FailureMeta": record(request_id=REQUEST_ID),
    "Error": record(
        "What went wrong: a code for programs, a sentence for people, each thing that is wrong.",
        code=reference("ErrorCode"),
        message=_TEXT,
        details={"type": "array", "items": reference("Detail")},
    ),
    "Detail": record("One thing that is wrong.", field=_TEXT, code=_TEXT, message=_TEXT),
    "NoMeta": record(optional=True),
    "BatchMeta": record(failed={**_COUNT, "description": "How many operations were not done."}),
    "ListMeta": {
        **record(
            "By page: page, total, next and previous. By cursor: next_cursor.",
            optional=True,
            page={"type": "integer", "minimum": 1},
            page_size={"type": "integer", "minimum": 1},
            total=_COUNT,
            total_exact={"type": "boolean", "description": "false: there are at least `total`."},
            next=_LINK,
            previous=_LINK,
            next_cursor={"type": ["string", "null"]},
            missing={"type": "array", "items": {"type": "integer"}},
            approximate={"type": "boolean", "description": "true: nothing matched; the nearest."},
        ),
        "required": ["page_size"],
    },
}


def failure_name(status: int) -> str:
    """The name of the component that describes the answer with this status: NotFound."""
    return CODE_OF[status].title().replace("_", "")


def headers_of(status: str, *others: str) -> Schema:
    """The headers of an answer with this status, and these others."""
    names = (*ON_ALL, *ALSO_ON.get(status, ()), *others)
    return {name: reference(name, "headers") for name in names}


RESPONSES: dict[str, Schema] = {
    failure_name(status): {
        "description": meaning,
        "headers": headers_of(str(status)),
        "content": {"application/json": {"schema": reference("Failure")}},
    }
    for status, meaning in MEANING.items()
}
COMPONENTS = {"headers": HEADERS, "schemas": SCHEMAS, "responses": RESPONSES}


def complete(result: Schema, **_: Any) -> Schema:
    """Put these parts into the document, and take out what only repeats."""
    for kind, components in COMPONENTS.items():
        described = {**result["components"].get(kind, {}), **components}
        result["components"][kind] = dict(sorted(described.items()))
    # Made now, when every app's own refusals are known.
    result["components"]["schemas"]["ErrorCode"] = {"type": "string", "enum": known_codes()}
    tidied: Schema = _tidied(result)
    written = json.dumps(tidied, default=str)  # some are still to be translated
    schemas = tidied["components"]["schemas"]
    for name in [name for name in schemas if f'/schemas/{name}"' not in written]:
        del schemas[name]
    return tidied


def _tidied(part: Any) -> Any:
    """Without marks of direction: what is sent and what is answered are described apart."""
    if isinstance(part, list):
        return [_tidied(each) for each in part]
    if not isinstance(part, dict):
        return part
    kept = {k: _tidied(v) for k, v in part.items() if k not in {"readOnly", "writeOnly"}}
    return kept["allOf"][0] if kept.keys() == {"allOf"} and len(kept["allOf"]) == 1 else kept
