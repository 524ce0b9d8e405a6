"""A request of the web server (RSGI) as WSGI has it, which is what Django reads."""

import sys
from functools import lru_cache
from io import BytesIO
from typing import IO, Any

Environ = dict[str, Any]

BEGUN = "stockroom.begun"  # in the environ: when the request came in, by time.perf_counter()
FORWARDED = "x-forwarded-for"
UNKNOWN = "\ufffd"  # stands for what cannot be read, so that it is not taken for absent
MAX_REMEMBERED = 1000  # names of headers
UNPREFIXED = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class Unreadable(ValueError):
    """What a header holds cannot be told, and has to be."""


def environ_of(
    scope: Any,
    *,
    begun: float,
    body: bytes | IO[bytes] = b"",
    size: int | None = None,
) -> Environ:
    """The environ of a request that came in at `begun`; `size` of a body that told none itself.

    Of a header that came several times the values are joined. One with an underscore in its name
    is left out: it could not be told from one with a dash, which a proxy may vouch for. One that is
    not ASCII stands there as something that nobody takes; raises Unreadable where it would name the
    client.
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
        "wsgi.input": BytesIO(body) if isinstance(body, bytes) else body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    seen = set()
    for name, value in scope.headers.items():
        seen.add(name)
        if "_" not in name:
            key = _key_of(name)
            joint = "; " if name == "cookie" else ","
            environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    if len(names := set(scope.headers.keys())) > len(seen):  # the web server keeps them to itself
        if FORWARDED in names - seen:
            raise Unreadable("X-Forwarded-For may hold ASCII alone.")
        environ.update(dict.fromkeys(map(_key_of, names - seen), UNKNOWN))
    if size is not None:
        environ["CONTENT_LENGTH"] = str(size)
    if scope.authority and "HTTP_HOST" not in environ:  # as HTTP/2 names the host
        environ["HTTP_HOST"] = scope.authority
    return environ


@lru_cache(MAX_REMEMBERED)
def _key_of(name: str) -> str:
    return UNPREFIXED.get(name) or f"HTTP_{name.upper().replace('-', '_')}"


def _as_wsgi(text: str) -> str:
    """WSGI takes bytes for Latin-1, whatever they are."""
    return text if text.isascii() else text.encode().decode("latin-1")
