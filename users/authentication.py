"""Who speaks: the bearer token of a request, looked up by its digest."""

import time
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models.functions import Now
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from config.statements import Statement, compiled, fetch
from config.text import SEARCH_COLUMN
from users.models import ApiToken, User
from users.services import digest_of

KEYWORD = "Bearer"
# A revocation, and a change of rights, hold everywhere within this time: so says the contract.
REMEMBERED_S = 1.0
MAX_REMEMBERED = 10_000  # tokens

UNREAD = frozenset({"digest", "password", SEARCH_COLUMN})
TOKEN_COLUMNS, USER_COLUMNS = (
    [f.attname for f in model._meta.concrete_fields if f.attname not in UNREAD]
    for model in (ApiToken, User)
)

_remembered: dict[bytes, tuple[float, ApiToken]] = {}  # {digest: (until when, the token)}


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer sr_…`; the admin's session opens nothing here.

    One message for every token that does not open, so that an answer tells nothing about which
    tokens exist.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The user and the token, or None without an Authorization header.

        Raises AuthenticationFailed for a header that is not a bearer token, and for a token that is
        unknown, expired, revoked, or of an inactive user.
        """
        header: str = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        keyword, _, text = header.partition(" ")
        if keyword.lower() != KEYWORD.lower() or not text.strip():
            raise AuthenticationFailed("The Authorization header must read: Bearer <token>.")
        token = _token_of(digest_of(text.strip()))
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What `WWW-Authenticate` asks for."""
        return KEYWORD


def _token_of(digest: bytes) -> ApiToken:
    """The token and its user, with the rights that have been asked for, as of a moment ago.

    Raises AuthenticationFailed.
    """
    now = time.monotonic()
    until, token = _remembered.get(digest, (now, None))
    if token is not None and now < until:
        return token
    rows = fetch(*_usable().about(digest))
    if not rows:
        raise AuthenticationFailed("The token is unknown, expired or revoked.")
    at = len(TOKEN_COLUMNS)
    found: Any = ApiToken.from_db(DEFAULT_DB_ALIAS, TOKEN_COLUMNS, rows[0][:at])
    found.user = User.from_db(DEFAULT_DB_ALIAS, USER_COLUMNS, rows[0][at:])
    if found.was_not_used_lately():
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=Now())
    if len(_remembered) >= MAX_REMEMBERED:
        _remembered.clear()
    _remembered[digest] = (now + REMEMBERED_S, found)
    return found  # type: ignore[no-any-return]


@cache
def _usable() -> Statement:
    """What finds a token that opens, and its user; its last value is the digest."""
    columns = [*TOKEN_COLUMNS, *(f"user__{name}" for name in USER_COLUMNS)]
    return compiled(ApiToken.objects.usable().filter(digest=b"").values_list(*columns))
