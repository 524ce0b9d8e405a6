"""Restoring a backup: all of it in one transaction, compared before it is committed."""

import re
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import closing, suppress
from threading import Thread
from typing import IO, Any

from django.db import connection

from config.management.progress import progress

from . import inventory
from .archive import CHUNK_BYTES, Archive
from .errors import BackupError
from .inventory import Comparison
from .programs import Programs, environment, passing_schemas, server_major
from .session import session

MAX_NAMED = 5  # differences that a sentence names
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'
"""
EMPTY_SCHEMA = (
    b"DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC;\n"
)
DROP_PASSING = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT nspname FROM pg_namespace WHERE starts_with(nspname, '{prefix}') LOOP
            EXECUTE format('DROP SCHEMA %I CASCADE', name);
        END LOOP;
    END $$;
"""
# In the list of what the dump holds: what is there in a new database, and not ours to change.
NOT_OURS = re.compile(rb"^\d+; \d+ \d+ (SCHEMA - public|COMMENT - (SCHEMA public|EXTENSION)) ")
# What pg_restore sets at its beginning, and the first server that knows it.
BEGINNING_LINES = 100
NEWER_SETTINGS = {b"SET transaction_timeout": 17}


def restore(archive: Archive, *, replace: bool) -> list[Comparison]:
    """Make our database what the backup holds; what it was, it is when anything goes wrong.

    With `replace` what is in it goes. Raises BackupError for a database that is not empty or in
    use, and when what is restored is not equal to what was backed up.
    """
    if replace:
        _refuse_others()
    else:
        _refuse_content()
    found = load(archive, beginning=_emptying() if replace else b"")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return found


def _emptying() -> bytes:
    """What drops all that is ours."""
    passing = "".join(DROP_PASSING.format(prefix=prefix) for prefix in passing_schemas())
    return EMPTY_SCHEMA + passing.encode()


def load(archive: Archive, *, database: str = "", beginning: bytes = b"") -> list[Comparison]:
    """Load the backup into our database, or into one beside it, after the `beginning`.

    Gives the comparison, in which nothing is wrong. Raises BackupError, with nothing done, when
    something is.
    """
    major, manifest = server_major(), archive.manifest
    if major < manifest.server_major:
        raise BackupError(
            f"{archive.path} was made on PostgreSQL {manifest.server_major}, and this server is "
            f"PostgreSQL {major}, which may not understand it. Restore it there, or on a newer one."
        )
    programs = Programs.of(max(major, manifest.dumped_by))
    with session(programs, environment(database)) as psql:
        psql.tell(b"BEGIN;\n" + beginning + b"\\o /dev/null\n")
        with closing(_statements(programs, archive, major)) as statements:
            for line in statements:
                psql.tell(line)
        psql.tell(b"\n\\o\n")
        found = inventory.compare(manifest.inventory, inventory.take(psql.ask))
        if any(each.problem for each in found):
            raise NotEqual(found)
        psql.ask("COMMIT")
    return found


class NotEqual(BackupError):
    """What was restored is not what was backed up; `found` says where."""

    def __init__(self, found: list[Comparison]) -> None:
        self.found = found
        wrong = [f"{each.name} {each.problem}" for each in found if each.problem]
        named = "; ".join(wrong[:MAX_NAMED])
        more = f"; and {len(wrong) - MAX_NAMED} more" if len(wrong) > MAX_NAMED else ""
        super().__init__(f"What is restored is not equal to what was backed up: {named}{more}.")


def _refuse_content() -> None:
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor, include_views=True)
        rows = sum(_rows(cursor, name) for name in names)
    if names:
        database = connection.get_connection_params()["dbname"]
        raise BackupError(
            f"The database {database} is not empty: it has {len(names)} tables with {rows:,} rows. "
            "Name an empty one in DATABASE_URL; or, when all of that may go, say --replace."
        )


def _rows(cursor: Any, table: str) -> int:
    cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608
    [rows] = cursor.fetchone()
    return int(rows)


def _refuse_others() -> None:
    with connection.cursor() as cursor:
        cursor.execute(OTHERS)
        [others] = cursor.fetchone()
    if others:
        raise BackupError(
            f"The database is in use (other sessions: {others}), and not replaced under anybody. "
            "Stop Stockroom, and whatever else is connected to it, first."
        )


# ── What pg_restore makes of the dump ─────────────────────────────────────────────────────────
def _statements(programs: Programs, archive: Archive, major: int) -> Generator[bytes]:
    """The dump as SQL, line by line, as a server of this major version understands it."""
    with tempfile.NamedTemporaryFile() as wanted:
        with closing(_lines(programs, archive, "--list")) as listed:
            wanted.writelines(line for line in listed if not NOT_OURS.match(line))
        wanted.flush()
        unknown = tuple(begin for begin, known in NEWER_SETTINGS.items() if major < known)
        options = ("--no-owner", "--no-privileges", f"--use-list={wanted.name}", "--file=-")
        with closing(_lines(programs, archive, *options)) as lines:
            for number, line in enumerate(lines):
                if number > BEGINNING_LINES or not line.startswith(unknown):
                    yield line


def _lines(programs: Programs, archive: Archive, *options: str) -> Generator[bytes]:
    """What pg_restore says, with the dump on its standard input."""
    with (
        archive.dump() as dump,
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603  a program found where PostgreSQL's are
            [programs["pg_restore"], *options],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        feeder = Thread(target=_feed, args=(dump, process.stdin, archive.dump_bytes))
        feeder.start()
        try:
            yield from process.stdout
            ended = process.wait()
        finally:
            process.kill()  # does nothing to one that has ended; the feeder then has nobody to feed
            feeder.join()
        if ended != 0:
            said.seek(0)
            raise BackupError(f"pg_restore failed: {said.read().decode(errors='replace').strip()}")


def _feed(dump: IO[bytes], pipe: IO[bytes], size: int) -> None:
    with suppress(BrokenPipeError), pipe, progress(size, "B", "restoring") as bar:
        while chunk := dump.read(CHUNK_BYTES):  # pg_restore ends before that where it has enough
            pipe.write(chunk)
            bar.update(len(chunk))
