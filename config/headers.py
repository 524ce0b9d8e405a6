"""The headers of answers: what has been checked once is not checked again.

Django checks each header when it is set, and looks each up by its name when they are listed.
"""

from collections.abc import Mapping

from django.http import HttpResponseBase
from django.http.response import ResponseHeaders


def put_on(response: HttpResponseBase, ready: ResponseHeaders) -> None:
    """Set these headers, in place of those of the same names."""
    response.headers._store.update(ready._store)  # noqa: SLF001


def put_values(response: HttpResponseBase, ours: Mapping[str, str]) -> None:
    """Set headers of our own making, of which none holds what a client has sent."""
    store = response.headers._store  # noqa: SLF001
    store.update({name.lower(): (name, value) for name, value in ours.items()})


def pairs_of(response: HttpResponseBase) -> list[tuple[str, str]]:
    """The names and values of all headers; cookies are not among them."""
    return list(response.headers._store.values())  # noqa: SLF001
