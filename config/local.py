"""The environment of processes: what a private run needs in it before the settings are read.

A run is private when neither a key nor a database is named: on a laptop, in a trial, in a test.
"""

import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path

from config.embedded import ServicesError, make_data_folder
from config.environment import SECRET_KEY_MIN_LENGTH

BASE_DIR = Path(__file__).resolve().parent.parent
STARTERS = frozenset({"up", "services"})
KEY_FILE = "secret_key"
KEY_BYTES = 50


def prepare_environment(command: str) -> None:
    """Give a private run a secret key of its own, plain HTTP, and logs that a person reads.

    What `HTTPS` and `LOG_FORMAT` say goes first.

    The key is made once, by one of the commands that begin such a run (STARTERS), and kept in the
    data folder (`STOCKROOM_DATA`, or `.data` beside manage.py). Does nothing when `SECRET_KEY` or
    `DATABASE_URL` is set, nor for another command before there is a key. Ends the process with a
    sentence when the key can be neither read nor made.
    """
    if os.environ.get("SECRET_KEY") or os.environ.get("DATABASE_URL"):
        return
    data = BASE_DIR / (os.environ.get("STOCKROOM_DATA") or ".data")
    if command not in STARTERS and not (data / KEY_FILE).exists():
        return
    try:
        make_data_folder(data)
        key = _secret_key(data / KEY_FILE)
    except (OSError, ServicesError) as error:
        sys.exit(f"{error}\n(It would hold this run's secret key; or set SECRET_KEY yourself.)")
    os.environ["SECRET_KEY"] = key
    os.environ.setdefault("HTTPS", "off")
    os.environ.setdefault("LOG_FORMAT", "text")


def environment_with(**variables: str) -> dict[str, str]:
    """The environment of this process with these variables, for a child."""
    return {**os.environ, **variables}


def _secret_key(path: Path) -> str:
    if not path.exists():
        _make_key(path)
    key = path.read_text(encoding="ascii").strip()
    if len(key) < SECRET_KEY_MIN_LENGTH:
        raise ServicesError(
            f"{path} holds {len(key)} characters, not a key of {SECRET_KEY_MIN_LENGTH} or more. "
            "Delete it and a new one is made; everyone then signs in again."
        )
    return key


def _make_key(path: Path) -> None:
    """Write a key that is there whole or not at all; the first of several makers wins."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink()
