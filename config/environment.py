"""What the settings ask of an environment variable before they believe it."""

from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from environs import ValidationError

from config import currencies
from config.rates import parse_rate

DATABASE_SCHEMES = ("postgresql", "postgres")
SECRET_KEY_MIN_LENGTH = 50  # what Django's own check asks for
CACHE_SCHEMES = ("redis", "rediss", "unix")


def database_url(value: str) -> None:
    """Raise ValidationError, without showing the password, unless this is PostgreSQL's URL."""
    _url(value, DATABASE_SCHEMES, "postgresql://USER:PASSWORD@HOST:5432/NAME")


def cache_url(value: str) -> None:
    """Raise ValidationError unless this is the URL of a server that speaks Redis' protocol."""
    _url(value, CACHE_SCHEMES, "redis://HOST:6379/0")


def names(text: str) -> list[str]:
    """What is listed, separated by commas, with or without spaces."""
    return [name.strip() for name in text.split(",") if name.strip()]


def secret_key(value: str) -> None:
    """Raise ValidationError for a key that somebody could guess."""
    if value and len(value) < SECRET_KEY_MIN_LENGTH:
        raise ValidationError(
            f"{len(value)} characters are too few; give it {SECRET_KEY_MIN_LENGTH} or more."
        )


def networks(text: str) -> None:
    """Raise ValidationError unless each name is an IP address or a network of them."""
    for value in names(text):
        try:
            ip_network(value)
        except ValueError as error:
            raise ValidationError(f"{error}; expected e.g. 127.0.0.1 or 10.0.0.0/8.") from error


def folder(value: str) -> None:
    """Raise ValidationError unless this is a folder that is there."""
    if value and not Path(value).is_dir():
        raise ValidationError(f"{value} is no folder; make it first, empty at each start.")


def currency(value: str) -> None:
    """Raise ValidationError unless this is a code of ISO 4217."""
    if value not in currencies.DECIMALS:
        raise ValidationError(f"{value!r} is no currency's code; expected e.g. EUR.")


def rate(value: str) -> None:
    """Raise ValidationError unless this is a rate, like 60/min."""
    try:
        parse_rate(value)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def _url(value: str, schemes: tuple[str, ...], example: str) -> None:
    if not value:
        return
    try:
        parts = urlsplit(value)
        readable = parts.scheme in schemes and (parts.port is None or parts.port > 0)
    except ValueError:  # the port is no number
        readable = False
    if not readable:
        raise ValidationError(f"Not understood; expected e.g. {example}.")
