"""The cells of a workbook as text, without loss."""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
MAX_PLAIN_DIGITS = 24  # of a number before it is written with an exponent
REMEMBERED_VALUES = 4096
MAX_NUMBER_CHARS = 64  # no spreadsheet writes as many; what is remembered stays small
MINUTE_S, HOUR_S = 60, 3600
DATE, DURATION = "date", "duration"


class NotAValue(ValueError):
    """What stands in the cell is not of the type that it says."""


def unescaped(text: str) -> str:
    """Text in which control characters are written as _x000D_, and an underscore as _x005F_."""
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


@lru_cache(maxsize=REMEMBERED_VALUES)
def number_text(literal: str) -> str:
    """A number as one would write it: 5, 0.1, 6377020000000000; raises NotAValue.

    A fraction is the shortest that means the same binary number, which is all that is stored.
    """
    if literal.isascii() and literal.isdigit():
        return literal
    try:
        exact = Decimal(literal)
        if not exact.is_finite():
            raise NotAValue(literal)
        if exact != exact.to_integral_value():
            exact = Decimal(repr(float(literal)))
    except (InvalidOperation, ValueError):
        raise NotAValue(literal) from None
    if abs(exact.adjusted()) > MAX_PLAIN_DIGITS:
        return str(exact)
    plain = format(exact, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


@lru_cache(maxsize=REMEMBERED_VALUES)
def moment_text(literal: str, kind: str, from_1904: bool) -> str:
    """A number that is shown as a date, a time or a duration, in ISO 8601; raises NotAValue.

    A date at midnight is the date alone; a duration is hours:minutes:seconds.
    """
    epoch = MAC_EPOCH if from_1904 else WINDOWS_EPOCH
    try:
        found = from_excel(float(literal), epoch, timedelta=kind == DURATION)
    except (ValueError, OverflowError):
        raise NotAValue(literal) from None
    if isinstance(found, timedelta):
        return _duration_text(found)
    return iso_text(found)


def iso_text(moment: datetime | date | time) -> str:
    """A date, a time or both, in ISO 8601, without a time at midnight."""
    if isinstance(moment, datetime) and moment.time() == time():
        return moment.date().isoformat()
    return moment.isoformat()


def _duration_text(duration: timedelta) -> str:
    sign = "-" if duration < timedelta() else ""
    seconds = round(abs(duration).total_seconds())
    return f"{sign}{seconds // HOUR_S}:{seconds // MINUTE_S % 60:02}:{seconds % MINUTE_S:02}"
