"""manage.py seed_demo: a large register for trials, load tests and benchmarks."""

import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import IntegrityError

from config import history
from config.caching import invalidate
from config.constraints import broken_by
from config.management.explained import ExplainedCommand
from config.management.progress import progress
from items import demo

HELP = f"""
Fill the register with made-up items, users and movements of stock, for trials, load tests and
benchmarks.

  manage.py seed_demo                            10,000 items, 100 users, 20,000 movements
  manage.py seed_demo --items 100000 --users 1000 --movements 1000000
                                                 some minutes

The same numbers give the same rows, on every machine and every time. What is there already stays
as it is: with larger numbers only what is missing is made, with the same ones nothing.

Users, items and places are made in one transaction, then the movements, {demo.BATCH_ROWS:,} in
each. Of a run that was ended what it had committed stays; run it again, and it makes the rest.

How to tell what it made, should there be real data beside it:

  items        their SKU begins with DEMO-, their barcode with 29 (no product's), their serial
               number with DEMO-SN-
  users        demo000001@example.org and so on; none has a password, so none can log in
  categories   {demo.TOP}, and all below it
  locations    {demo.TOP}, and all below it; those outside whose names begin with {demo.TOP}; the
               places of the made-up users
  movements    their reference begins with DEMO-; they go from the start of 2024 to the end of 2025
  history      every change says "command seed_demo"
"""


class Command(ExplainedCommand):
    """Makes what is missing, and says how many rows and how fast."""

    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        """How many there shall be."""
        add = parser.add_argument
        number = "how many of them there shall be, from 0 to %s (default: %%(default)s)"
        add("--items", type=_up_to(demo.MAX_ITEMS), default=10_000, help=number % demo.MAX_ITEMS)
        add("--users", type=_up_to(demo.MAX_USERS), default=100, help=number % demo.MAX_USERS)
        most = demo.MAX_MOVEMENTS
        add("--movements", type=_up_to(most), default=20_000, help=number % most)

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them. Raises CommandError when it cannot."""
        wanted = {what: options[what] for what in ("items", "users", "movements")}
        begun = time.monotonic()
        made = _make_register(**wanted)
        demo.analyze()
        made["movements"] = _make_movements(options["movements"])
        demo.analyze()
        took_s = time.monotonic() - begun
        *firsts, last = [f"{count:,} {what}" for what, count in made.items()]
        self.stdout.write(
            f"Made {', '.join(firsts)} and {last} "
            f"in {took_s:.1f} s ({sum(made.values()) / took_s:,.0f} rows/s)."
        )
        if there := sum(wanted.values()) - sum(made[what] for what in wanted):
            self.stdout.write(
                f"{there:,} of the items, users and movements asked for were there already."
            )


def _make_register(*, items: int, users: int, movements: int) -> dict[str, int]:
    """How many of each were missing. Raises CommandError when something else has what they need."""
    try:
        with history.written_by(None, via=demo.VIA):
            made_users = _made(demo.make_users(users), users, "users")
            made_categories = demo.make_categories()
            made_items = _made(demo.make_items(items, users=users), items, "items")
            made_locations = demo.make_locations() if movements else 0
            if movements:
                demo.choose()
            invalidate("items.Item")
            invalidate("items.Category")
    except LookupError as error:
        raise CommandError(f"Nothing was made: {error}.") from error
    except IntegrityError as error:
        raise CommandError(
            "Something that is no demo's has what a demo row needs, and nothing was made: "
            f"{_why(error)}"
        ) from error
    return {
        "items": made_items,
        "users": made_users,
        "categories": made_categories,
        "locations": made_locations,
    }


def _make_movements(count: int) -> int:
    """How many were missing. Raises CommandError when what they take has gone elsewhere."""
    try:
        return _made(demo.make_movements(count), count, "movements") if count else 0
    except IntegrityError as error:
        raise CommandError(
            "A demo movement is not possible any more, and was not made, nor those after it: "
            f"{_why(error)}"
        ) from error
    finally:
        invalidate("items.Item")


def _why(error: IntegrityError) -> str:
    broken = broken_by(error)
    return broken.message if broken else str(error)


def _made(batches: Iterator[tuple[int, int]], count: int, what: str) -> int:
    made = 0
    with progress(count, f" {what}", f"making {what}") as bar:
        for taken, missing in batches:
            made += missing
            bar.update(taken)
    return made


def _up_to(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or int(text) > most:
            raise ArgumentTypeError(f"{text!r} is not a whole number from 0 to {most}")
        return int(text)

    return number
