"""manage.py up: everything that Stockroom needs, running, in one command."""

import sys
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Timer
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection, connections
from django.urls import reverse

from config import embedded
from config.health.database import TEXT_SEARCH
from config.health.probing import State, examine
from config.management.private import private_services
from config.management.scratch import scratch_folder
from config.management.stopping import Stop, StopSignals
from config.management.webserver import Address, WebServer, WebServerError, check_free
from config.management.worker import JobWorker

LAST_PORT = 65535
WATCH_S = 1.0
REVIVE_PAUSE_S = 20.0  # between tries to start a service again that does not come up
QUIET_S = 1.0  # a step that takes longer is announced
DATABASE_TIMEOUT_S = 60.0
DATABASE_POLL_S = 0.5
STARTERS_LOCK = 0x570C_4200  # PostgreSQL's advisory lock; any number that nobody else takes
TURN_TIMEOUT_S = 900.0  # a migration of many rows takes its time


class Command(BaseCommand):
    """Starts the private services, prepares the database, and serves until it is told to stop."""

    help = (
        "Start Stockroom: the private PostgreSQL and Valkey (unless DATABASE_URL and REDIS_URL "
        "name real ones), the tables, a sample and an administrator if there is nothing yet, the "
        "web server, and a worker for the jobs. Ctrl-C stops it all."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen, and what to begin with."""
        add = parser.add_argument
        add("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        add("--port", type=_port, default=settings.PORT, help="default: PORT, now %(default)s")
        add(
            "--workers",
            type=_at_least_one,
            default=settings.WORKERS,
            help="processes that answer (default: WORKERS, now %(default)s)",
        )
        add("--no-sample", action="store_true", help="begin with an empty register")
        add(
            "--no-worker", action="store_true", help="leave the jobs to `manage.py work`, run apart"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Start, serve, stop. Raises CommandError, with one sentence, when that cannot go on."""
        address = Address(options["host"], options["port"])
        try:
            with StopSignals() as self._signals:
                self._run(address, options)
        except (embedded.ServicesError, WebServerError) as error:
            raise CommandError(str(error)) from error
        except Stop:
            self._say("Stopped.")

    def _run(self, address: Address, options: dict[str, Any]) -> None:
        """Start everything, and end it all in the reverse order, however this is left."""
        begun = time.monotonic()
        self._revive_at = 0.0
        check_free(address)
        with self._services(), ExitStack() as until_stopped:
            with self._alone():
                self._prepare_database(sample=not options["no_sample"])
                check_free(address)  # again: another starter may have been faster
                scratch = until_stopped.enter_context(scratch_folder(settings.STOCKROOM_DATA))
                web_server = WebServer(
                    address, options["workers"], folder=settings.BASE_DIR, scratch=scratch
                )
                server = until_stopped.enter_context(web_server)
                with self._step("starting the web server"):
                    server.wait_ready(_host_header())
            workers = [] if options["no_worker"] else [JobWorker(folder=settings.BASE_DIR)]
            for worker in workers:
                until_stopped.enter_context(worker)
            self._welcome(address, time.monotonic() - begun)
            self._watch(server, workers)

    def _watch(self, server: WebServer, workers: list[JobWorker]) -> NoReturn:
        try:
            while True:
                server.check()
                self._signals.check()
                self._revive_services()
                for worker in workers:
                    worker.revive(self._say)
                time.sleep(WATCH_S)  # a signal ends it early
        except Stop:
            self._say("Stopping: requests and jobs under way are ended first.")
            raise

    def _revive_services(self) -> None:
        """Start again what has ended; where that fails, for want of room say, try on."""
        if time.monotonic() < self._revive_at:
            return
        for name in embedded.ended(settings.STOCKROOM_DATA, private_services()):
            self._say(f"{name} has ended by itself, and is started again")
            try:
                embedded.start(settings.STOCKROOM_DATA, keep=False, names=[name], say=self._say)
            except embedded.ServicesError as error:
                self._say(f"{error}\nNext try in {REVIVE_PAUSE_S:.0f} s.")
                self._revive_at = time.monotonic() + REVIVE_PAUSE_S

    @contextmanager
    def _services(self) -> Iterator[None]:
        names = private_services()
        if not names:
            yield
            return
        with ExitStack() as running:
            with self._step("starting PostgreSQL and Valkey"):
                running.enter_context(
                    embedded.running(settings.STOCKROOM_DATA, self._say, names=names)
                )
            yield

    def _prepare_database(self, *, sample: bool) -> None:
        with self._step("migrating the database"):
            call_command("migrate", interactive=False, verbosity=0)
        self._warn_of_blind_search()
        if sample:
            with self._step("loading the sample"):
                call_command("load_sample", "--if-empty", stdout=self.stdout)
        call_command("ensure_admin", stdout=self.stdout)

    def _warn_of_blind_search(self) -> None:
        [outcome] = examine([TEXT_SEARCH])
        if outcome.state is not State.OK:
            self.stderr.write(f"WARNING: {outcome.found}.\n{outcome.remedy}")

    def _wait_for_database(self) -> None:
        deadline = time.monotonic() + DATABASE_TIMEOUT_S
        while True:
            try:
                connection.ensure_connection()
            except OperationalError as error:
                if time.monotonic() > deadline:
                    raise CommandError(
                        f"The database does not answer after {DATABASE_TIMEOUT_S:.0f} s: {error}"
                    ) from error
                time.sleep(DATABASE_POLL_S)
            else:
                return

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only one, on whatever machine, who starts something with this database."""
        with self._step("waiting for the database"):
            self._wait_for_database()
        deadline = time.monotonic() + TURN_TIMEOUT_S
        with connection.cursor() as cursor:
            with self._step("waiting for another process that starts with this database"):
                while not _asked(cursor, "pg_try_advisory_lock"):
                    if time.monotonic() > deadline:
                        raise CommandError(
                            "Another process has been starting with this database for "
                            f"{TURN_TIMEOUT_S / 60:.0f} minutes. See what it does, and end it."
                        )
                    time.sleep(DATABASE_POLL_S)
            yield
            _asked(cursor, "pg_advisory_unlock")
        connections.close_all()

    def _welcome(self, address: Address, took_s: float) -> None:
        lines = [
            f"Stockroom is ready, after {took_s:.1f} s. Ctrl-C stops it.",
            f"  Admin     {address.url}{reverse('admin:index')}",
            f"  API       {address.url}{reverse('docs')}",
            f"  A token   {_python()} manage.py create_token EMAIL",
        ]
        if settings.HTTPS:
            lines.append(
                "  HTTPS is on: it answers only through a proxy that ends TLS and sets "
                "X-Forwarded-Proto. For plain HTTP on this machine set HTTPS=off."
            )
        self._say("\n".join(lines))

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        """Announce a step that takes long enough to wonder about, and how long it took."""
        begun = time.monotonic()
        announcement = Timer(QUIET_S, self._say, [f"{what} …"])
        announcement.start()
        try:
            yield
        finally:
            announcement.cancel()
        took_s = time.monotonic() - begun
        if took_s > QUIET_S:
            self._say(f"{what}: {took_s:.1f} s")
        self._signals.check()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _python() -> str:
    """This Python, as one types it in the project's folder."""
    ours = Path(sys.executable)
    inside = ours.is_relative_to(settings.BASE_DIR)
    return str(ours.relative_to(settings.BASE_DIR) if inside else ours)


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= LAST_PORT:
        raise ArgumentTypeError(f"{text} is not a port, which is from 1 to {LAST_PORT}")
    return port


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError(f"{text} is too few: at least one is needed")
    return number


def _asked(cursor: Any, lock_function: str) -> bool:
    cursor.execute(f"SELECT {lock_function}(%s)", [STARTERS_LOCK])
    return bool(cursor.fetchone()[0])


def _host_header() -> str:
    """A name that ALLOWED_HOSTS lets in."""
    for host in settings.ALLOWED_HOSTS:
        if host != "*":
            return str(host).removeprefix(".")
    return "localhost"
