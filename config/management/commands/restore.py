"""manage.py restore FILE: a backup into the database, or the proof that it could be."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.migrations.loader import MigrationLoader

from config import backups, caching
from config.management.explained import ExplainedCommand
from config.management.stopping import Stop, StopSignals

HELP = """
Restore what `manage.py backup FILE` wrote, into the database that DATABASE_URL names.

  manage.py restore FILE --verify     restore it beside, compare, and drop that again
  manage.py restore FILE              into an empty database
  manage.py restore FILE --replace    into one that holds something, which is then gone

First the whole file is checked; one that is cut off, damaged or something else is refused. Then
all happens in one transaction: before it is committed, the rows and the checksum of every table
are compared with those that were backed up. So afterwards the database is equal to the backup, or,
after any error, a Ctrl-C or a kill, it is as it was.

--replace needs the database for itself: stop Stockroom first.

--verify changes nothing and may run at any time, beside a Stockroom that works. It needs the right
to make a database (ALTER ROLE … CREATEDB) and as much space again. The database that it makes is
named stockroom_verify_…; only a kill -9 leaves it behind, to be dropped by hand.

What else belongs to a whole restore:

  SECRET_KEY   with another one everybody signs in again, and cursors of lists end. Tokens go on.
               It is in .env, or of a private run in STOCKROOM_DATA/secret_key.
  .env         the other settings
  migrate      when this Stockroom is newer than the backup: `manage.py migrate` afterwards

An empty database is made as the README says, under "On real servers". The server must be of the
version of PostgreSQL that the backup was made on, or newer.

Exit code: 0 restored, or with --verify equal; 1 not (the reason is on stderr); 2 a wrong command
line.
"""


class Command(ExplainedCommand):
    """Restores it and compares, or only compares."""

    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        """From what, and what may go."""
        parser.add_argument("file", type=Path, metavar="FILE", help="what `backup` wrote")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--verify", action="store_true", help="change nothing, only compare")
        how.add_argument("--replace", action="store_true", help="what is in the database may go")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError, with one sentence, when it was not done or is not equal."""
        try:
            with StopSignals(), backups.Archive(options["file"]) as archive:
                if options["verify"]:
                    self.verify(archive)
                else:
                    self.restore(archive, replace=options["replace"])
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        except Stop as stopped:
            raise CommandError("Stopped: the database is as it was.") from stopped

    def verify(self, archive: backups.Archive) -> None:
        """Compare, and show each table."""
        found = backups.verify(archive)
        width = max(len(each.name) for each in found)
        for each in found:
            number = "" if each.found is None else f"{each.found:,}"
            self.stdout.write(f"{each.name:{width}} {number:>15}  {each.problem or 'equal'}")
        if wrong := [each for each in found if each.problem]:
            raise CommandError(f"Not equal: {len(wrong)} of {len(found)} tables and sequences.")
        self.stdout.write("equal")

    def restore(self, archive: backups.Archive, *, replace: bool) -> None:
        """Restore, and say what is there now."""
        backups.restore(archive, replace=replace)
        caching.invalidate_all()
        manifest = archive.manifest
        self.stdout.write(
            f"Restored {len(manifest.inventory.tables)} tables with "
            f"{manifest.inventory.rows:,} rows: equal to what was backed up at {manifest.made_at}."
        )
        ours = {".".join(key) for key in MigrationLoader(None).disk_migrations}
        theirs = set(manifest.migrations)
        if ours - theirs:
            self.stdout.write("This Stockroom is newer than the backup: run `manage.py migrate`.")
        if theirs - ours:
            self.stderr.write(
                f"The backup is of a newer Stockroom ({manifest.stockroom}): run that version."
            )
