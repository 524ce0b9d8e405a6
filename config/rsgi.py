"""The door for the web server that we bring: `config.rsgi:application`."""

from config.serving.scheduling import leave_threads_alone

leave_threads_alone()  # before there are any: those that follow do as this one

from config.web import set_up  # noqa: E402

set_up()

from django.conf import settings  # noqa: E402  they are read now

from config.serving.door import Door  # noqa: E402
from config.serving.handler import Handler  # noqa: E402
from config.serving.receiving import Receiver, UploadLimits  # noqa: E402
from config.sizes import MB  # noqa: E402

application = Door(
    Handler(),
    Receiver(
        whole_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        uploads=UploadLimits(settings.UPLOAD_PATHS, settings.IMPORT_MAX_MB * MB),
    ),
)
