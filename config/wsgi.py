"""The door for WSGI servers: `config.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# A request waits for a lock, or for the database, only so long; a command as long as it takes.
os.environ.setdefault("LOCK_TIMEOUT_S", "3")
os.environ.setdefault("STATEMENT_TIMEOUT_S", "30")

application = get_wsgi_application()
