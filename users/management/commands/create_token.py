"""manage.py create_token EMAIL: a bearer token for a program."""

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config import history
from config.errors import DomainError
from users import services
from users.models import ApiToken, User

MAX_DAYS = 3650


class Command(BaseCommand):
    """Prints the token, and nothing else, on standard output: it can be read into a variable."""

    help = (
        "Make an API token for a user and print it, this once, alone on standard output: "
        "TOKEN=$(manage.py create_token me@example.org)"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and how much it may do for how long."""
        parser.add_argument("email", help="the e-mail of the user whose rights it has")
        parser.add_argument("--name", default="command line", help="what it is for")
        parser.add_argument("--scope", choices=ApiToken.Scope.values, default=ApiToken.Scope.WRITE)
        parser.add_argument(
            "--days", type=_days, help="how long it is good for (without: TOKEN_TTL_S seconds)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it. Raises CommandError for a user who is not there or not active."""
        email = User.objects.normalize_email(options["email"])
        user = User.objects.filter(email=email).first()
        if user is None:
            raise CommandError(f"There is no user with the e-mail {email}.")
        days = options["days"]
        end = None if days is None else timezone.now() + timedelta(days=days)
        try:
            with history.written_by(None, via="command create_token"):
                made = services.create_token(
                    user=user, name=options["name"], scope=options["scope"], expires_at=end
                )
        except DomainError as error:
            raise CommandError(str(error.details[0].message if error.details else error)) from error
        self.stderr.write(
            f"{made.record.prefix}… for {user.email}, scope {made.record.scope}, good until "
            f"{made.record.expires_at:%Y-%m-%d %H:%M} UTC:"
        )
        self.stdout.write(made.text)


def _days(text: str) -> float:
    days = float(text)
    if not 0 < days <= MAX_DAYS:
        raise ArgumentTypeError(f"{text} is not from 0 (excluded) to {MAX_DAYS} days")
    return days
