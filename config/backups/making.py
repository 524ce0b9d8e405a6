"""Making a backup: one snapshot of the database, seen by pg_dump and by our checksums alike."""

import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from config.management.progress import progress

from . import archive, inventory
from .errors import BackupError
from .manifest import Manifest, stockroom_version
from .programs import Programs, environment, passing_schemas, server_major


def make(path: Path) -> Manifest:
    """Write a backup of the database to `path`, which is there whole or not at all.

    What is written meanwhile is not in it. Raises BackupError when it cannot be made.
    """
    with archive.new_file(path) as file:
        programs = Programs.of(server_major())
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            manifest = _manifest(cursor, programs)
            if not manifest.inventory.tables:
                raise BackupError("The database has no tables: there is nothing to back up.")
            cursor.execute("SELECT pg_export_snapshot()")
            [snapshot] = cursor.fetchone()
            with closing(_dump(programs, snapshot)) as dump:
                archive.write(file, dump, manifest)
    return manifest


def _manifest(cursor: Any, programs: Programs) -> Manifest:
    def ask(statement: str) -> Sequence[Sequence[str]]:
        cursor.execute(statement)
        rows: list[tuple[str, ...]] = cursor.fetchall() if cursor.description else []
        return rows

    recorder = MigrationRecorder(connection)
    applied = [f"{app}.{name}" for app, name in sorted(recorder.applied_migrations())]
    [[version]] = ask("SHOW server_version")
    return Manifest(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        stockroom=stockroom_version(),
        server=version,
        server_major=server_major(),
        dumped_by=programs.major,
        migrations=applied,
        inventory=inventory.take(ask),
    )


def _dump(programs: Programs, snapshot: str) -> Generator[bytes]:
    """What pg_dump writes, in pieces."""
    options = ["--format=custom", "--no-password", f"--snapshot={snapshot}"]
    options += [f"--exclude-schema={prefix}*" for prefix in passing_schemas()]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603  a program found where PostgreSQL's are
            [programs["pg_dump"], *options],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            with progress(None, "B", "dumping") as bar:
                while chunk := process.stdout.read(archive.CHUNK_BYTES):
                    yield chunk
                    bar.update(len(chunk))
            ended = process.wait()
        finally:
            process.kill()  # does nothing to one that has ended
        if ended != 0:
            said.seek(0)
            reason = said.read().decode(errors="replace").strip()
            raise BackupError(f"pg_dump failed, and no backup was made: {reason}")
