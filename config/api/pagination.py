"""A list in parts: by page with a total, or by cursor in constant time at any depth."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
)
from django.http import HttpRequest
from django.utils.http import urlencode

from config.api.exceptions import BadParameters
from config.api.parameters import ListParameters, Order, PageParameters
from config.errors import Detail

COUNTED_EXACTLY = 10_000  # matches of a filter; above that, the total is a lower bound


@dataclass(frozen=True)
class Page:
    """The rows of one answer and its `meta`."""

    rows: list[Any]
    meta: dict[str, Any] = field(default_factory=dict)


def paginate(rows: QuerySet[Any], asked: PageParameters, request: HttpRequest) -> Page:
    """The part of `rows` that was asked for. Raises BadParameters for a cursor of another list."""
    if "cursor" in asked.validated_data:
        return _by_cursor(rows, asked, request.path)
    return _by_page(rows, asked, request)


def nearest(rows: QuerySet[Any], asked: ListParameters) -> Page | None:
    """One page of what comes nearest, in the order `rows` has; None when nothing comes near."""
    found = list(rows[: asked.size])
    if not found:
        return None
    meta: dict[str, Any] = {"page_size": asked.size, "approximate": True}
    if "cursor" in asked.validated_data:
        return Page(found, {**meta, "next_cursor": None})
    return Page(found, {**meta, "page": 1, "total": len(found), "next": None, "previous": None})


# ── By page ───────────────────────────────────────────────────────────────────────────────────
def _by_page(rows: QuerySet[Any], asked: PageParameters, request: HttpRequest) -> Page:
    number, size = asked.validated_data.get("page", 1), asked.size
    start = (number - 1) * size
    found = list(rows.order_by(*(key.term() for key in asked.order))[start : start + size + 1])
    more, found = len(found) > size, found[:size]
    if not more and (found or number == 1):
        total, exact = start + len(found), True  # the last page tells how many there are
    else:
        total, exact = count(rows)
    meta: dict[str, Any] = {"page": number, "page_size": size, "total": total}
    if not exact:
        meta["total_exact"] = False
    meta["next"] = _url(request, number + 1) if more else None
    meta["previous"] = _url(request, number - 1) if number > 1 else None
    return Page(found, meta)


def count(rows: QuerySet[Any]) -> tuple[int, bool]:
    """How many rows there are, and whether that is exact.

    A filtered count stops after COUNTED_EXACTLY: counting a million matches at each request costs
    more than anybody reads out of it.
    """
    if not rows.query.where:
        return rows.count(), True
    counted = rows.order_by().values("pk")[: COUNTED_EXACTLY + 1].count()
    return min(counted, COUNTED_EXACTLY), counted <= COUNTED_EXACTLY


def _url(request: HttpRequest, page: int) -> str:
    query = [(k, v) for k, values in request.GET.lists() for v in values if k != "page"]
    return request.build_absolute_uri(f"{request.path}?{urlencode([*query, ('page', page)])}")


# ── By cursor ─────────────────────────────────────────────────────────────────────────────────
def _by_cursor(rows: QuerySet[Any], asked: PageParameters, path: str) -> Page:
    """Keyset pagination: the page starts after the keys of the last row seen."""
    keys, size = asked.order, asked.size
    # The signature covers what list it is: the path, the filters and the order.
    order = [(key.name, key.descending) for key in keys]
    salt = repr((path, sorted(map(repr, asked.filters.items())), order))
    columns = {f"key_{i}": key.expression for i, key in enumerate(keys)}
    if cursor := asked.validated_data["cursor"]:
        rows = rows.filter(_after(keys, _opened(cursor, salt)))
    ordered = rows.annotate(**columns).order_by(*(key.term() for key in keys))
    found = list(ordered[: size + 1])
    more = len(found) > size
    found = found[:size]
    last = [_plain(getattr(found[-1], name)) for name in columns] if more else None
    next_cursor = signing.dumps(last, salt=salt) if last else None
    return Page(found, {"page_size": size, "next_cursor": next_cursor})


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
