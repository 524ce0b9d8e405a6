"""manage.py prune: delete what is old and is not needed any more."""

import re
from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from config import pruning
from config.management.explained import ExplainedCommand
from config.management.progress import progress
from config.pruning import Prunable

NEVER = "never"
UNITS = {"h": "hours", "d": "days"}
AGE = re.compile(r"([0-9]{1,5})([hd])")

HELP = """
Delete what is old and is not needed any more. Made to be run once a day, from cron say:

  manage.py prune                      what is below, each by its default age
  manage.py prune --dry-run            only tell how much that would be
  manage.py prune --history 1095d      history too, of which nothing goes unless it is said

An age is a number with d for days or h for hours, or never. Of the history of a row that is still
there, the last change before that age stays, since the next one is compared with it. It deletes in
steps of a few thousand rows: cut off, it has deleted some, and goes on the next time.
"""


class Command(ExplainedCommand):
    """Deletes what each app offers as prunable."""

    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        """An age for each kind."""
        for each in pruning.prunables():
            parser.add_argument(
                f"--{each.name}",
                metavar="AGE",
                type=_age,
                default=each.age,
                help=f"{each.what} (default: {_written(each.age)})",
            )
        parser.add_argument("--dry-run", action="store_true", help="delete nothing, only count")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError for an age at which a row is still needed."""
        kinds = [(each, options[each.name]) for each in pruning.prunables()]
        for each, age in kinds:
            if age is not None and age < each.least:
                raise CommandError(
                    f"--{each.name} {_written(age)} is too young: {each.what} are needed for "
                    f"{_written(each.least)}."
                )
        for each, age in kinds:
            if age is not None:
                count = self._prune(each, age, dry_run=options["dry_run"])
                would = "would be " if options["dry_run"] else ""
                self.stdout.write(f"{each.name}: {count} {would}deleted")

    def _prune(self, kind: Prunable, age: timedelta, *, dry_run: bool) -> int:
        """How many rows of a kind were, or would be, deleted."""
        each_model = list(kind.rows(timezone.now() - age))
        if dry_run:
            return sum(rows.count() for rows in each_model)
        deleted = 0
        with progress(None, " rows", kind.name) as bar:
            for rows in each_model:
                for count in kind.by(rows, via="command prune"):
                    deleted += count
                    bar.update(count)
        return deleted


def _age(text: str) -> timedelta | None:
    if text == NEVER:
        return None
    found = AGE.fullmatch(text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no age; expected e.g. 90d, 24h or {NEVER}")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _written(age: timedelta | None) -> str:
    if age is None:
        return NEVER
    hours = age // timedelta(hours=1)
    return f"{hours}h" if hours % 24 else f"{hours // 24}d"
