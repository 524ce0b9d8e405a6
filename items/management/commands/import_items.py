"""manage.py import_items: a file planned, and applied when that is said."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from config.errors import DomainError
from config.management.explained import ExplainedCommand
from config.management.progress import progress
from items.exchange import refused, services
from items.exchange.models import Import
from items.exchange.options import DEFAULT_LOCATION, Options
from items.exchange.reports import Report

MAX_SHOWN = 20

HELP = """
Import a file of items, people, locations or stock: first the plan, then, when that is right, do it.

  manage.py import_items FILE                    say what it would do; nothing is written
  manage.py import_items FILE --apply            the same, and do it, unless a row is refused
  manage.py import_items FILE --apply --skip-bad --refused BAD.csv
                                                 do what can be done; the other rows, with the
                                                 reasons, into a file to mend and import again
  manage.py import_items --apply-plan 12         do what plan 12 said
  manage.py import_items --undo 12               take import 12 back, if nothing has touched it

Files may be .csv, .tsv, .json and .jsonl, each also packed as .gz, and .xlsx. Where they come
from the header says: Stockroom's own, Snipe-IT, Homebox, Shopify, InvenTree (dumpdata), or any
table with common names. Other names are said with --map "Their column=our field"; the field "-"
leaves a column out, and what nobody has a field for is kept in the item's attributes. Fields of
an item:

  sku name description category owner status unit unit_price currency tags attributes barcode
  serial_number reorder_point quantity location holder_email due_at

Rows are found again by the number that their source gives them, then by SKU, barcode or serial
number. A blank cell changes nothing; "-" clears what may be empty. The quantity of an item that has
never had any is booked as received; a later difference is shown, and booked only with --count.
"""


class Command(ExplainedCommand):
    """Plans, applies, undoes."""

    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        """What to import, and how."""
        add = parser.add_argument
        add("file", nargs="?", type=Path, metavar="FILE", help="the file")
        add("--apply", action="store_true", help="do what the plan says, if no row is refused")
        add("--apply-plan", type=int, metavar="N", help="do what an earlier plan said")
        add("--undo", type=int, metavar="N", help="take an import back")
        add("--skip-bad", action="store_true", help="apply the good rows though others are refused")
        add("--refused", type=Path, metavar="OUT", help="write the refused rows into this file")
        add("--show", choices=["refused", "update", "create", "all"], default="refused")
        add("--limit", type=int, default=MAX_SHOWN, help="rows shown (default: %(default)s)")
        add("--format", default="", help="where the file comes from, as in snipeit.assets")
        add("--map", action="append", default=[], type=_pair, metavar="COLUMN=FIELD")
        add("--encoding", default="", help="of a text file, where the guess is wrong")
        add("--decimal", choices=["point", "comma"], default="", help="how numbers are written")
        add("--dates", choices=["iso", "mdy", "dmy", "ymd"], default="", help="and days")
        add("--currency", default="", help="of prices without one (default: DEFAULT_CURRENCY)")
        add("--location", default=DEFAULT_LOCATION, help="of what has none (%(default)s)")
        add("--count", action="store_true", help="book differences in quantity as counted")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked for. Raises CommandError, with one sentence."""
        try:
            if options["undo"] is not None:
                self._undo(_found(options["undo"]))
            elif options["apply_plan"] is not None:
                self._apply(_found(options["apply_plan"]), options)
            elif options["file"] is not None:
                self._import(options["file"], options)
            else:
                raise CommandError("Name a file, or --apply-plan or --undo with a number.")
        except DomainError as error:
            raise CommandError(error.message) from error

    def _import(self, path: Path, options: dict[str, Any]) -> None:
        try:
            with path.open("rb") as file:
                record = services.receive(file, name=path.name, options=_options(options))
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        with _bar() as told:
            record = services.plan(record, progress=told)
        if record.status == Import.Status.FAILED:
            services.discard(record)
            raise CommandError(record.problem)
        self._say(Report(record).lines(options["show"], options["limit"]))
        if options["apply"]:
            self._apply(record, options)
        else:
            if options["refused"]:
                self._write_refused(record, options["refused"])
            later = f"import_items --apply-plan {record.pk}"
            self._say([f"Nothing has been written. To apply it: {later}"])

    def _apply(self, record: Import, options: dict[str, Any]) -> None:
        if options["refused"]:
            self._write_refused(record, options["refused"])
        with _bar() as told:
            services.apply(record, skip_bad=options["skip_bad"], progress=told)
        self._say([Report(record).applied, f"To take it back: import_items --undo {record.pk}"])

    def _undo(self, record: Import) -> None:
        found = services.take_back(record)
        self._say(Report(record).undone(found, MAX_SHOWN))

    def _write_refused(self, record: Import, path: Path) -> None:
        try:
            count = refused.write(record, path)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        self._say([f"{count:,} refused rows are in {path}."])

    def _say(self, lines: Any) -> None:
        for line in lines:
            self.stdout.write(line)


def _options(options: dict[str, Any]) -> Options:
    return Options(
        format=options["format"],
        map=dict(options["map"]),
        encoding=options["encoding"],
        decimal=options["decimal"],
        date=options["dates"],
        currency=options["currency"].upper(),
        location=options["location"],
        count=options["count"],
    )


def _found(pk: int) -> Import:
    record: Import | None = Import.objects.filter(pk=pk).first()
    if record is None:
        raise CommandError(f"There is no import {pk}.")
    return record


def _pair(text: str) -> tuple[str, str]:
    header, equals, name = text.rpartition("=")
    if not equals or not header or not name:
        raise ArgumentTypeError(f'"{text}" is not of the form "Their column=our field"')
    return header, name


@contextmanager
def _bar() -> Iterator[Any]:
    """What shows how far it is, on a terminal."""
    if not sys.stderr.isatty():
        yield services.quiet
        return
    with progress(None, "", "") as bar:

        def told(what: str, done: int, total: int) -> None:
            bar.set_description(what, refresh=False)
            bar.total, bar.n = total, done
            bar.refresh()

        yield told
