"""One session of psql that is told what to do, and asked what there is."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import BackupError
from .programs import Programs

BETWEEN = "\x1f"  # between the columns of a row; no name has it
END = "that-is-all-of-it"
BUFFER_BYTES = 1 << 20


class Session:
    """psql, in which the first error ends everything; what was not committed is then undone."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: BinaryIO) -> None:
        self._process, self._said = process, said

    def tell(self, sql: bytes) -> None:
        """Hand over a piece of SQL. Raises BackupError when psql has ended over an error."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(sql)
        except BrokenPipeError as error:
            raise self._failure() from error

    def ask(self, statement: str) -> list[list[str]]:
        """Run a statement and give its rows, each value as text. Raises as `tell` does."""
        assert self._process.stdout is not None
        self.tell(f"{statement};\n\\echo {END}\n".encode())
        self._flush()
        rows: list[list[str]] = []
        for line in self._process.stdout:
            text = line.decode().rstrip("\n")
            if text == END:
                return rows
            rows.append(text.split(BETWEEN))
        raise self._failure()

    def _flush(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._failure() from error

    def _failure(self) -> BackupError:
        self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        reason = next((line for line in lines if "ERROR" in line or "FATAL" in line), None)
        return BackupError(reason or " ".join(lines) or "psql ended without a word.")


@contextmanager
def session(programs: Programs, environment: dict[str, str]) -> Iterator[Session]:
    """A session that ends with the block; a transaction still open is then undone."""
    command: list[str | Path] = [
        programs["psql"],
        "-X",
        "-q",
        "-A",
        "-t",
        "-F",
        BETWEEN,
        "--no-password",
    ]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603  a program found where PostgreSQL's are
            [*command, "-v", "ON_ERROR_STOP=1"],
            env=environment,
            bufsize=BUFFER_BYTES,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
        )
        try:
            yield Session(process, said)
        finally:
            process.kill()  # what was to last has been committed, and that was answered
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
            with suppress(BrokenPipeError):  # what it was still to hear is of no use to the dead
                assert process.stdin is not None
                process.stdin.close()
