"""What locks the admin's log-in form: as many failures as THROTTLE_LOGIN allows tries.

django-axes counts them in PostgreSQL, for the account and for the client's address apart; this is
what it asks of us. The API's log-in has limits of its own.
"""

import math
from datetime import timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from config.incoming import parse_address
from config.limits import client_at
from config.rates import parse_rate
from users.querysets import UserManager

TOO_MANY_REQUESTS = 429


class Attempts(AxesDatabaseHandler):  # type: ignore[misc]  # it has no types
    """Failed attempts to log in; a success forgives the account's own and nobody else's.

    (Axes would forgive the address too: whoever has an account could then go on guessing.)
    """

    def reset_user_attempts(self, request: HttpRequest, credentials: Any = None) -> int:
        """Forget the account's failures; how many rows that were."""
        deleted, _ = AccessAttempt.objects.filter(username=account(request, credentials)).delete()
        return int(deleted)


def account(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Whose log-in is tried, in the one form in which e-mails are kept."""
    return UserManager.normalize_email((credentials or request.POST).get("username"))


def address(request: HttpRequest) -> str | None:
    """The client that tries, as TrustedProxies left it; None without an address (a unix socket)."""
    text = request.META.get("REMOTE_ADDR", "")
    return client_at(text) if parse_address(text) else None


def failure_limit(request: HttpRequest, credentials: Any) -> int:
    """The failure that locks."""
    return parse_rate(settings.THROTTLE_LOGIN).limit


def cool_off(request: HttpRequest | None) -> timedelta:
    """How long after the last failure it is locked."""
    return timedelta(seconds=parse_rate(settings.THROTTLE_LOGIN).window_s)


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    """The page that says so, the same whether there is such an account or not."""
    counted = [
        attempts.aggregate(failures=Max("failures_since_start"), last=Max("attempt_time"))
        for attempts in Attempts().get_user_attempts(request, credentials)
    ]
    limit = failure_limit(request, credentials)
    locking = [each["last"] for each in counted if (each["failures"] or 0) >= limit]
    last = max(locking, default=timezone.now())
    wait_s = max(1, math.ceil((last + cool_off(request) - timezone.now()).total_seconds()))
    context = {**admin.site.each_context(request), "title": "Log-in is locked", "wait_s": wait_s}
    page = render(request, "admin/locked_out.html", context, status=TOO_MANY_REQUESTS)
    page["Retry-After"] = str(wait_s)
    return page
