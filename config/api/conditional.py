"""ETag, If-None-Match and If-Match: nothing sent twice for nothing, nothing overwritten unseen.

A tag is `"<version>.<hash of the data>"`, or the hash alone for a resource without a version. What
is read is compared whole; what is written is compared by version, so that a change of what only
surrounds the resource (its category's name) does not stand in the way of an edit.
"""

import re
from collections.abc import Callable
from hashlib import blake2b

from django.db.models import Model
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from config.errors import Overtaken

HASH_BYTES = 8  # tells two states of one resource apart; no one gains by forging it
ANY = ["*"]
WEAK = "W/"  # put before a tag by proxies that compress
TAG = rf'({WEAK})?"[!#-~]*"'
TAGS = rf"{TAG}( *, *{TAG})*"
SHOWN_LENGTH = 100


def tag_of(version: int | None, written: bytes) -> str:
    """The ETag of a row that is answered in these bytes; `version` where its edits are counted."""
    digest = blake2b(written, digest_size=HASH_BYTES).hexdigest()
    return f'"{digest}"' if version is None else f'"{version}.{digest}"'


def is_unchanged(request: Request, tag: str) -> bool:
    """True when the client has this very state already, by its If-None-Match."""
    known = _tags(request, "If-None-Match")
    return known == ANY or tag in known


def require_match(request: Request, row: Model, tag: Callable[[], str]) -> None:
    """Raise Overtaken unless If-Match, where there is one, names the state of `row`.

    To be asked while the row is locked. `tag` gives the whole tag, for a row without a version.
    """
    wanted = _tags(request, "If-Match")
    if not wanted or wanted == ANY:
        return
    version = getattr(row, "version", None)
    if version is None:
        matches = tag() in wanted
    else:
        matches = str(version) in {each.strip('"').partition(".")[0] for each in wanted}
    if not matches:
        raise Overtaken(version)


def require_version(row: Model, version: int | None) -> None:
    """Raise Overtaken unless `row` has this version, where one is named."""
    current = getattr(row, "version", None)
    if version is not None and version != current:
        raise Overtaken(current)


def _tags(request: Request, header: str) -> list[str]:
    """The tags of a header, weak ones as strong; none without it. Raises ParseError."""
    text = request.META.get(f"HTTP_{header.upper().replace('-', '_')}")
    if text is None:
        return []
    if text == "*":
        return ANY
    if not re.fullmatch(TAGS, text):
        raise ParseError(
            f"{header} takes ETags in double quotes, as they were answered, or *; "
            f"given was: {text[:SHOWN_LENGTH]}"
        )
    return [m[0].removeprefix(WEAK) for m in re.finditer(TAG, text)]
