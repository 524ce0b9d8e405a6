"""Which column of a file is which field of ours, and what is kept besides."""

from __future__ import annotations

from collections.abc import Sequence

from config import currencies
from items.exchange.formats import ANY, IN_BRACKETS, REASON, TableFormat, bare, same

SYMBOLS = {"€": "EUR", "£": "GBP", "₩": "KRW"}  # $ and ¥ are of several


class Header:
    """The columns of one file, as its format reads them, by where they are.

    `sources` are those of each field, the one that is asked first being the first; `extras` those
    that we have no field for: where, how they are called, and whether they hold days. Of several
    columns that may become one field all are extras, since only one of them does in each row.
    """

    def __init__(self, table: TableFormat, names: Sequence[str]) -> None:
        self.table, self.names = table, names
        self._at = {same(name): i for i, name in reversed(list(enumerate(names)))}
        if table.last:
            for i, name in enumerate(names):
                self._at.setdefault(same(bare(name)), i)
        named = {
            field: [self._at[same(each)] for each in known if same(each) in self._at]
            for field, known in table.columns.items()
        }
        self.sources = {field: places for field, places in named.items() if places}
        self.field_at = {at: field for field, places in self.sources.items() for at in places}
        single = {places[0] for places in self.sources.values() if len(places) == 1}
        ignored = {same(name) for name in (*table.ignored, REASON)}
        days = {same(name) for name in table.dates}
        if table.serial_of_one:
            single -= {*self.sources.get("serial_number", [])}
        self.extras = [
            (at, self._label(name), same(name) in days)
            for at, name in enumerate(names)
            if name and at not in single and same(name) not in ignored
        ]

    @property
    def used(self) -> dict[str, str]:
        """{their header: our field, or "attributes." and the name under which it is kept}."""
        kept = {self.names[at]: f"attributes.{label}" for at, label, _ in self.extras}
        return kept | {self.names[at]: field for at, field in self.field_at.items()}

    @property
    def currency(self) -> str:
        """The currency that the column of prices names: EUR of "Price (EUR)"."""
        names = [self.names[at] for at in self.sources.get("unit_price", [])]
        said = [found[1].strip().upper() for name in names if (found := IN_BRACKETS.search(name))]
        codes = [SYMBOLS.get(text, text) for text in said]
        return next((code for code in codes if code in currencies.DECIMALS), "")

    def places(self, names: str) -> list[int]:
        """Where the headers, or our fields, of "A|B" are."""
        found: list[int] = []
        for name in names.split(ANY):
            found += self.sources.get(name, [])
            if (at := self._at.get(same(name))) is not None and at not in found:
                found.append(at)
        return found

    def places_of_all(self, names: Sequence[str]) -> list[int]:
        """Where any of these are."""
        return self.places(ANY.join(names)) if names else []

    def first(self, field: str, given: Sequence[str]) -> int | None:
        """Which of a field's columns says it in this row."""
        return next((at for at in self.sources[field] if given[at]), None)

    def _label(self, name: str) -> str:
        for prefix in (*self.table.prefixes, self.table.prefix):
            if prefix and name.startswith(prefix):
                return name.removeprefix(prefix)
        return name
