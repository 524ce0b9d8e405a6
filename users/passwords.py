"""What happens when a password changes, wherever it is changed: API, admin or command."""

from users import services
from users.models import User


class EndsTokens:
    """Django tells every password validator of a change: this one revokes the user's tokens.

    Whoever knew the old password may have made tokens with it. A mere upgrade of the hash is not a
    change. It accepts every password.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        """Nothing to refuse."""

    def get_help_text(self) -> str:
        """What stands beside the form."""
        return "A new password ends all API tokens of the account."

    def password_changed(self, password: str, user: User | None = None) -> None:
        """Revoke what is not revoked yet."""
        if user is not None and user.pk is not None:
            services.revoke_tokens_of(user)
