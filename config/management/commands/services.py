"""manage.py services: the private PostgreSQL and Valkey, by hand."""

import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from config import embedded
from config.management.explained import ExplainedCommand
from config.management.private import VARIABLES, private_services

NOT_RUNNING = 3  # the exit code of `status`; 1 is for errors, 2 for a wrong command line
TITLES = {"postgres": "PostgreSQL", "valkey": "Valkey"}

HELP = """
The private PostgreSQL and Valkey, which need no installation, no port and no root.

`manage.py up` and the tests start them by themselves and stop them afterwards. Use this command
when they should go on in between, say to work with `manage.py shell` or `runserver`:

  manage.py services start     start what does not run, and keep it until `stop`
  manage.py services stop      stop both, whoever uses them
  manage.py services status    exit code 0 when all run, 3 when not

Their data is in STOCKROOM_DATA (.data). Where DATABASE_URL or REDIS_URL names a real server, none
is started in its stead.
"""


class Command(ExplainedCommand):
    """Starts, stops and shows the private services."""

    help = HELP
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and how to say it."""
        parser.add_argument("action", choices=["start", "stop", "status"])
        parser.add_argument("--json", action="store_true", help="with status: for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError when the services cannot do what was asked."""
        try:
            match options["action"]:
                case "start":
                    self.start()
                case "stop":
                    self.stop()
                case "status":
                    self.status(as_json=options["json"])
        except embedded.ServicesError as error:
            raise CommandError(str(error)) from error

    def start(self) -> None:
        """Start what does not run, to be kept."""
        self._tell_of_real_servers()
        names = private_services()
        if not names:
            return
        started = embedded.start(
            settings.STOCKROOM_DATA, keep=True, names=names, say=self.stdout.write
        )
        for name in names:
            state = "started" if name in started else "was running already"
            self.stdout.write(f"{TITLES[name]} {state}")
        self.stdout.write("They go on until `manage.py services stop`.")

    def stop(self) -> None:
        """Stop both."""
        before = embedded.stop(settings.STOCKROOM_DATA)
        if before.in_use:
            self.stderr.write("Another process was using them, and has lost them.")
        stopped = [title for name, title in TITLES.items() if getattr(before, name)]
        self.stdout.write(f"Stopped {' and '.join(stopped)}." if stopped else "Nothing ran.")

    def status(self, *, as_json: bool) -> None:
        """Show what they do, and leave with 0 or NOT_RUNNING."""
        found = embedded.status(settings.STOCKROOM_DATA)
        names = private_services()
        running = {name: getattr(found, name) for name in names}
        if as_json:
            self.stdout.write(json.dumps(self._report(found, names), ensure_ascii=False))
        else:
            self._tell_of_real_servers()
            for name in names:
                state = "runs" if running[name] else "does not run"
                self.stdout.write(f"{TITLES[name]} {state}, and writes to {self._log(name)}")
            used, kept = ("yes" if fact else "no" for fact in (found.in_use, found.kept))
            self.stdout.write(f"In use: {used}. Kept until stopped: {kept}.")
        if not all(running.values()):
            sys.exit(NOT_RUNNING)

    def _report(self, found: embedded.Status, names: list[str]) -> dict[str, Any]:
        data = settings.STOCKROOM_DATA
        urls = {"postgres": embedded.database_url(data), "valkey": embedded.redis_url(data)}
        return {
            "data": str(data),
            "in_use": found.in_use,
            "kept": found.kept,
            "services": {
                name: {
                    "running": getattr(found, name),
                    "url": urls[name],
                    "log": self._log(name),
                }
                for name in names
            },
        }

    def _log(self, name: str) -> str:
        return str(embedded.Layout.of(settings.STOCKROOM_DATA).log(name))

    def _tell_of_real_servers(self) -> None:
        for name in VARIABLES.keys() - set(private_services()):
            self.stdout.write(
                f"{TITLES[name]} is none of ours: {VARIABLES[name]} names a real server."
            )
