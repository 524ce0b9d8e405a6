"""Who speaks: the bearer token of a request, looked up by its digest."""

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import islice
from threading import Lock
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from config.prepared import Statement
from config.statements import compiled, fetch
from users.backends import knows_rights, read_rights
from users.models import LAST_USE_STEP, ApiToken, User
from users.services import digest_of

KEYWORD = "Bearer"
# A revocation, and a change of rights, hold everywhere within this time: so says the contract.
REMEMBERED_S = 1.0
# Before that is over somebody reads again what is in use, and the others need not wait for it.
AGAIN_S = 0.75
SOON_S = 0.5  # what has been remembered for longer is read again with another
MAX_REMEMBERED = 10_000  # tokens
MAX_TOGETHER = 50  # tokens that one request reads again with its own

# By whoever comes first: another process may be about to write the same.
USED = (
    "UPDATE users_apitoken SET last_used_at = statement_timestamp() WHERE id IN"
    " (SELECT id FROM users_apitoken WHERE id = ANY(%s) FOR NO KEY UPDATE SKIP LOCKED)"
)

UNREAD = frozenset({"digest", "password"})
TOKEN_COLUMNS, USER_COLUMNS = (
    [f.attname for f in model._meta.concrete_fields if f.attname not in UNREAD]
    for model in (ApiToken, User)
)


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
        token = remembered.token(digest_of(text.strip()))
        if token is None:
            raise AuthenticationFailed("The token is unknown, expired or revoked.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What `WWW-Authenticate` asks for."""
        return KEYWORD


@dataclass
class _Known:
    """A token that opens, as it was at a moment (by time.monotonic())."""

    token: ApiToken
    read_at: float
    is_used: bool = False  # since then


class Remembered:
    """Tokens and their users, with the rights that were asked for, as of a moment ago.

    Whoever finds a token old reads with it those that will be old soon, if they are in use: so one
    statement serves many. What is too old is believed by nobody.
    """

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._most = most
        self._known: OrderedDict[bytes, _Known] = OrderedDict()  # what was read first comes first
        self._lock, self._reading = Lock(), Lock()

    def token(self, digest: bytes) -> ApiToken | None:
        """The token with this digest, and its user; None when it does not open."""
        now = time.monotonic()
        known = self._known.get(digest)
        age_s = REMEMBERED_S if known is None else now - known.read_at
        if age_s >= REMEMBERED_S:
            known = self._read(digest, now)
        elif age_s >= AGAIN_S and self._reading.acquire(blocking=False):
            try:
                known = self._read(digest, now)
            finally:
                self._reading.release()
        if known is None:
            return None
        if not known.is_used:
            known.is_used = True
            self._note_use(known.token)
        return known.token

    def _note_use(self, token: ApiToken) -> None:
        """Write when it was used; with it, of all that are in use, those that were to be soon."""
        if not token.was_not_used_for(LAST_USE_STEP):
            return
        with self._lock:
            in_use = [known.token for known in self._known.values() if known.is_used]
        soon = [each for each in in_use if each.was_not_used_for(LAST_USE_STEP / 2)]
        noted = {each.pk: each for each in (token, *soon)}
        fetch(USED, [list(noted)])
        for each in noted.values():
            each.last_used_at = timezone.now()  # until it is read again

    def _read(self, digest: bytes, now: float) -> _Known | None:
        old = self._old(now)
        in_use = (each for each, known in old.items() if known.is_used)
        found = _usable_tokens({digest, *in_use})
        rights_asked_of = (
            each for each in found if each in old and knows_rights(old[each].token.user)
        )
        read_rights([found[each].user for each in rights_asked_of])
        read = {each: _Known(token, read_at=now) for each, token in found.items()}
        with self._lock:
            for each in (digest, *old):
                self._known.pop(each, None)
            self._known.update(read)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return read.get(digest)

    def _old(self, now: float) -> dict[bytes, _Known]:
        with self._lock:
            first = list(islice(self._known.items(), MAX_TOGETHER))
        return {digest: known for digest, known in first if now - known.read_at > SOON_S}


remembered = Remembered()


def _usable_tokens(digests: Iterable[bytes]) -> dict[bytes, Any]:
    """{digest: token} of those that open, each with its user."""
    found: dict[bytes, Any] = {}
    end = 1 + len(TOKEN_COLUMNS)
    for row in fetch(*_usable().about(list(digests))):
        token: Any = ApiToken.from_db(DEFAULT_DB_ALIAS, TOKEN_COLUMNS, row[1:end])
        token.user = User.from_db(DEFAULT_DB_ALIAS, USER_COLUMNS, row[end:])
        found[row[0]] = token
    return found


@cache
def _usable() -> Statement:
    """What finds tokens that open, and their users; its last value are the digests."""
    columns = ["digest", *TOKEN_COLUMNS, *(f"user__{name}" for name in USER_COLUMNS)]
    return compiled(ApiToken.objects.usable().with_digests([]).order_by().values_list(*columns))
