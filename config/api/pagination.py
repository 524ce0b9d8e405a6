"""A list in parts: by page with a total, or by cursor in constant time at any depth."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core import signing
from django.db.models import Q
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
)
from django.http import HttpRequest

from config.api.exceptions import BadParameters
from config.api.listed import Listed, Page, Part, Total, by_several
from config.api.parameters import ListParameters, Order, PageParameters
from config.api.reading import Reading
from config.api.routing import absolute
from config.errors import Detail
from config.nearest import nearest


def paginate(rows: Listed, asked: PageParameters, request: HttpRequest) -> Page:
    """The part of `rows` that was asked for. Raises BadParameters for a cursor of another list."""
    if "cursor" in asked.validated_data:
        return _by_cursor(rows, asked, request.path)
    return _by_page(rows, asked, request)


def page_of_nearest(rows: Reading, asked: ListParameters) -> Page | None:
    """One page of what comes nearest to the search; None when nothing comes near."""
    others: Any = asked.apart_from_search(rows.everything)
    found = rows.with_ids(nearest(others, asked.validated_data["search"], asked.size))
    if not found.pks:
        return None
    meta: dict[str, Any] = {"page_size": asked.size, "approximate": True}
    if "cursor" in asked.validated_data:
        meta["next_cursor"] = None
    else:
        meta |= {"page": 1, "total": len(found.pks), "next": None, "previous": None}
    return Page(found, meta)


# ── By page ───────────────────────────────────────────────────────────────────────────────────
def _by_page(rows: Listed, asked: PageParameters, request: HttpRequest) -> Page:
    number, size = asked.validated_data.get("page", 1), asked.size
    start = (number - 1) * size
    found = rows.part(asked.order, start, size, counted=True)
    if not found.more and (found.pks or number == 1):
        total = Total(start + len(found.pks), exact=True)  # the last page tells how many there are
    else:
        total = found.total or rows.count()
    meta: dict[str, Any] = {"page": number, "page_size": size, "total": total.rows}
    if not total.exact:
        meta["total_exact"] = False
    other = absolute(request, f"{request.path}?{asked.all_but_page}page=")
    meta["next"] = f"{other}{number + 1}" if found.more else None
    meta["previous"] = f"{other}{number - 1}" if number > 1 else None
    return Page(found, meta)


# ── By cursor ─────────────────────────────────────────────────────────────────────────────────
def _by_cursor(rows: Listed, asked: PageParameters, path: str) -> Page:
    """Keyset pagination: the page starts after the keys of the last row seen."""
    keys, size = asked.order, asked.size
    # The signature covers what list it is: the path, the filters and the order.
    order = [(key.name, key.descending) for key in keys]
    salt = repr((path, sorted(map(repr, asked.filters.items())), order))
    if cursor := asked.validated_data["cursor"]:
        found = _part_after(rows, keys, _opened(cursor, salt), size)
    else:
        found = rows.part(keys, 0, size)
    last = [_plain(key) for key in found.last_keys] if found.more else None
    next_cursor = signing.dumps(last, salt=salt) if last else None
    return Page(found, {"page_size": size, "next_cursor": next_cursor})


def _part_after(rows: Listed, keys: list[Order], values: list[Any], size: int) -> Part:
    """So many rows after these values of the keys.

    By several keys, first of those that share the first: by the second they are found at once where
    it has an index. To sort all that share it takes long where it has few values.
    """
    if by_several(keys):
        shared = Q(Exact(keys[0].expression, values[0])) & _after(keys[1:], values[1:])
        found = rows.after(rows.rows.filter(shared)).part(keys, 0, size)
        if found.more:
            return found
    return rows.after(rows.rows.filter(_after(keys, values))).part(keys, 0, size)


def _opened(cursor: str, salt: str) -> list[Any]:
    try:
        values: list[Any] = signing.loads(cursor, salt=salt)
    except signing.BadSignature as error:
        message = "This cursor is not of this list, or of another order or filter; start anew."
        raise BadParameters(Detail("cursor", "invalid", message)) from error
    return values


def _plain(value: Any) -> Any:
    """A key as JSON; PostgreSQL reads it back as what it was."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _after(keys: list[Order], values: list[Any]) -> Q:
    """The rows that come after `values` in the order of `keys`.

    Beside the exact condition stands a plain range on the first key, which an index can start at.
    """
    key, value = keys[0], values[0]
    beyond = (LessThan if key.descending else GreaterThan)(key.expression, value)
    if len(keys) == 1:
        return Q(beyond)
    here_on = (LessThanOrEqual if key.descending else GreaterThanOrEqual)(key.expression, value)
    tied = Q(Exact(key.expression, value)) & _after(keys[1:], values[1:])
    return Q(here_on) & (Q(beyond) | tied)
