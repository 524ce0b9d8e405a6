"""Several names in one cell: paths and tags, with a separator that is doubled within a name."""

from collections.abc import Sequence
from functools import lru_cache

DOUBLED = "\uffff"  # stands for a doubled separator meanwhile; it is no character of any text
REMEMBERED = 10_000  # cells that are taken apart once


@lru_cache(REMEMBERED)
def split(cell: str, separator: str, *, doubling: bool) -> tuple[str, ...]:
    """The names in a cell, without blank ones and those that are there twice.

    Without a separator the cell is one name. `doubling`: `//` within a name is a slash.
    """
    if not separator:
        return (cell.strip(),) if cell.strip() else ()
    text = cell.replace(separator * 2, DOUBLED) if doubling else cell
    names = (name.strip().replace(DOUBLED, separator) for name in text.split(separator))
    return tuple(name for name in names if name)


def joined(names: Sequence[str], separator: str) -> str:
    """The cell that `split` takes apart again: "A / B"."""
    space = " " if separator == ";" else f" {separator} "
    between = f"{separator}{space}" if separator == ";" else space
    return between.join(name.replace(separator, separator * 2) for name in names)
