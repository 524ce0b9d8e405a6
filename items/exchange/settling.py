"""What a row says in a way of its source's own, brought into ours before it is looked at."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from config import currencies
from items.exchange.fields import RUINED
from items.exchange.formats import TableFormat
from items.exchange.headers import SYMBOLS, Header

ONE = ("", "1", "1.0", "1,0")  # of what has a serial number
PLAIN = re.compile(r"[\d.,]*\Z")  # a price that names no currency
CODE = re.compile(r"[A-Za-z]{3}")
SHORTENED = re.compile(RUINED)
# Where a thing is, or who has it: without a column of quantities each row is one thing.
KEPT_BY = ("location", "holder_email", "holder_username", "holder_name")


class Settler:
    """Settles the rows of one table, and tells in `notes` what a person should know of it."""

    def __init__(self, table: TableFormat, header: Header) -> None:
        self.table, self.header = table, header
        self._blank = {cell.lower() for cell in table.blank}
        self._prices = "unit_price" in header.sources and not table.exact
        self._counts_one = table.counts_one and "quantity" not in header.sources
        self.left_out = self.counted_one = 0
        self._shortened: Counter[str] = Counter()

    @property
    def fills(self) -> set[str]:
        """The fields that it may fill, though no column is theirs."""
        kept = self._counts_one and {*KEPT_BY} & {*self.header.sources}
        return ({"currency"} if self._prices else set()) | ({"quantity"} if kept else set())

    def meant(self, given: Sequence[str]) -> Sequence[str]:
        """The row with blank cells where the source has a word for nothing."""
        if not self._blank:
            return given
        return ["" if cell.strip().lower() in self._blank else cell for cell in given]

    def settle(self, found: dict[str, str]) -> None:
        """A price says its currency, a place that there is one; a serial number is of one thing."""
        if self._prices and (price := found.get("unit_price", "")):
            found["unit_price"], currency = priced(price)
            if not found.get("currency", "").strip():
                found["currency"] = currency or self.header.currency
        if self._counts_one and any(found.get(name, "").strip() for name in KEPT_BY):
            found["quantity"] = "1"
            self.counted_one += 1
        if self.table.guarded:
            for name in {"sku", "barcode"} & {*found}:
                found[name] = found[name].strip().removeprefix("'")
        if self.table.serial_of_one and found.get("quantity", "").strip() not in ONE:
            found.pop("serial_number", None)

    def look_at(self, label: str, cell: str) -> None:
        """Remember a number that is kept though a spreadsheet has shortened it."""
        if "+" in cell and SHORTENED.match(cell):
            self._shortened[label] += 1

    def notes(self) -> Iterator[str]:
        """What was settled, in sentences."""
        if self.left_out:
            yield f"{_rows(self.left_out)} left out: {self.table.is_not_row}"
        if self.counted_one:
            yield (
                "There is no column of quantities: what has a place or a holder counts as one "
                f"({_rows(self.counted_one)})."
            )
        for label, count in self._shortened.items():
            yield (
                f"“{label}” holds {count:,} numbers that a spreadsheet has shortened, like "
                "6.37702E+15: they are kept as they are."
            )


def priced(cell: str) -> tuple[str, str]:
    """A price without its currency, and the currency where the cell names one."""
    if PLAIN.match(cell):
        return cell, ""
    code = next((SYMBOLS[sign] for sign in SYMBOLS if sign in cell), "")
    named = CODE.search(cell)
    if named and named[0].upper() in currencies.DECIMALS:
        return cell.replace(named[0], "").strip(), named[0].upper()
    return cell, code


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
