"""A file's rows in our own columns (staged.STAGED).

What a cell means is looked at later, by the database; here is only what takes the file's format to
know. The cells come out as text; a blank one says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import orjson

from config.exports.cells import unescaped
from items.exchange import cells, dates, lists
from items.exchange.formats import TableFormat
from items.exchange.headers import Header
from items.exchange.identity import Identity, address_of
from items.exchange.reading import Row
from items.exchange.settling import PLAIN, Settler
from items.exchange.staged import BETWEEN_PROBLEMS, CLEARABLE, CLEARED, STAGED, UNIT, problem

# Fields that a column can be mapped to, which together make one that is staged.
HOLDER_PARTS = ("email", "username", "first", "last", "name")
PERSON_PARTS = ("username", "first_name", "last_name")
CLEAR = "-"  # a cell that says so
GUARD = "'"  # see config.exports.cells

Cells = Sequence[str]


class Shaper:
    """Shapes the rows of one table; `columns` are those that it stages, in their order.

    In a spreadsheet a lone "-" clears what can be cleared, and a cell of our own format may be
    guarded against being run as a formula.
    """

    def __init__(
        self,
        table: TableFormat,
        names: Cells,
        date_style: str = "iso",
        in_spreadsheet: bool = True,
    ) -> None:
        self.table, self.date_style = table, date_style
        self.header = Header(table, names)
        self.identity = Identity(self.header)
        self.settler = Settler(table, self.header)
        self.sources = self.header.sources
        self._guards = table.escaped and in_spreadsheet
        clearable = CLEARABLE if in_spreadsheet else ()
        self._clearable = [at for name in clearable for at in self.sources.get(name, [])]
        self._cleaners = _cleaners(table, {*self.sources, *table.default})
        self._suffixes = self.header.places_of_all(table.suffixes)
        self._row_marks = self.header.places_of_all(table.is_row)
        self._inherited = self.header.places_of_all(table.from_first)
        self._group = next(iter(self.header.places(table.group)), -1) if table.group else -1
        self._first: Cells = ()
        self.columns = tuple(name for name in STAGED if self._stages(name))

    def rows(self, rows: Iterator[Row]) -> Iterator[tuple[int, list[str]]]:
        """The line of each row, and its cells in the order of `columns`."""
        quickly = self._quick()
        for row in rows:
            if row.problem:
                yield row.line, self._refused(row.problem)
            elif (found := quickly(row.cells) or self._shaped(row.cells)) is not None:
                yield row.line, found

    def completed(self, given: Cells) -> Cells:
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

    # ── One row ───────────────────────────────────────────────────────────────────────────────
    def _shaped(self, given: Cells) -> list[str] | None:
        """A row's cells, or None when it is no row of its own."""
        given = self.completed(self._meant(given))
        if self._row_marks and not any(given[at].strip() for at in self._row_marks):
            self.settler.left_out += 1
            return None
        found = self._fields(given)
        self.settler.settle(found)
        problems = self._clean(found)
        self._compose(found, given)
        problems += self._keep(found, given)
        if self.table.subject != "place":
            self.identity.add(found, given)
        found["subject"] = self.table.subject
        found["problem"] = BETWEEN_PROBLEMS.join(problems)
        return [found.get(name, "") for name in self.columns]

    def _meant(self, given: Cells) -> Cells:
        """The row as it is meant: with CLEARED where that is said, and no guarding apostrophes."""
        given = self.settler.meant(given)
        cleared = [at for at in self._clearable if given[at] == CLEAR] if CLEAR in given else ()
        if self._guards and GUARD in "".join(given):
            given = [unescaped(cell) for cell in given]
        if cleared:
            given = list(given)
            for at in cleared:
                given[at] = CLEARED
        return given

    def _fields(self, given: Cells) -> dict[str, str]:
        found = dict(self.table.default)
        for name in self.sources:
            if (at := self.header.first(name, given)) is not None:
                found[name] = given[at]
        return found

    def _clean(self, found: dict[str, str]) -> list[str]:
        """Bring cells into our form; what is wrong with them."""
        problems = []
        for name, clean in self._cleaners.items():
            if (cell := found.get(name, "")) and cell != CLEARED:
                try:
                    found[name] = clean(cell)
                except cells.Bad as bad:
                    problems.append(problem(name, str(bad), cell))
                    found[name] = ""
        return problems

    def _compose(self, found: dict[str, str], given: Cells) -> None:
        """Make one field of several: a person of their names, a name of its parts."""
        parts = [found.pop(f"holder_{part}", "").strip() for part in HOLDER_PARTS]
        if any(parts):
            email, username, first, last, name = parts
            if self.table.last and "@" not in email:
                email, name = "", name or email
            found["holder"] = UNIT.join(
                (email.lower(), username, name or f"{first} {last}".strip())
            )
        if (owner := found.get("owner", "").strip()) and owner != CLEARED:
            found["owner"] = UNIT.join((owner.lower(), "", ""))
        if self._suffixes:
            said = (given[at].strip() for at in self._suffixes)
            named = [text for text in said if text and text not in self.table.no_suffix]
            found["name"] = " - ".join([found.get("name", "").strip(), *named])
        if self.table.subject == "person":
            self._compose_person(found)

    def _compose_person(self, found: dict[str, str]) -> None:
        username, first, last = (found.pop(part, "").strip() for part in PERSON_PARTS)
        found["name"] = found.get("name", "").strip() or f"{first} {last}".strip() or username
        if username and not found.get("email", "").strip():
            found["email"] = address_of(username, self.table.source)
            found["derived"] = "1"

    def _keep(self, found: dict[str, str], given: Cells) -> list[str]:
        """Put what we have no field for among the attributes; days that are none are problems."""
        extra: dict[str, str] = {}
        problems = []
        for at, label, is_day in self.header.extras:
            field = self.header.field_at.get(at)
            if not (cell := given[at].strip()) or self._is_taken(field, at, found, given):
                continue
            extra[label] = cell
            self.settler.look_at(label, cell)
            if is_day:
                try:
                    extra[label] = dates.day_of(cell, self.date_style).isoformat()
                except ValueError:
                    problems.append(problem(label, f"not_a_day:{self.date_style}", cell))
        if extra:
            found["extra"] = orjson.dumps(extra).decode()
        return problems

    def _is_taken(self, field: str | None, at: int, found: dict[str, str], given: Cells) -> bool:
        """Whether the cell has become a field of the row."""
        if field is None or self.header.first(field, given) != at:
            return False
        return field != "serial_number" or "serial_number" in found

    def _refused(self, said: str) -> list[str]:
        of_row = {"subject": self.table.subject, "problem": problem("", f"shape:{said}")}
        return [of_row.get(name, "") for name in self.columns]

    # ── A row of which every cell is a field ──────────────────────────────────────────────────
    def _quick(self) -> Callable[[Cells], list[str] | None]:
        """What shapes a row as `_shaped` does, and gives None for one that takes more.

        Our own files are read three times as fast by it: each cell becomes a field as it is.
        """
        table, width = self.table, len(self.header.names)
        plain = all(len(places) == 1 for places in self.sources.values())
        takes_more = table.key or table.group or table.default or {"owner"} & {*self.sources}
        settled = "quantity" in self.settler.fills or self.header.currency
        held = any(name.startswith("holder_") for name in self.sources)
        if (
            table.subject != "item"
            or "sku" not in self.sources
            or not plain
            or takes_more
            or settled
            or held
        ):
            return _nothing
        blank, subject = width, width + 1  # behind the row's own cells
        constants = {"subject": subject}
        at = [self.sources.get(n, [constants.get(n, blank)])[0] for n in self.columns]
        pick, [sku] = itemgetter(*at), self.sources["sku"]
        extras = [at for at, _, _ in self.header.extras]
        prices = self.sources.get("unit_price", []) if "currency" in self.settler.fills else []
        cleaners = [(self.columns.index(name), clean) for name, clean in self._cleaners.items()]

        def quick(given: Cells) -> list[str] | None:
            if not given[sku] or CLEAR in given or any(given[at] for at in extras):
                return None
            if self._guards and GUARD in "".join(given):
                return None
            if not all(PLAIN.match(given[at]) for at in prices):
                return None
            found = list(pick((*given, "", table.subject)))
            try:
                for place, clean in cleaners:
                    if cell := found[place]:
                        found[place] = clean(cell)
            except cells.Bad:
                return None
            return found

        return quick

    def _stages(self, name: str) -> bool:
        subject, is_native = self.table.subject, self.table.source == "native"
        made = {
            "subject": True,
            "problem": True,
            "extra": bool(self.header.extras),
            "key": subject in {"item", "person", "level"} and not is_native,
            "sku": subject == "item",
            "derived": subject == "person" or (subject == "item" and self.identity.derives),
            "name": bool(self._suffixes) or subject == "person",
            "email": subject == "person",
            "holder": any(f"holder_{part}" in self.sources for part in HOLDER_PARTS),
        }
        in_file = name in self.sources or name in self.table.default
        return made.get(name, False) or in_file or name in self.settler.fills


def _nothing(given: Cells) -> None:
    """Shape no row quickly."""


def _cleaners(table: TableFormat, there: set[str]) -> dict[str, Callable[[str], str]]:
    """Of the fields whose form the format knows, those that are there: what makes them ours."""
    path = partial(_path, separator=table.path, doubling=table.escaped)
    cleaners: dict[str, Any] = {
        "category": path,
        "location": path,
        "parent": path,
        "tags": partial(cells.tags, separator=table.list, doubling=table.escaped),
        "attributes": cells.json_object,
        "email": cells.email,
    }
    cleaners |= {name: partial(_word, words) for name, words in table.words.items()}
    return {name: clean for name, clean in cleaners.items() if name in there}


def _path(cell: str, *, separator: str, doubling: bool) -> str:
    return UNIT.join(lists.split(cell, separator, doubling=doubling))


def _word(words: Mapping[str, str], cell: str) -> str:
    return words.get(cell.strip().lower(), cell)
