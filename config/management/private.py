"""Which services are ours to run, by the settings."""

from django.conf import settings

VARIABLES = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}


def private_services() -> list[str]:
    """The names of the services for which no real server is named in the environment."""
    private = {"postgres": settings.PRIVATE_DATABASE, "valkey": settings.PRIVATE_CACHE}
    return [name for name in VARIABLES if private[name]]
