"""The front of the house: what happens to every request, and who answers which."""

from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse

from config.api.edges import API_PREFIX, ApiEdges
from config.health import endpoints
from config.incoming import GetResponse, TrustedProxies, current_request_id, request_id_of
from config.measuring import measured
from config.metrics import figures

# Asked by machines, which may speak plain HTTP and name whatever Host they like; and before it is
# believed from whom a request comes, so that the figures know from whom it really does.
PROBES = {"/healthz": endpoints.alive, "/readyz": endpoints.ready, "/metrics": figures}


class Front:
    """Gives every request its id, measures it, and hands it to whoever answers its path.

    The id is on the response (`X-Request-ID`) and on every log line between the two. What is
    asked below /api/ meets none of the middlewares that come after this one.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._pages, self._api = get_response, ApiEdges()
        self._proxies = TrustedProxies()
        self._answered: Any = convert_exception_to_response(self._answer)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response, with the id."""
        request_id = request_id_of(request)
        current_request_id.set(request_id)  # stays until the next: Django still logs the response
        response = measured(request, self._answered)
        response["X-Request-ID"] = request_id
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if probe := PROBES.get(request.path):
            return probe(request)
        self._proxies.look_through(request)
        if request.path.startswith(API_PREFIX):
            return self._api.answer(request)
        return self._pages(request)
