"""What every server of the web begins with."""

import os

import django


def set_up() -> None:
    """Set Django up for the web: a request waits for a lock, or the database, only so long.

    (A command waits as long as it takes.)
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("LOCK_TIMEOUT_S", "3")
    os.environ.setdefault("STATEMENT_TIMEOUT_S", "30")
    django.setup(set_prefix=False)
