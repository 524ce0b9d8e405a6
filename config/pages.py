"""What only the admin's pages need of every request: the API has neither sessions nor forms.

Each is Django's own (or a library's), and steps aside below /api/.
"""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.common import CommonMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware

from config.api.edges import API_PREFIX


class ForPages:
    """Put before a middleware, it hands on what is asked of the API."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        """The answer; of a page, as the middleware makes it."""
        if request.path_info.startswith(API_PREFIX):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]  # the middleware's


class Static(ForPages, WhiteNoiseMiddleware):  # type: ignore[misc]  # it has no types
    """The files of the pages."""


class Sessions(ForPages, SessionMiddleware):
    """Who is logged in to the admin."""


class Common(ForPages, CommonMiddleware):
    """A slash at the end of each URL."""


class Authentication(ForPages, AuthenticationMiddleware):
    """request.user of the session."""


class Messages(ForPages, MessageMiddleware):
    """What the next page says."""
