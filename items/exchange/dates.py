"""Days as files write them: by a style that is stated, never guessed for a single row."""

import re
from collections.abc import Iterable
from datetime import date, datetime

from items.exchange.errors import Asks

ASK = "ask"
# What each style calls its parts; ISO 8601 is read in every style.
STYLES = {"iso": "", "mdy": "mdy", "dmy": "dmy", "ymd": "ymd"}
SHOWN = {
    "iso": "2026-11-25",
    "mdy": "11/25/2026 (month first)",
    "dmy": "25/11/2026 (day first)",
    "ymd": "2026/11/25 (year first)",
}
ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?\Z")
PARTS = re.compile(r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})(?:[T ].*)?\Z")
# Two digits of a year are of this century up to 68, as POSIX reads them.
CENTURY_TURNS, THIS_CENTURY, LAST_CENTURY, HUNDRED = 69, 2000, 1900, 100


def day_of(text: str, style: str) -> date:
    """The day that a cell names. Raises ValueError when it is none in this style."""
    if found := ISO.match(text):
        return date(*map(int, found.groups()))
    found = PARTS.match(text)
    order = STYLES[style]
    if found is None or not order:
        raise ValueError(text)
    parts = dict(zip(order, found.groups(), strict=True))
    if any(len(parts[part]) > 2 for part in "md"):  # noqa: PLR2004  digits of a month or a day
        raise ValueError(text)
    year = int(parts["y"])
    if len(parts["y"]) <= 2:  # noqa: PLR2004  a year without its century
        year += THIS_CENTURY if year < CENTURY_TURNS else LAST_CENTURY
    return date(year, int(parts["m"]), int(parts["d"]))


def style_of(column: str, cells: Iterable[str]) -> str:
    """The one style in which all of a column's cells are days, or "iso" where none is.

    Raises Asks when there are several, in which they would be other days.
    """
    given = [cell for cell in cells if not _is_iso(cell)]
    fitting = {
        style: days for style in STYLES if (days := _days(given, style)) is not None and given
    }
    if len({tuple(days) for days in fitting.values()}) > 1:
        raise Asks(
            "date",
            f'The column "{column}" can be read in more than one way: {given[0]} may be '
            + " or ".join(f"{fitting[style][0]:%Y-%m-%d} ({style})" for style in fitting)
            + ".",
            list(fitting),
        )
    return next(iter(fitting), "iso")


def moment_of(text: str) -> datetime:
    """A moment in ISO 8601. Raises ValueError."""
    return datetime.fromisoformat(text)


def _is_iso(cell: str) -> bool:
    return ISO.match(cell) is not None


def _days(cells: Iterable[str], style: str) -> list[date] | None:
    try:
        return [day_of(cell, style) for cell in cells]
    except ValueError:
        return None
