"""What a workbook says of itself: its sheets, its texts, and which of its numbers are dates."""

import posixpath
from typing import NamedTuple

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format

from items.exchange.reading.bounds import MAX_CELL_CHARS, MIB
from items.exchange.reading.cells import DATE, DURATION, unescaped
from items.exchange.reading.errors import Unreadable
from items.exchange.reading.kinds import check_workbook_name
from items.exchange.reading.packages import Part, damaged, open_archive
from items.exchange.reading.sources import Source

MAX_STRINGS_BYTES = 128 * MIB  # of the texts that cells share, which are held in memory
MAX_PART_BYTES = 16 * MIB  # of what is said of sheets and styles
MAX_SHEETS = 1_000
MAX_STYLES = 100_000  # Excel itself has 65,490 at most
MAX_FORMAT_CHARS = 255


class Sheet(NamedTuple):
    """A sheet's name, and where it is."""

    name: str
    path: str


class Workbook:
    """A workbook's package. Making one reads all but the sheets; raises Unreadable.

    `moments` are the cell styles that make a date or a duration of a number, `texts` those that
    cells refer to.
    """

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self.archive = open_archive(source)
        check_workbook_name(source.name)
        self.from_1904 = False
        self.moments: dict[str, str] = {}
        self.texts: list[str] = []
        self._book = self._target("", "officeDocument") or "xl/workbook.xml"
        self.sheets = self._read_sheets()
        self._read_styles()
        self._read_texts()

    def part(self, path: str, max_bytes: int | None = None) -> Part:
        """One of its XML files, of `max_bytes` at most when that is given; raises Unreadable."""
        try:
            part = Part(self.archive, path, self.name)
        except KeyError:
            raise damaged(self.name) from None
        if max_bytes and part.size > max_bytes:
            raise Unreadable(
                f"{self.name} has more text in its cells, or more styles, than a workbook is read "
                "with: save it as CSV."
            )
        return part

    def _walk(self, path: str, start: object, **others: object) -> None:
        for _ in self.part(path, MAX_PART_BYTES).walk(start, **others):  # type: ignore[arg-type]
            pass

    def _relations(self, path: str) -> dict[str, tuple[str, str]]:
        """What a part refers to: kind and path by the name of the reference."""
        folder, leaf = posixpath.split(path)
        rels = posixpath.join(folder, "_rels", f"{leaf}.rels")
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship" and len(found) <= MAX_SHEETS * 2:
                target = posixpath.normpath(posixpath.join("/", folder, attributes["Target"]))
                kind = attributes["Type"].rpartition("/")[2]
                found[attributes["Id"]] = (kind, target.lstrip("/"))

        if rels in self.archive.NameToInfo:
            self._walk(rels, start)
        return found

    def _target(self, path: str, kind: str) -> str:
        return next((to for found, to in self._relations(path).values() if found == kind), "")

    def _read_sheets(self) -> list[Sheet]:
        """The sheets with cells, hidden ones last."""
        relations = self._relations(self._book)
        shown: list[Sheet] = []
        hidden: list[Sheet] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "workbookPr":
                self.from_1904 = attributes.get("date1904") in {"1", "true"}
            elif tag == "sheet" and len(shown) + len(hidden) < MAX_SHEETS:
                reference = next((attributes[key] for key in attributes if key.endswith(":id")), "")
                kind, path = relations.get(reference, ("", ""))
                if kind == "worksheet":
                    is_shown = attributes.get("state", "visible") == "visible"
                    (shown if is_shown else hidden).append(Sheet(attributes["name"], path))

        self._walk(self._book, start)
        return shown + hidden

    def _read_styles(self) -> None:
        formats: dict[str, str] = {str(key): value for key, value in BUILTIN_FORMATS.items()}
        styles: list[str] = []
        within: list[str] = [""]

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "numFmt" and len(formats) < MAX_STYLES:
                formats[attributes["numFmtId"]] = attributes["formatCode"][:MAX_FORMAT_CHARS]
            elif tag in {"cellXfs", "cellStyleXfs"}:
                within[0] = tag
            elif tag == "xf" and within[0] == "cellXfs" and len(styles) < MAX_STYLES:
                styles.append(attributes.get("numFmtId", "0"))

        if path := self._target(self._book, "styles"):
            self._walk(path, start)
        kinds = {number: _moment_kind(formats.get(number, "")) for number in set(styles)}
        self.moments = {
            str(index): kind for index, number in enumerate(styles) if (kind := kinds[number])
        }

    def _read_texts(self) -> None:
        if not (path := self._target(self._book, "sharedStrings")):
            return
        reader = _Texts(self.name, self.texts)
        part = self.part(path, MAX_STRINGS_BYTES)
        for _ in part.walk(reader.start, reader.end, reader.text):
            pass


class _Texts:
    """Gathers shared texts, of which each may be in pieces; how they are pronounced is left out."""

    def __init__(self, name: str, texts: list[str]) -> None:
        self.name, self.texts = name, texts
        self.pieces: list[str] = []
        self.chars, self.gathering, self.spoken = 0, False, False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "t":
            self.gathering = not self.spoken
        elif tag == "rPh":
            self.spoken = True
        elif tag == "si":
            self.pieces, self.chars = [], 0

    def text(self, data: str) -> None:
        if self.gathering:
            self.chars += len(data)
            if self.chars > MAX_CELL_CHARS:
                raise long_cell(self.name)
            self.pieces.append(data)

    def end(self, tag: str) -> None:
        if tag == "t":
            self.gathering = False
        elif tag == "rPh":
            self.spoken = False
        elif tag == "si":
            self.texts.append(unescaped("".join(self.pieces)))


def long_cell(name: str, line: int | None = None) -> Unreadable:
    """The refusal of a cell beyond the bound."""
    where = f"row {line} of {name}" if line else name
    return Unreadable(
        f"A cell in {where} is longer than {MAX_CELL_CHARS:,} characters: shorten it.", line=line
    )


def _moment_kind(code: str) -> str:
    if not code or code == "General":
        return ""
    if is_timedelta_format(code):
        return DURATION
    return DATE if is_date_format(code) else ""
