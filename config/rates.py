"""How a rate is written: `60/min`."""

import re
from functools import cache
from typing import NamedTuple

WINDOWS_S = {"s": 1, "min": 60, "h": 60 * 60, "day": 24 * 60 * 60}
FORM = re.compile(rf"([1-9][0-9]{{0,8}})/({'|'.join(WINDOWS_S)})")


class Rate(NamedTuple):
    """At most `limit` times in a window, which begins at the first time."""

    limit: int
    window_s: int


@cache
def parse_rate(text: str) -> Rate:
    """The rate that `text` writes. Raises ValueError when it writes none."""
    written = FORM.fullmatch(text)
    if written is None:
        raise ValueError(
            f"{text[:50]!r} is no rate; expected a number from 1, a slash, and one of "
            f"{', '.join(WINDOWS_S)}, e.g. 60/min."
        )
    return Rate(int(written[1]), WINDOWS_S[written[2]])
