"""A private PostgreSQL and Valkey out of wheels: for the first run, development and tests.

Each data folder has its own pair. They take requests on unix sockets in a folder closed to others,
are shared by all who use the same data folder, and stop with the last of them.
"""

from .errors import ServicesError
from .paths import Layout, database_url, make_data_folder, redis_url
from .services import Status, ended, running, start, status, stop

__all__ = [
    "Layout",
    "ServicesError",
    "Status",
    "database_url",
    "ended",
    "make_data_folder",
    "redis_url",
    "running",
    "start",
    "status",
    "stop",
]
