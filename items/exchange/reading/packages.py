"""The ZIP that a workbook is: within bounds before it is opened, its XML read as a stream."""

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from items.exchange.reading.bounds import KIB, MAX_RATIO, MIB, RATIO_FLOOR_BYTES
from items.exchange.reading.errors import Unreadable
from items.exchange.reading.sources import Source, swollen, too_large

MAX_MEMBERS = 10_000  # a workbook of a thousand sheets has some three thousand
MAX_DIRECTORY_BYTES = 2 * MIB
MAX_DEPTH = 64  # of elements within elements; a sheet's cells are at 5
MAX_TAG_BYTES = 1 * MIB  # of one tag with its attributes, which the parser holds whole
FED_BYTES = 64 * KIB
ENCRYPTED_FLAG = 0x1
# The record that ends a ZIP, and where in it the directory's size stands; likewise of a large one.
END, END_BYTES, END_SIZE_AT = b"PK\x05\x06", 22, 12
END_64, END_64_BYTES, END_64_SIZE_AT, LOCATOR_BYTES = b"PK\x06\x06", 56, 40, 20
IN_LARGER_RECORD = 0xFFFFFFFF  # where a size would stand
MAX_COMMENT_BYTES = 0xFFFF
FOREIGN = (  # a member by which one knows it, what it is, what to do
    ("content.xml", "an OpenDocument file (.ods)", "save it as .xlsx or CSV"),
    ("xl/workbook.bin", "a binary workbook (.xlsb)", "save it as .xlsx or CSV"),
    ("word/document.xml", "a text document (.docx)", "save its table as .xlsx or CSV"),
    ("ppt/presentation.xml", "a presentation (.pptx)", "save its table as .xlsx or CSV"),
    ("Index/Document.iwa", "a Numbers document", "export it as .xlsx or CSV"),
)
# What a broken package makes its readers raise, and broken values (they are no numbers) ours.
UNSOUND = (
    BadZipFile,
    EOFError,
    ExpatError,
    NotImplementedError,
    OSError,
    ValueError,
    struct.error,
    zlib.error,
)
Start = Callable[[str, dict[str, str]], Any]


def damaged(name: str) -> Unreadable:
    """The refusal of a workbook that is not whole or not sound."""
    return Unreadable(
        f"{name} is cut off or damaged: open it in a spreadsheet and save it as .xlsx again."
    )


def open_archive(source: Source) -> ZipFile:
    """The ZIP of a workbook, whose members are declared to be within the bounds.

    What is declared is what is unpacked at most. Raises Unreadable.
    """
    if _directory_bytes(source) > MAX_DIRECTORY_BYTES:
        raise _too_many(source.name)
    try:
        archive = ZipFile(source.file)
    except UNSOUND:
        raise damaged(source.name) from None
    _check_members(archive, source)
    _refuse_foreign(archive, source.name)
    return archive


def _directory_bytes(source: Source) -> int:
    """The size of the ZIP's directory, which is read whole when it is opened."""
    length = min(source.size, MAX_COMMENT_BYTES + END_BYTES + LOCATOR_BYTES + END_64_BYTES)
    tail = source.at(source.size - length, length)
    sizes = [0]
    if (end := tail.rfind(END)) >= 0:
        sizes.append(int.from_bytes(tail[end + END_SIZE_AT : end + END_SIZE_AT + 4], "little"))
    if sizes[-1] == IN_LARGER_RECORD:
        sizes.pop()
    if (end := tail.rfind(END_64)) >= 0:
        sizes.append(int.from_bytes(tail[end + END_64_SIZE_AT :][:8], "little"))
    return max(sizes)


def _too_many(name: str) -> Unreadable:
    return Unreadable(
        f"{name} is a ZIP of more than {MAX_MEMBERS:,} files, as no workbook is: save the table "
        "as .xlsx or CSV."
    )


def _check_members(archive: ZipFile, source: Source) -> None:
    members, name = archive.infolist(), source.name
    if len(members) > MAX_MEMBERS:
        raise _too_many(name)
    if any(member.flag_bits & ENCRYPTED_FLAG for member in members):
        raise Unreadable(f"{name} is protected by a password: save it without one.")
    if any(member.compress_type not in {ZIP_STORED, ZIP_DEFLATED} for member in members):
        raise damaged(name)
    total = sum(member.file_size for member in members)
    if total > source.max_bytes:
        raise too_large(name, source.max_bytes)
    if total > max(RATIO_FLOOR_BYTES, MAX_RATIO * source.size):
        raise swollen(name)


def _refuse_foreign(archive: ZipFile, name: str) -> None:
    names = set(archive.namelist())
    for member, what, remedy in FOREIGN:
        if member in names:
            raise Unreadable(f"{name} is {what}: {remedy}.")
    if "_rels/.rels" not in names:
        raise Unreadable(f"{name} is a ZIP archive and no workbook: unpack it first.")


class Part:
    """One XML file of a workbook. `read_bytes` counts what has been read of its `size`."""

    def __init__(self, archive: ZipFile, path: str, name: str) -> None:
        self.archive, self.path, self.name = archive, path, name
        self.size, self.read_bytes = archive.getinfo(path).file_size, 0

    def walk(
        self,
        start: Start,
        end: Callable[[str], Any] | None = None,
        text: Callable[[str], Any] | None = None,
    ) -> Iterator[None]:
        """Call back for each element by its local name, pausing after some; raises Unreadable.

        A document type is refused: with it goes every entity that could grow without end.
        """
        parser = ParserCreate()
        depth = 0

        def opened(tag: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            if depth > MAX_DEPTH:
                raise damaged(self.name)
            start(tag.rpartition(":")[2], attributes)

        def closed(tag: str) -> None:
            nonlocal depth
            depth -= 1
            if end:
                end(tag.rpartition(":")[2])

        parser.StartElementHandler, parser.EndElementHandler = opened, closed
        parser.CharacterDataHandler = text
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        yield from self._feed(parser)

    def _feed(self, parser: Any) -> Iterator[None]:
        try:
            with self.archive.open(self.path) as stream:
                while block := stream.read(FED_BYTES):
                    parser.Parse(block, False)
                    self.read_bytes += len(block)
                    if self.read_bytes - parser.CurrentByteIndex > MAX_TAG_BYTES:
                        raise damaged(self.name)
                    yield
                parser.Parse(b"", True)
        except (*UNSOUND, LookupError):
            raise damaged(self.name) from None
        yield

    def _refuse_doctype(self, *_: object) -> None:
        raise Unreadable(
            f"{self.name} declares a document type in its XML, as no spreadsheet program does: "
            "save it as .xlsx again."
        )
