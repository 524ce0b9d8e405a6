"""The door for the web server that we bring: `config.rsgi:application`."""

from django.conf import settings

from config.web import handler

handle = handler()  # which reads the settings

from config.serving.door import Door  # noqa: E402  it needs them

application = Door(handle, whole_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
