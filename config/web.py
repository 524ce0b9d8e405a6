"""What every server of the web begins with."""

import os

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application


def handler() -> WSGIHandler:
    """Django, set up for the web: it waits for a lock, or the database, only so long.

    (A command waits as long as it takes.)
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("LOCK_TIMEOUT_S", "3")
    os.environ.setdefault("STATEMENT_TIMEOUT_S", "30")
    return get_wsgi_application()
