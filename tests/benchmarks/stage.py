"""What is measured, and what it stands on: all in a data folder of its own, for one run."""

import logging
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import httpx
import psycopg

from tests.running import PROJECT, free_port

FOLDER = PROJECT / ".data" / "bench"
HERE = Path(__file__).resolve().parent
USERS, SAMPLE = 100, 2_000
WORKERS = 2
START_S, STOP_S = 60.0, 20.0
OUT_OF_REACH = "999999999/min"
ENVIRONMENT = {
    "STOCKROOM_DATA": str(FOLDER),
    "THROTTLE_SIGNED_IN": OUT_OF_REACH,
    "THROTTLE_ANONYMOUS": OUT_OF_REACH,
    "LOG_FORMAT": "json",
}
# One of the items on the first page becomes another version of itself.
CHANGE = (
    "UPDATE items_item SET name = name"
    " WHERE id = (SELECT max(id) - floor(random() * 50) FROM items_item)"
)
CHANGE_EVERY_S = 0.01
# Nothing changes, and no list is kept any longer: PostgreSQL cannot know that.
TICK = "SELECT pg_current_xact_id()"
TICK_EVERY_S = 0.001


class Unready(Exception):
    """What is missing; the message says what helps."""


def begin() -> None:
    """Set Django up on the data folder of the benchmarks. Raises Unready without wrk."""
    if shutil.which("wrk") is None:
        raise Unready("wrk is not on the PATH: `apt-get install wrk` or `brew install wrk`.")
    os.environ.update(ENVIRONMENT)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.local import prepare_environment

    prepare_environment("services")
    import django

    django.setup()
    logging.getLogger("httpx").setLevel(logging.WARNING)


@contextmanager
def services() -> Iterator[None]:
    """The private PostgreSQL and Valkey, with the tables; what a commit costs is paid."""
    from django.conf import settings
    from django.core.management import call_command

    from config import embedded

    with embedded.running(settings.STOCKROOM_DATA, print):
        call_command("migrate", verbosity=0)
        yield


def fill(items: int, movements: int = 0) -> None:
    """Have so many of the demo's items and movements, and nothing that a run has made."""
    from django.core.management import call_command
    from django.db import connection

    from items.models import Item

    Item.objects.filter(sku__startswith="BENCH-").delete()
    with connection.cursor() as cursor:
        if Item.objects.count() > items:
            cursor.execute("TRUNCATE items_item, items_itemevent CASCADE")
        wanted = {"items": items, "users": 1_000, "movements": movements}
        call_command("seed_demo", *(f"--{what}={count}" for what, count in wanted.items()))
        cursor.execute("VACUUM ANALYZE")


@dataclass(frozen=True)
class Load:
    """What requests are made of: tokens, ids and categories, each in a file."""

    folder: Path
    token: str

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a run of wrk."""
        files = {
            f"BENCH_{n.upper()}": str(self.folder / n) for n in ("tokens", "ids", "categories")
        }
        seed = str(random.randrange(2**30))
        return {
            **os.environ,
            **files,
            "BENCH_SEED": seed,
            "BENCH_RUN": f"{time.time_ns():x}",
            **more,
        }


@contextmanager
def load() -> Iterator[Load]:
    """Tokens of users who may write items, and ids of those that are there."""
    from items.models import Category, Item
    from tests.factories import token_for
    from users.models import User

    people = list(
        User.objects.filter(email__startswith="demo", is_active=True).order_by("pk")[:USERS]
    )
    User.objects.filter(pk__in=[each.pk for each in people]).update(is_superuser=True)
    tokens = [token_for(each) for each in people]
    found = list(Item.objects.order_by("?").values_list("pk", flat=True)[:SAMPLE])
    kinds = list(Category.objects.values_list("pk", flat=True))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, values in {"tokens": tokens, "ids": found, "categories": kinds}.items():
            (folder / file).write_text("".join(f"{value}\n" for value in values))
        yield Load(folder, tokens[0])


@contextmanager
def others_commit(statement: str, every_s: float) -> Iterator[None]:
    """Somebody else commits a statement all the time, so many seconds apart."""
    from django.db import connection

    done = Event()

    def commit() -> None:
        where = connection.get_connection_params()
        with psycopg.connect(**where, autocommit=True) as other:
            other.execute("SET synchronous_commit = off")  # it is to cost little itself
            while not done.wait(every_s):
                other.execute(statement)

    thread = Thread(target=commit)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@dataclass(frozen=True)
class Target:
    """A service that is measured."""

    name: str
    url: str


@contextmanager
def stockroom() -> Iterator[Target]:
    """Ours, as `manage.py up` serves it."""
    port = str(free_port())
    command = ["manage.py", "up", "--no-sample", "--port", port, "--workers", str(WORKERS)]
    with _served("stockroom", [sys.executable, *command], port, PROJECT) as target:
        yield target


@contextmanager
def peer() -> Iterator[Target]:
    """FastAPI, in a virtual environment of its own, on the same tables."""
    from django.db import connection

    python = _peer_python()
    given = connection.get_connection_params()
    url = f"postgresql+asyncpg://{given['user']}@/{given['dbname']}?host={given['host']}"
    port = str(free_port())
    command = [str(python), "-m", "uvicorn", "app:app", "--port", port, "--workers", str(WORKERS)]
    quick = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error"]
    with _served("peer", [*command, *quick], port, HERE / "peer", DATABASE_URL=url) as target:
        yield target


@contextmanager
def _served(
    name: str, command: Sequence[str], port: str, folder: Path, **environment: str
) -> Iterator[Target]:
    with (FOLDER / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    target = Target(name, f"http://127.0.0.1:{port}")
    try:
        _wait_for(target, process)
        yield target
    finally:
        process.terminate()
        process.wait(STOP_S)


def _wait_for(target: Target, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(f"{target.url}/api/v1/items", timeout=5)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise Unready(f"{target.name} did not start; see {FOLDER / f'{target.name}.log'}.")


def _peer_python() -> Path:
    """The Python of the peer's virtual environment, which is made when its requirements change."""
    folder, wanted = FOLDER / "peer", HERE / "peer" / "requirements.txt"
    python, installed = folder / "bin" / "python", folder / "installed.txt"
    if not (installed.exists() and installed.read_text() == wanted.read_text()):
        print("installing the peer's requirements")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(wanted)], check=True)
        installed.write_text(wanted.read_text())
    return python
