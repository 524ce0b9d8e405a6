"""Request bodies: JSON, strictly, and files. What two could understand differently is refused."""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import IO, Any, NoReturn

from django.conf import settings
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser

from config.api.envelope import JSON_TYPE
from config.sizes import KB, MB

SHOWN_DIGITS = 32
DRF_PREFIX = "Multipart form parse error - "
END_BYTES = 256  # more than the longest boundary that Django takes
MAX_INTEGER_DIGITS = 1000  # far beyond any of ours; a field says what it takes


class BodyTooLarge(APIException):
    """413: the body is over the limit."""

    status_code = 413
    default_code = "payload_too_large"

    def __init__(self, limit_bytes: int) -> None:
        limit = f"{limit_bytes // KB} KB" if limit_bytes <= MB else f"{limit_bytes // MB} MB"
        super().__init__(f"The body is larger than {limit}, the most that is taken.")


class StrictJSONParser(BaseParser):
    """Parses a JSON object of at most DATA_UPLOAD_MAX_MEMORY_SIZE bytes.

    Numbers with a fraction or an exponent become Decimal, never float. Repeated keys, NaN and
    Infinity, lone surrogates and bytes that are not UTF-8 raise ParseError (400).
    """

    media_type = JSON_TYPE

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The body's value. Raises BodyTooLarge or ParseError."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        announced = _announced(parser_context)
        if announced > limit:
            raise BodyTooLarge(limit)  # unread, since it may come slowly
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge(limit)
        if len(body) < announced:
            raise ParseError(f"The body was cut off: {len(body)} of {announced} bytes came.")
        value = parse_json(body)
        if not isinstance(value, dict):
            raise ParseError("The body must be a JSON object.")
        return value


class UploadParser(MultiPartParser):
    """Parses multipart/form-data of at most IMPORT_MAX_MB; large files are kept on the disk.

    What was cut off anywhere is refused, where Django would take what has come.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> DataAndFiles:
        """The form and its files. Raises BodyTooLarge or ParseError."""
        limit = settings.IMPORT_MAX_MB * MB
        announced = _announced(parser_context)
        if announced > limit:
            raise BodyTooLarge(limit)  # unread, since it may come slowly
        watched: Any = _Watched(stream, limit)
        try:
            parsed: DataAndFiles = super().parse(watched, media_type, parser_context)
        except ParseError as error:
            message = str(error.detail).removeprefix(DRF_PREFIX)
            raise ParseError(f"The form in the body cannot be read: {message}.") from error
        if watched.size < announced:
            raise ParseError(f"The body was cut off: {watched.size} of {announced} bytes came.")
        _, named = parse_header_parameters(media_type or "")
        if f"--{named.get('boundary')}--".encode() not in watched.end:
            raise ParseError("The body was cut off: its last boundary is missing.")
        return parsed


class _Watched:
    """A stream that is read, how much of it, and how it ended."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream, self._limit = stream, limit
        self.size, self.end = 0, b""

    def read(self, size: int = -1) -> bytes:
        """What comes next. Raises BodyTooLarge."""
        part = self._stream.read(size)
        self.size += len(part)
        if self.size > self._limit:
            raise BodyTooLarge(self._limit)
        self.end = (self.end + part[-END_BYTES:])[-END_BYTES:]
        return part


def _announced(parser_context: Mapping[str, Any] | None) -> int:
    request = (parser_context or {}).get("request")
    return int(request.META.get("CONTENT_LENGTH") or 0) if request is not None else 0


def parse_json(body: bytes) -> Any:
    """The value of strict JSON (see StrictJSONParser). Raises ParseError."""
    try:
        value = DECODER.decode(body.decode())
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False, default=str).encode()  # finds lone surrogates
    except UnicodeDecodeError as error:
        raise ParseError(f"The body is not UTF-8: byte {error.start} cannot be read.") from error
    except UnicodeEncodeError as error:
        raise ParseError("The body holds half of a surrogate pair, which is no text.") from error
    except RecursionError as error:
        raise ParseError("The body is nested too deeply.") from error
    except ValueError as error:
        raise ParseError(f"The body is not JSON: {error}.") from error
    return value


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:  # its exponent is beyond all bounds
        raise ValueError(f"the number {text[:SHOWN_DIGITS]} is out of range") from error


def _integer(text: str) -> int:
    if len(text) > MAX_INTEGER_DIGITS:
        raise ValueError(f"the number {text[:SHOWN_DIGITS]}… is out of range")
    return int(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that JSON has")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {json.dumps(key[:64])} is given twice")
        found[key] = value
    return found


DECODER = json.JSONDecoder(
    parse_float=_decimal,
    parse_int=_integer,
    parse_constant=_refuse_constant,
    object_pairs_hook=_object,
)
