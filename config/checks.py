"""What `manage.py check --deploy` asks beyond what Django asks."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security, deploy=True)
def any_host(**_: Any) -> list[checks.CheckMessage]:
    """A warning where every Host is answered: links would lead to wherever a stranger says."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    message = "ALLOWED_HOSTS holds *, so that any Host is answered."
    hint = "Name the hosts that are yours."
    return [checks.Warning(message, hint=hint, id="stockroom.W001")]


@checks.register(checks.Tags.security, deploy=True)
def https_without_proxy(**_: Any) -> list[checks.CheckMessage]:
    """A warning where nobody can be believed to have ended TLS: every answer is a redirect."""
    if not settings.HTTPS or settings.TRUSTED_PROXIES:
        return []
    message = "HTTPS is on and TRUSTED_PROXIES is empty, so that every request is sent to https."
    hint = "Name the proxy that ends TLS in TRUSTED_PROXIES, 127.0.0.1 if it runs on this machine."
    return [checks.Warning(message, hint=hint, id="stockroom.W002")]


@checks.register(checks.Tags.security, deploy=True)
def password_left(**_: Any) -> list[checks.CheckMessage]:
    """A warning where the first administrator's password still lies about."""
    if not settings.ADMIN_PASSWORD:
        return []
    message = "ADMIN_PASSWORD is in the environment, which only the first start needs."
    hint = "Remove it, and change that administrator's password if others could read it."
    return [checks.Warning(message, hint=hint, id="stockroom.W003")]
