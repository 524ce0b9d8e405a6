"""The settings under test, with a place for files."""

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "tests.integration.uploads.urls"
