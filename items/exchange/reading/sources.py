"""The bytes of a file, unpacked where it is a .gz, block by block and within bounds."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import BadGzipFile, GzipFile
from pathlib import Path
from typing import IO, BinaryIO, cast

from items.exchange.reading.bounds import (
    BLOCK_BYTES,
    GIB,
    MAX_RATIO,
    MIB,
    RATIO_FLOOR_BYTES,
    SAMPLE_BYTES,
)
from items.exchange.reading.errors import Unreadable

GZIP_MAGIC = b"\x1f\x8b"


class Source:
    """Reads a file in blocks. `name` is what its user calls it, `sample` how it begins."""

    def __init__(self, file: BinaryIO, *, name: str, size: int, max_bytes: int) -> None:
        self.file, self.name, self.size, self.max_bytes = file, name, size, max_bytes
        self.packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        file.seek(0)
        self._stream: IO[bytes] = cast("IO[bytes]", GzipFile(fileobj=file)) if self.packed else file
        self._total = 0
        self.sample = b""
        while len(self.sample) < SAMPLE_BYTES and (block := self._next()):
            self.sample += block
        self._unread = self.sample

    def read(self) -> bytes:
        """The next block, empty at the end; raises Unreadable beyond the bounds or if damaged."""
        block, self._unread = self._unread, b""
        return block or self._next()

    def at(self, offset: int, size: int) -> bytes:
        """Some bytes of the file as it lies on disk, out of turn."""
        here = self.file.tell()
        self.file.seek(offset)
        found = self.file.read(size)
        self.file.seek(here)
        return found

    def progress(self) -> tuple[int, int]:
        """Bytes of the file as it lies on disk: those consumed, and all."""
        return min(self.file.tell(), self.size), self.size

    def _next(self) -> bytes:
        try:
            block = self._stream.read(BLOCK_BYTES)
        except EOFError:
            raise Unreadable(f"{self.name} is cut off: save or fetch it again.") from None
        except (BadGzipFile, zlib.error):
            raise Unreadable(
                f"{self.name} is damaged and cannot be unpacked: save or fetch it again."
            ) from None
        self._total += len(block)
        self._check_bounds()
        return block

    def _check_bounds(self) -> None:
        if self._total > self.max_bytes:
            raise too_large(self.name, self.max_bytes)
        if self.packed and self._total > max(RATIO_FLOOR_BYTES, MAX_RATIO * self.file.tell()):
            raise swollen(self.name)


def too_large(name: str, max_bytes: int) -> Unreadable:
    """The refusal of a file beyond `max_bytes`."""
    unit, word = (GIB, "GiB") if max_bytes >= GIB else (MIB, "MiB")
    most = f"{max_bytes / unit:.4g} {word}" if max_bytes >= MIB else f"{max_bytes:,} bytes"
    return Unreadable(f"{name} holds more than {most}, the most that is read: split it.")


def swollen(name: str) -> Unreadable:
    """The refusal of a file that is packed as only a trap is."""
    return Unreadable(
        f"{name} unpacks to more than {MAX_RATIO} times its size, as no table does: "
        "send it unpacked if it is one."
    )


@contextmanager
def open_source(path: Path, *, name: str, max_bytes: int) -> Iterator[Source]:
    """The file's bytes; it is closed afterwards. Raises Unreadable."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise Unreadable(f"{name} cannot be opened: {error.strerror}.") from None
    with file:
        yield Source(file, name=name, size=path.stat().st_size, max_bytes=max_bytes)
