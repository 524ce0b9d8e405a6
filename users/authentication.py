"""Who speaks: the bearer token of a request, looked up by its digest."""

from django.db.models.functions import Now
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from users.models import ApiToken, User
from users.services import digest_of

KEYWORD = "Bearer"


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
        header = get_authorization_header(request)
        if not header:
            return None
        keyword, _, text = header.decode("latin-1").partition(" ")
        if keyword.lower() != KEYWORD.lower() or not text.strip():
            raise AuthenticationFailed("The Authorization header must read: Bearer <token>.")
        found = ApiToken.objects.usable().select_related("user")
        token = found.filter(digest=digest_of(text.strip())).first()
        if token is None:
            raise AuthenticationFailed("The token is unknown, expired or revoked.")
        if token.was_not_used_lately():
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=Now())
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What `WWW-Authenticate` asks for."""
        return KEYWORD
