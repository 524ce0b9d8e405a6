"""What is in one cell, where it takes more than the database to know."""

import re
from functools import lru_cache

import orjson
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from items.catalogue.models import MAX_TAGS, TAG_MAX_LENGTH
from items.exchange import lists

# PostgreSQL's jsonb keeps numbers exactly, and has no place for one of so many digits.
HUGE_EXPONENT = re.compile(r"[eE][+-]?\d{4,}")
NUL_IN_JSON = "\\u0000"


class Bad(ValueError):
    """What is wrong with a cell: one of the codes of `problems.py`."""


@lru_cache(lists.REMEMBERED)
def tags(cell: str, *, separator: str, doubling: bool) -> str:
    """The tags of a cell as PostgreSQL writes an array. Raises Bad."""
    found = _listed(cell)
    if found is None:
        found = lists.split(cell, separator or ";", doubling=doubling)
    found = tuple(dict.fromkeys(found))
    if len(found) > MAX_TAGS:
        raise Bad("too_many_tags")
    if any(len(tag) > TAG_MAX_LENGTH for tag in found):
        raise Bad("tag_too_long")
    escaped = (tag.replace("\\", "\\\\").replace('"', '\\"') for tag in found)
    return "{" + ",".join(f'"{tag}"' for tag in escaped) + "}"


def _listed(cell: str) -> tuple[str, ...] | None:
    """The texts of a JSON array, where it is one."""
    if not cell.lstrip().startswith("["):
        return None
    try:
        found = orjson.loads(cell)
    except orjson.JSONDecodeError:
        return None
    texts = isinstance(found, list) and all(isinstance(each, str) for each in found)
    return tuple(each.strip() for each in found if each.strip()) if texts else None


def json_object(cell: str) -> str:
    """The JSON object of a cell. Raises Bad."""
    try:
        found = orjson.loads(cell)
    except orjson.JSONDecodeError as error:
        raise Bad("not_json") from error
    if not isinstance(found, dict):
        raise Bad("not_an_object")
    if NUL_IN_JSON in cell or HUGE_EXPONENT.search(cell):
        raise Bad("not_json")
    return cell


def email(cell: str) -> str:
    """An e-mail address in lower case. Raises Bad."""
    address = cell.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise Bad("not_an_email") from error
    return address
