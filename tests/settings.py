"""The settings under test: the real ones, on servers of the tests' own, with a quick hash."""

import os
from pathlib import Path

os.environ.setdefault(
    "SECRET_KEY", "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789"
)
os.environ.setdefault("STOCKROOM_DATA", str(Path(__file__).resolve().parent.parent / ".data/test"))
os.environ["HTTPS"] = "off"
os.environ.setdefault("THROTTLE_ANONYMOUS", "1000000/min")  # out of reach
os.environ.setdefault("THROTTLE_SIGNED_IN", "1000000/min")
os.environ.setdefault("THROTTLE_LOGIN", "1000000/min")

from config.settings import *  # noqa: F403

NEVER_S = 120  # whoever has waited for a lock for so long in a test would wait for ever
if not LOCK_TIMEOUT_S:  # noqa: F405
    DATABASES["default"]["OPTIONS"]["options"] += f" -c lock_timeout={NEVER_S}s"  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A server in another locale still gives us a database in which text search sees every script.
DATABASES["default"]["TEST"] = {"TEMPLATE": "template0"}  # noqa: F405
WHITENOISE_AUTOREFRESH = True  # look a static file up when asked, not all at each client's start
# A running server shares its cache with nobody; in a test, each has one of its own (conftest.py).
CACHES["default"]["KEY_PREFIX"] = f"stockroom-test-{DATABASES['default']['NAME']}"  # noqa: F405
PROCRASTINATE_IMPORT_PATHS = ["tests.tasks"]  # a worker under test knows them too
