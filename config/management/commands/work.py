"""manage.py work: do the jobs that wait, until it is told to stop."""

import asyncio
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import CommandParser

from config.management.explained import ExplainedCommand
from config.working import GRACE_S, SWEEP_S, YOUNG_S, Shift

HELP = f"""
Do the jobs that wait, large imports say, one after another, until Ctrl-C or SIGTERM. `manage.py up`
starts one of these by itself; run it apart, beside `up --no-worker`, where jobs should have a
machine or a service of their own. Several may run at once, wherever they are.

A job under way is given {GRACE_S:.0f} s to end when this is stopped; then it is given back, and
waits for the next worker. The jobs of a worker that was killed are taken over by another within
{YOUNG_S + SWEEP_S:.0f} s.
"""


class Command(ExplainedCommand):
    """Runs one worker."""

    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        """How much at once."""
        parser.add_argument(
            "--concurrency",
            type=_at_least_one,
            default=1,
            help="jobs at once, each in a thread (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Work."""
        asyncio.run(Shift(concurrency=options["concurrency"]).work())


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError(f"{text} is too few: at least one is needed")
    return number
