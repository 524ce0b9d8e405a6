"""manage.py doctor: is everything well, and what helps where it is not."""

import json
import sys
from dataclasses import asdict
from textwrap import fill
from typing import Any

from django.core.management.base import CommandParser

from config.health import cache, database, jobs, machine
from config.health.probing import Outcome, State, examine_in_turn
from config.management.explained import ExplainedCommand

PROBES = (*database.PROBES, *cache.PROBES, *jobs.PROBES, *machine.PROBES)
UNWELL = 1  # the exit code when something essential failed
MARKS = {
    State.OK: "ok",
    State.WARNING: "warning",
    State.FAILED: "FAILED",
    State.SKIPPED: "skipped",
}
NAME_WIDTH = max(len(probe.name) for probe in PROBES)
MARK_WIDTH = max(map(len, MARKS.values()))
MARGIN = " " * (MARK_WIDTH + NAME_WIDTH + 4)
LINE_WIDTH = 100

HELP = """
Look at everything that Stockroom stands on, and say what helps where something is not well: the
database, its locale and its migrations, the cache, the disk, and whether the settings are safe.

  manage.py doctor             a line for each, and below those that are not well what to do
  manage.py doctor --json      the same for programs

  ok         as it should be
  warning    it works, and could be better
  FAILED     it does not work, or should not be used like this
  skipped    it cannot be asked while another one fails

It ends with exit code 0 when nothing FAILED, and with 1 when something did; warnings do not count.
It changes nothing, and takes a few seconds at most, also where nothing answers.
"""


class Command(ExplainedCommand):
    """Asks every probe."""

    help = HELP
    requires_system_checks = ()  # they are among what it looks at

    def add_arguments(self, parser: CommandParser) -> None:
        """How to say it."""
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, tell, and leave with 0 or UNWELL."""
        outcomes = examine_in_turn(PROBES)
        is_well = not any(outcome.state is State.FAILED for outcome in outcomes)
        if options["json"]:
            report = {"well": is_well, "probes": [asdict(outcome) for outcome in outcomes]}
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        else:
            for outcome in outcomes:
                self._tell(outcome)
        if not is_well:
            sys.exit(UNWELL)

    def _tell(self, outcome: Outcome) -> None:
        style = {
            State.OK: self.style.SUCCESS,
            State.WARNING: self.style.WARNING,
            State.FAILED: self.style.ERROR,
            State.SKIPPED: self.style.NOTICE,
        }[outcome.state]
        mark = style(f"{MARKS[outcome.state]:{MARK_WIDTH}}")
        self.stdout.write(f"{mark}  {outcome.name:{NAME_WIDTH}}  {outcome.found}")
        for line in outcome.remedy.splitlines():
            self.stdout.write(
                fill(line, LINE_WIDTH, initial_indent=MARGIN, subsequent_indent=MARGIN)
            )
