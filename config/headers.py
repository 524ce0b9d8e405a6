"""The headers of answers: what has been checked once is not checked again.

Django checks each header when it is set, and looks each up by its name when they are listed.
"""

from django.http import HttpResponseBase
from django.http.response import ResponseHeaders


def put_on(response: HttpResponseBase, ready: ResponseHeaders) -> None:
    """Set these headers, in place of those of the same names."""
    response.headers._store.update(ready._store)  # noqa: SLF001


def pairs_of(response: HttpResponseBase) -> list[tuple[str, str]]:
    """The names and values of all headers; cookies are not among them."""
    return list(response.headers._store.values())  # noqa: SLF001
