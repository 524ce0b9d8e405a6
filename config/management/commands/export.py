"""manage.py export SUBJECT: a list as a file, without a server."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from django.http import QueryDict

from config.api.exceptions import BadParameters
from config.api.exporting import of_export
from config.errors import DomainError
from config.exports import writing
from config.exports.subjects import subjects
from config.exports.writing import FORMATS
from config.management.explained import ExplainedCommand
from config.management.progress import progress
from config.management.stopping import Stop, StopSignals

STDOUT = "-"

HELP = """
Write a list into a file: all of it, or what the API's filters leave.

  manage.py export items --output items.csv
  manage.py export items --where "status=active&tag=red" --format jsonl --output - | gzip > items.gz
  manage.py export movements --where "from=2026-01-01T00:00:00Z" --output movements.xlsx

The filters are those of the API, written as behind the `?` of GET /api/v1/SUBJECT/export, where
they are explained. The format follows from the file's name, where nothing else is said.

The file holds one moment: what is written meanwhile is not in it. Until it is whole it is
FILE.part, which then replaces a FILE that is there already. CSV and JSON lines are written at the
speed of the database, millions of rows in seconds; a workbook (xlsx) takes minutes, and holds
1,048,575 rows.

In CSV and XLSX a text that begins with = + - @, a tab or a carriage return, so that a spreadsheet
would take it for a formula, has an apostrophe before it. JSON lines have every text as it is.

Exit code: 0 the file is there, 1 there is none (the reason is on stderr), 2 a wrong command line.
"""


class Command(ExplainedCommand):
    """Writes it, and says how much it was."""

    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        """What, how, and where to."""
        parser.add_argument("subject", choices=sorted(subjects()), metavar="SUBJECT")
        parser.add_argument("--format", choices=sorted(FORMATS))
        parser.add_argument("--output", default=STDOUT, metavar="FILE", help="`-`: stdout")
        parser.add_argument("--where", default="", metavar="FILTERS", help="status=active&tag=x")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it. Raises CommandError, with one sentence, when that cannot be done."""
        view, output = subjects()[options["subject"]], options["output"]
        form = FORMATS[options["format"] or _format_of(output)]
        try:
            rows = _narrowed(view, options["where"])
            with StopSignals(), _opened(output) as file, _progress(rows) as bar:
                told = bar.update
                count = writing.write(rows, view.exported, form, file, emails=True, told=told)
        except (DomainError, BadParameters) as error:
            raise CommandError(_sentence(error)) from error
        except (OSError, DatabaseError) as error:
            raise CommandError(f"Nothing was exported: {error}") from error
        except Stop as stopped:
            raise CommandError("Stopped: nothing was exported.") from stopped
        if output != STDOUT:
            self.stdout.write(f"Wrote {output}: {count:,} {options['subject']}.")


def _format_of(output: str) -> str:
    """The format that the name of a file says. Raises CommandError where it says another."""
    suffix = Path(output).suffix.removeprefix(".") or "csv"
    if suffix not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        raise CommandError(
            f"There is no format for {output}: .{suffix} is none of {known}."
            " End the name in one of them, or say --format."
        )
    return suffix


def _narrowed(view: Any, where: str) -> Any:
    """The rows that the filters leave. Raises BadParameters."""
    asked = of_export(view.parameters["list"]).read(QueryDict(where))
    if "format" in asked.validated_data:
        raise CommandError("The format is named by --format, not among the filters.")
    return asked.narrowing.of(view.queryset.all())


def _progress(rows: Any) -> Any:
    return progress(rows.order_by().count() if sys.stderr.isatty() else None, " rows", "exporting")


@contextmanager
def _opened(output: str) -> Iterator[IO[bytes]]:
    """The file to write to; it has its name when the block ends well, and is gone otherwise."""
    if output == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _sentence(error: Any) -> str:
    details = getattr(error, "details", ())
    named = [f"{detail.field}: {detail.message}" for detail in details]
    return " ".join([*named] or [str(getattr(error, "message", error))])
