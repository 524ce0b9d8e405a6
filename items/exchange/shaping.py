"""A file's rows in our own columns: which cell is which field, what is kept besides, which key.

What a cell means is looked at later, by the database; here is only what takes the file's format to
know. The cells come out as text; a blank one says nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any

import orjson

from items.exchange import cells, dates, lists
from items.exchange.formats import ANY, REASON, TableFormat, same
from items.exchange.reading import Row

# What is staged of each row, beside its `line`; see staging.sql.
STAGED = (
    *(
        "subject",
        "key",
        "sku",
        "derived",
        "name",
        "description",
        "category",
        "owner",
        "status",
        "unit",
    ),
    *("unit_price", "currency", "tags", "attributes", "barcode", "serial_number"),
    *("reorder_point", "quantity", "location", "parent", "holder", "due_at"),
    *("email", "age", "is_active", "extra", "problem"),
)
# Fields that a column can be mapped to, which make one that is staged.
PERSON_PARTS = ("email", "username", "first", "last", "name")
NAME_PARTS = ("username", "first_name", "last_name")
# Of the fields of an item or a person, those that may be empty.
CLEARABLE = (
    *("description", "category", "owner", "unit_price", "tags", "attributes", "barcode"),
    *("serial_number", "reorder_point", "age"),
)
CLEAR = "-"  # a cell that says so
CLEARED = (
    "\x18"  # as it is staged: the character CANCEL, so that a text that is a hyphen can be told
)
GUARD = "'"
BETWEEN_PROBLEMS = "\x1e"  # ASCII's separator of records
SHOWN_LENGTH = 100  # of the cell that is wrong
UNIT = "\x1f"  # between the parts of a path or of a person: the separator that ASCII has for it
# A top-level domain that is reserved never to exist (RFC 2606).
NO_ADDRESS = "invalid"
SKU_WORDS = re.compile(r"[^0-9a-z]+")
SKU_WORDS_LENGTH = 50
SKU_DIGEST_LENGTH = 8


@dataclass
class Shaper:
    """Shapes the rows of one table. `columns` are those that it stages, in their order.

    `used` says which header became which field, for whoever looks at the plan. In a spreadsheet a
    lone "-" clears what can be cleared, and a cell may be guarded against being run as a formula.
    """

    table: TableFormat
    header: Sequence[str]
    date_style: str = "iso"
    in_spreadsheet: bool = True
    columns: tuple[str, ...] = ()
    used: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._at = {same(name): i for i, name in reversed(list(enumerate(self.header)))}
        self._sources = {
            name: [self._at[same(each)] for each in known if same(each) in self._at]
            for name, known in self.table.columns.items()
        }
        self._sources = {name: at for name, at in self._sources.items() if at}
        self._extras = self._kept()
        self._cleaners = self._cleaned()
        self._key = [self._of(names) for names in self.table.key]
        self._identity = [at for names in self.table.identity if (at := self._of(names))]
        self._suffixes = self._of(ANY.join(self.table.suffixes)) if self.table.suffixes else []
        self._row_marks = self._of(ANY.join(self.table.is_row)) if self.table.is_row else []
        self._inherited = self._of(ANY.join(self.table.from_first)) if self.table.group else []
        self._group = self._at.get(same(self.table.group), -1) if self.table.group else -1
        self._first: Sequence[str] = ()
        self._seen: Counter[bytes] = Counter()
        self._clearable = [
            at for name in CLEARABLE for at in self._sources.get(name, []) if self.in_spreadsheet
        ]
        self.used.update({self.header[at]: f"attributes.{label}" for at, label, _ in self._extras})
        for name, places in self._sources.items():  # later: what may be a field is called so
            self.used.update({self.header[at]: name for at in places})
        self.columns = tuple(name for name in STAGED if self._stages(name))

    def rows(self, rows: Iterator[Row]) -> Iterator[tuple[int, list[str]]]:
        """The line of each row, and its cells in the order of `columns`."""
        for row in rows:
            if row.problem:
                yield row.line, self._refused(row.problem)
            elif (shaped := self._shaped(row.cells)) is not None:
                yield row.line, shaped

    # ── One row ───────────────────────────────────────────────────────────────────────────────
    def _shaped(self, given: Sequence[str]) -> list[str] | None:
        """A row's cells, or None when it is no row of its own."""
        given = self._unguarded(given)
        if self._group >= 0:
            given = self.completed(given)
            if self._row_marks and not any(given[at].strip() for at in self._row_marks):
                return None
        found: dict[str, str] = dict(self.table.default)
        problems = []
        for name, places in self._sources.items():
            for at in places:
                if cell := given[at]:
                    found[name] = cell
                    break
        for name, clean in self._cleaners.items():
            if (cell := found.get(name, "")) and cell != CLEARED:
                try:
                    found[name] = clean(cell)
                except cells.Bad as bad:
                    problems.append(problem(name, str(bad), cell))
                    found[name] = ""
        self._compose(found)
        if self._extras:
            self._keep(found, given, problems)
        self._identify(found, given)
        found["subject"] = self.table.subject
        if problems:
            found["problem"] = BETWEEN_PROBLEMS.join(problems)
        return [found.get(name, "") for name in self.columns]

    def _unguarded(self, given: Sequence[str]) -> Sequence[str]:
        """The row as it is meant: with CLEARED where that is said, and no guarding apostrophes."""
        cleared = [at for at in self._clearable if given[at] == CLEAR] if CLEAR in given else ()
        if self.table.escaped and self.in_spreadsheet and GUARD in "".join(given):
            given = [unescaped(cell) for cell in given]
        if cleared:
            given = list(given)
            for at in cleared:
                given[at] = CLEARED
        return given

    def completed(self, given: Sequence[str]) -> Sequence[str]:
        """The row with what the first of its group says for all of them; rows come in order."""
        if self._group < 0:
            return given
        group = given[self._group]
        if not self._first or self._first[self._group] != group:
            self._first = given
            return given
        completed = list(given)
        for at in self._inherited:
            completed[at] = completed[at] or self._first[at]
        return completed

    def _compose(self, found: dict[str, str]) -> None:
        """Make one field of several: a person of their names, a name of its parts."""
        parts = [found.pop(f"holder_{part}", "").strip() for part in PERSON_PARTS]
        if any(parts):
            email, username, first, last, name = parts
            whole = name or f"{first} {last}".strip()
            found["holder"] = UNIT.join((email.lower(), username, whole))
        if (owner := found.get("owner", "").strip()) and owner != CLEARED:
            found["owner"] = UNIT.join((owner.lower(), "", ""))
        if self.table.subject == "person":
            username, first, last = (found.pop(part, "").strip() for part in NAME_PARTS)
            found["name"] = found.get("name", "").strip() or f"{first} {last}".strip() or username
            if username and not found.get("email", "").strip():
                found["email"] = address_of(username, self.table.source)
                found["derived"] = "1"

    def _keep(self, found: dict[str, str], given: Sequence[str], problems: list[str]) -> None:
        """Put what we have no field for among the attributes."""
        extra: dict[str, str] = {}
        for at, label, is_date in self._extras:
            if not (cell := given[at].strip()) or self._is_used(at, given):
                continue
            if is_date:
                try:
                    cell = dates.day_of(cell, self.date_style).isoformat()
                except ValueError:
                    problems.append(problem(label, f"not_a_day:{self.date_style}", cell))
            extra[label] = cell
        if extra:
            found["extra"] = orjson.dumps(extra).decode()

    def _is_used(self, at: int, given: Sequence[str]) -> bool:
        """Whether the cell became a field: of several that may, the first that is not blank."""
        name = self._alternates.get(at)
        if name is None:
            return False
        return next((each for each in self._sources[name] if given[each]), at) == at

    def _identify(self, found: dict[str, str], given: Sequence[str]) -> None:
        """Say by what the row is found again, and derive its SKU where it has none.

        Rows without any number are told apart by what they say, and equal ones are counted.
        """
        if self.table.subject not in {"item", "person"}:
            return
        parts = [next((v for at in names if (v := given[at].strip())), "") for names in self._key]
        key = "/".join(part for part in parts if part and part not in self.table.no_suffix)
        if self._suffixes:
            said = [given[at].strip() for at in self._suffixes]
            named = [text for text in said if text and text not in self.table.no_suffix]
            found["name"] = " - ".join([found.get("name", "").strip(), *named])
        if self.table.subject == "item" and not found.get("sku", "").strip():
            if not key and not (found.get("barcode") or found.get("serial_number")):
                key = self._told_apart(given)
            if key or self._identity:
                found["sku"] = derived_sku(key or self._told_apart(given), found.get("name", ""))
                found["derived"] = "1"
        if key and self.table.source != "native":
            found["key"] = key

    def _told_apart(self, given: Sequence[str]) -> str:
        said = UNIT.join(
            next((v for at in names if (v := given[at].strip().lower())), "")
            for names in self._identity
        )
        digest = sha256(said.encode()).digest()[:16]
        self._seen[digest] += 1
        count = self._seen[digest]
        return f"~{digest.hex()}" if count == 1 else f"~{digest.hex()}#{count}"

    def _refused(self, said: str) -> list[str]:
        of_row = {"subject": self.table.subject, "problem": problem("", f"shape:{said}")}
        return [of_row.get(name, "") for name in self.columns]

    # ── What the header says ──────────────────────────────────────────────────────────────────
    def _of(self, names: str) -> list[int]:
        """Where the headers, or our fields, of "A|B" are."""
        found: list[int] = []
        for name in names.split(ANY):
            found += self._sources.get(name) or []
            if (at := self._at.get(same(name))) is not None and at not in found:
                found.append(at)
        return found

    def _kept(self) -> list[tuple[int, str, bool]]:
        """The columns that we have no field for: where, how they are called, whether they are days.

        Of several that may become one field all stay in sight, since only one does in each row.
        """
        self._alternates = {at: name for name, places in self._sources.items() for at in places}
        single = {places[0] for places in self._sources.values() if len(places) == 1}
        ignored = {same(name) for name in (*self.table.ignored, REASON)}
        days = {same(name) for name in self.table.dates}
        return [
            (at, self._label(name), same(name) in days)
            for at, name in enumerate(self.header)
            if name and at not in single and same(name) not in ignored
        ]

    def _label(self, name: str) -> str:
        for prefix in (*self.table.prefixes, self.table.prefix):
            if prefix and name.startswith(prefix):
                return name.removeprefix(prefix)
        return name

    def _cleaned(self) -> dict[str, Callable[[str], str]]:
        """Of the fields whose form the format knows: what makes them ours."""
        table = self.table
        path = partial(_path, separator=table.path, doubling=table.escaped)
        cleaners: dict[str, Any] = {
            "category": path,
            "location": path if table.subject != "place" or table.path else _path_of_one,
            "parent": path,
            "tags": partial(cells.tags, separator=table.list, doubling=table.escaped),
            "attributes": cells.json_object,
        }
        cleaners |= {name: partial(_word, words) for name, words in table.words.items()}
        there = {*self._sources, *table.default}
        return {name: clean for name, clean in cleaners.items() if name in there}

    def _stages(self, name: str) -> bool:
        made = {
            "subject": True,
            "problem": True,
            "extra": bool(self._extras),
            "key": self.table.subject in {"item", "person"} and self.table.source != "native",
            "sku": self.table.subject == "item",
            "derived": self.table.subject == "person" or bool(self._key or self._identity),
            "email": self.table.subject == "person",
            "name": bool(self._suffixes) or self.table.subject == "person",
            "holder": any(f"holder_{part}" in self._sources for part in PERSON_PARTS),
        }
        return made.get(name, False) or name in self._sources or name in self.table.default


def unescaped(text: str) -> str:
    """X."""
    return text[1:] if re.match(r"'+[=+\-@\t\r]", text) else text


def problem(name: str, code: str, cell: str = "") -> str:
    """A problem as it is staged: the field, the code with its fact, and the beginning of the cell."""
    return f"{name or '-'} {code}{UNIT}{cell[:SHOWN_LENGTH]}"


def address_of(username: str, source: str) -> str:
    """An address for somebody of whom a source knows only what they are called: nobody gets it."""
    local = "".join(c if c.isalnum() or c in "._-" else "-" for c in username.lower())
    return f"{local}@{source}.{NO_ADDRESS}"


def derived_sku(key: str, name: str) -> str:
    """A SKU for what has none: the same every time for the same key, and readable."""
    said = name if key.startswith("~") else key
    words = SKU_WORDS.sub("-", said.lower()).strip("-")[:SKU_WORDS_LENGTH].strip("-")
    digest = sha256(key.encode()).hexdigest()[:SKU_DIGEST_LENGTH]
    return f"{words}-{digest}" if words else digest


def _path(cell: str, *, separator: str, doubling: bool) -> str:
    return UNIT.join(lists.split(cell, separator, doubling=doubling))


def _path_of_one(cell: str) -> str:
    return cell.strip()


def _word(words: Any, cell: str) -> str:
    found: str = words.get(cell.strip().lower(), cell)
    return found
