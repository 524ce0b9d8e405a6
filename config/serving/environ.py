"""A request of the web server (RSGI) as WSGI has it, which is what Django reads."""

import sys
from io import BytesIO
from typing import Any

Environ = dict[str, Any]

BEGUN = "stockroom.begun"  # in the environ: when the request came in, by time.perf_counter()
UNPREFIXED = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def environ_of(scope: Any, *, begun: float, body: bytes = b"", size: int | None = None) -> Environ:
    """The environ of a request that came in at `begun`; `size` of a body that told none itself.

    Of a header that came several times the values are joined. One with an underscore in its name
    is left out: it could not be told from one with a dash, which a proxy may vouch for.
    """
    host, _, port = scope.server.rpartition(":")
    environ = {
        BEGUN: begun,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": _as_wsgi(scope.path),
        "QUERY_STRING": _as_wsgi(scope.query_string),
        "SCRIPT_NAME": "",
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" not in name:
            key = UNPREFIXED.get(name) or f"HTTP_{name.upper().replace('-', '_')}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    if size is not None:
        environ["CONTENT_LENGTH"] = str(size)
    if scope.authority and "HTTP_HOST" not in environ:  # as HTTP/2 names the host
        environ["HTTP_HOST"] = scope.authority
    return environ


def _as_wsgi(text: str) -> str:
    """WSGI takes bytes for Latin-1, whatever they are."""
    return text if text.isascii() else text.encode().decode("latin-1")
