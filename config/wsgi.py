"""The door for WSGI servers: `config.wsgi:application`."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# A request waits for a lock, or for the database, only so long; a command as long as it takes.
os.environ.setdefault("LOCK_TIMEOUT_S", "3")
os.environ.setdefault("STATEMENT_TIMEOUT_S", "30")

SLOTS = 2  # requests computed at once in one process: some wait for the database meanwhile
SENDERS = 24  # bodies that may come in at once; the rest of the server's 32 threads is for others

handler = get_wsgi_application()  # which reads the settings

from config.slots import Slots  # noqa: E402  it needs them

application = Slots(
    handler, count=SLOTS, senders=SENDERS, whole_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE
)
