"""manage.py ensure_admin: somebody who can log in and let others in."""

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from users.models import User

PASSWORD_BYTES = 12
ADMIN_NAME = "Administrator"


class Command(BaseCommand):
    """Makes an administrator where there is none; otherwise does nothing."""

    help = (
        "Make an administrator, if there is none, from ADMIN_EMAIL and ADMIN_PASSWORD; a password "
        "that is not given is made up and printed, this once."
    )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Make one, or say that there is one."""
        if User.objects.filter(is_superuser=True, is_active=True).exists():
            return
        email = User.objects.normalize_email(settings.ADMIN_EMAIL)
        password = settings.ADMIN_PASSWORD or secrets.token_urlsafe(PASSWORD_BYTES)
        User.objects.create_superuser(email, password, name=ADMIN_NAME)
        shown = "as in ADMIN_PASSWORD" if settings.ADMIN_PASSWORD else password
        self.stdout.write(f"Administrator: {email}\nPassword:      {shown}")
        if not settings.ADMIN_PASSWORD:
            self.stdout.write("(shown this once; change it in the admin, top right)")
