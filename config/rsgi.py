"""The door for the web server that we bring: `config.rsgi:application`."""

from config.web import set_up

set_up()

from django.conf import settings  # noqa: E402  they are read now

from config.serving.door import Door  # noqa: E402
from config.serving.handler import Handler  # noqa: E402

application = Door(Handler(), whole_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
