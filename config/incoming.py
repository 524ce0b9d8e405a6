"""Every request's id, and whom to believe about where it comes from."""

import ipaddress
import logging
import random
import re
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

NEW_ID_BITS = 128
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
FORWARDED_HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")

OUTSIDE = "-"  # the id of what is done outside of any request
current_request_id: ContextVar[str] = ContextVar("current_request_id", default=OUTSIDE)


def request_id_of(request: HttpRequest) -> str:
    """The id of a request: the client's own when it is a sane token, else a new one.

    So one id follows a call through several services.
    """
    given: str = request.META.get("HTTP_X_REQUEST_ID", "")
    if SANE_REQUEST_ID.fullmatch(given):
        return given
    new = random.getrandbits(NEW_ID_BITS)  # nobody gains by guessing it
    return f"{new:0{NEW_ID_BITS // 4}x}"


class RequestIdFilter(logging.Filter):
    """Lend every log record the id of the request it was written in ("-" outside of one)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes, with its `request_id`."""
        record.request_id = current_request_id.get()
        return True


class TrustedProxies:
    """Believe `X-Forwarded-*` only from TRUSTED_PROXIES; from anyone else it is removed.

    From a trusted proxy, REMOTE_ADDR becomes the nearest address in `X-Forwarded-For` that is not
    itself a trusted proxy: a client can write anything to the left of it. (The proxy has to drop
    `X_Forwarded_For`, which a WSGI server cannot tell from it.)
    """

    def __init__(self) -> None:
        self.networks = [ipaddress.ip_network(proxy) for proxy in settings.TRUSTED_PROXIES]

    def look_through(self, request: HttpRequest) -> None:
        """Let the request tell only what can be believed of its origin."""
        if self.trusts(request.META.get("REMOTE_ADDR", "")):
            self.adopt_client(request)
        else:
            for header in FORWARDED_HEADERS:
                request.META.pop(header, None)

    def trusts(self, text: str) -> bool:
        """True when `text` is an address of TRUSTED_PROXIES."""
        if not self.networks:
            return False
        address = parse_address(text)
        return address is not None and any(address in network for network in self.networks)

    def adopt_client(self, request: HttpRequest) -> None:
        """Let REMOTE_ADDR name the client that the trusted proxy speaks for, if it is readable."""
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        client = next((hop for hop in map(str.strip, reversed(hops)) if not self.trusts(hop)), "")
        if address := parse_address(client):
            request.META["REMOTE_ADDR"] = str(address)


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that `text` writes, or None when it writes none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
