"""Django's handling of a request, without what a server asks of a handler it knows nothing of.

The path below which we are mounted is always the root, our URLs are always the same, and what
becomes of a request is logged by config.measuring.
"""

from typing import Any

from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponseBase

from config.serving.environ import Environ


class Handler(BaseHandler):
    """Answers environs."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware()

    def answer(self, environ: Environ) -> HttpResponseBase:
        """The response; to be closed when it has been sent."""
        request = WSGIRequest(environ)
        chain: Any = self._middleware_chain  # type: ignore[attr-defined]  # the stubs lack it
        response: Any = chain(request)
        response._resource_closers.append(request.close)  # noqa: SLF001  as get_response does
        return response  # type: ignore[no-any-return]
