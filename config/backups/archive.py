"""The one file: a zip archive, stored and not deflated, of pg_dump's output and the manifest."""

import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Self
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from config.management.progress import progress

from .errors import BackupError
from .manifest import Manifest

DUMP, MANIFEST = "database.dump", "manifest.json"
CHUNK_BYTES = 1 << 20
MANIFEST_MAX_BYTES = 16 << 20
PRIVATE = 0o600  # it holds the passwords' hashes
# What zipfile raises, depending on which byte is wrong.
DAMAGES = (BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that is at `path` once it is whole and on the disk, and before that beside it.

    Raises BackupError when there is one already, or when it cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    _refuse_existing(path)
    try:
        opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    except FileExistsError as error:
        raise BackupError(
            f"{part} is there: another backup is writing it, or one was killed. Delete it if none "
            "runs."
        ) from error
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        with os.fdopen(opened, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)  # unlike a renaming it never takes the place of a file
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        part.unlink(missing_ok=True)
    _sync(path.absolute().parent)


def write(file: BinaryIO, dump: Iterable[bytes], manifest: Manifest) -> None:
    """Write a whole archive, piece by piece."""
    with ZipFile(file, "w", ZIP_STORED) as archive:
        with archive.open(ZipInfo(DUMP), "w", force_zip64=True) as member:
            for chunk in dump:
                member.write(chunk)
        archive.writestr(ZipInfo(MANIFEST), manifest.written())


class Archive:
    """A backup that was found whole: every checksum of the zip archive holds."""

    def __init__(self, path: Path) -> None:
        """Read it through once. Raises BackupError, with a sentence, for what is not a backup."""
        self.path = path
        try:
            if not path.stat().st_size:
                raise BackupError(f"{path} is empty.")
            self._zip = ZipFile(path)
        except OSError as error:
            raise BackupError(f"{path} cannot be read: {error.strerror}.") from error
        except DAMAGES as error:
            raise BackupError(
                f"{path} is not a whole backup: cut off, damaged, or something else ({error})."
            ) from error
        try:
            self.manifest = self._check()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def dump(self) -> IO[bytes]:
        """What pg_dump wrote."""
        return self._zip.open(DUMP)

    @property
    def dump_bytes(self) -> int:
        """How large that is."""
        return self._zip.getinfo(DUMP).file_size

    def _check(self) -> Manifest:
        names = self._zip.namelist()
        if sorted(names) != [DUMP, MANIFEST]:
            raise BackupError(
                f"{self.path} is a zip archive, but no backup of Stockroom: that holds {DUMP} and "
                f"{MANIFEST}, and this {', '.join(names[:5]) or 'nothing'}."
            )
        try:
            if self._zip.getinfo(MANIFEST).file_size > MANIFEST_MAX_BYTES:
                raise BadZipFile("the manifest is too large")
            manifest = self._zip.read(MANIFEST)
            self._read_through()
        except (*DAMAGES, OSError) as error:
            raise BackupError(f"{self.path} is damaged: {error}.") from error
        try:
            return Manifest.read(manifest)
        except BackupError as error:
            raise BackupError(f"{self.path} cannot be used: {error}") from error

    def _read_through(self) -> None:
        with self.dump() as dump, progress(self.dump_bytes, "B", "checking the file") as bar:
            while chunk := dump.read(CHUNK_BYTES):  # its end compares the CRC
                bar.update(len(chunk))


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise _exists(path)


def _exists(path: Path) -> BackupError:
    return BackupError(f"{path} is there already, and no backup is overwritten: name another.")


def _not_written(path: Path, error: OSError) -> BackupError:
    return BackupError(f"{path} cannot be written, and was not: {error.strerror}.")


def _sync(folder: Path) -> None:
    """See that the file's name, too, is on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
