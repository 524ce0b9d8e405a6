"""manage.py revoke_token TOKEN: a token that has leaked or is no longer needed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import history
from users import services
from users.models import ApiToken


class Command(BaseCommand):
    """Revokes by the token itself, or by the prefix that lists show."""

    help = (
        "Revoke an API token, given whole or by its prefix (as the admin and GET /tokens show it)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which one."""
        parser.add_argument("token", help="the token, or its first characters: sr_AbC123")

    def handle(self, *args: Any, **options: Any) -> None:
        """Revoke it. Raises CommandError unless exactly one token fits."""
        given = options["token"]
        prefix = given[: services.SHOWN_PREFIX_LENGTH]
        if len(prefix) < services.SHOWN_PREFIX_LENGTH:
            raise CommandError(f"Give {services.SHOWN_PREFIX_LENGTH} characters of it or more.")
        found = ApiToken.objects.filter(prefix=prefix).select_related("user")
        if len(given) > len(prefix):
            found = found.filter(digest=services.digest_of(given))
        if len(found) != 1:
            raise CommandError(f"{len(found)} tokens fit {prefix}…; exactly one must.")
        with history.written_by(None, via="command revoke_token"):
            services.revoke_token(found[0])
        self.stdout.write(f"Revoked: {found[0]} of {found[0].user.email}.")
