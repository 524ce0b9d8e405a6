"""Whose change it was: what the admin's pages write is ascribed to whoever sent them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from config import history


def attributed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Ascribe what a page of the admin writes to whoever sent it."""

    @wraps(view)
    def wrapped(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(self, request, *args, **kwargs)
        with history.written_by(request.user, via="admin"):
            return view(self, request, *args, **kwargs)

    return wrapped


class AttributedAdmin(admin.ModelAdmin):
    """A model whose changes are ascribed, on each of Django's pages that write."""

    @attributed
    def changeform_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add or change one."""
        return super().changeform_view(*args, **kwargs)

    @attributed
    def changelist_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """The list, and what is done to many at once."""
        return super().changelist_view(*args, **kwargs)

    @attributed
    def delete_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Delete one."""
        return super().delete_view(*args, **kwargs)
