"""manage.py ensure_admin: somebody who can log in and let others in."""

import secrets
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from config import history
from users.models import User

PASSWORD_BYTES = 12
ADMIN_NAME = "Administrator"


class Command(BaseCommand):
    """Makes an administrator where there is none; otherwise does nothing."""

    help = (
        "Make an administrator, if there is none, from ADMIN_EMAIL and ADMIN_PASSWORD; a password "
        "that is not given is made up and printed, this once."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make one, unless there is one. Raises CommandError when ADMIN_EMAIL cannot be theirs."""
        if User.objects.filter(is_superuser=True, is_active=True).exists():
            return
        email = User.objects.normalize_email(settings.ADMIN_EMAIL)
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"ADMIN_EMAIL is no e-mail address: {email!r}.") from error
        if User.objects.filter(email=email).exists():
            raise CommandError(
                f"There is no active administrator, and {email} belongs to somebody else or to one "
                "who is not active. Name another address in ADMIN_EMAIL."
            )
        password = settings.ADMIN_PASSWORD or secrets.token_urlsafe(PASSWORD_BYTES)
        with history.written_by(None, via="command ensure_admin"):
            User.objects.create_superuser(email, password, name=ADMIN_NAME)
        shown = "as in ADMIN_PASSWORD" if settings.ADMIN_PASSWORD else password
        self.stdout.write(f"Administrator: {email}\nPassword:      {shown}")
        if not settings.ADMIN_PASSWORD:
            self.stdout.write("(shown this once; change it in the admin, top right)")
