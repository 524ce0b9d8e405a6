"""Paths: which view answers one, looked up once for all that differ in an id alone; and URLs."""

import re
from functools import lru_cache

from django.http import HttpRequest
from django.urls import ResolverMatch, get_resolver
from rest_framework.request import Request

MAX_REMEMBERED = 1000  # paths, those that are not long
MAX_REMEMBERED_LENGTH = 200
ID = re.compile(r"(?<=/)[0-9]{1,18}(?=/|$)")
KWARG = "pk"  # as every route of ours calls the id


def resolve(path: str) -> ResolverMatch:
    """What Django's resolver finds for a path. Raises Resolver404."""
    if len(path) > MAX_REMEMBERED_LENGTH:
        return _resolved.__wrapped__(path)
    found = ID.search(path)
    if found is None:
        return _resolved(path)
    match = _resolved(f"{path[: found.start()]}1{path[found.end() :]}")
    if match.kwargs.keys() != {KWARG}:
        return _resolved.__wrapped__(path)
    return ResolverMatch(
        func=match.func,
        args=(),
        kwargs={KWARG: int(found[0])},
        url_name=match.url_name,
        route=match.route,
    )


@lru_cache(MAX_REMEMBERED)
def _resolved(path: str) -> ResolverMatch:
    return get_resolver().resolve(path)


def absolute(request: HttpRequest | Request, path: str) -> str:
    """The URL of a path (and query) of ours, as the client has reached us.

    (Its Host is one of ours: config.api.edges has looked, and Django need not look again.)
    """
    host = request.META.get("HTTP_HOST") or request.get_host()
    return f"{request.scheme}://{host}{path}"
