"""Several names in one cell: paths and tags."""

from functools import lru_cache

from config.exports.cells import Joint

REMEMBERED = 10_000  # cells that are taken apart once


@lru_cache(REMEMBERED)
def split(cell: str, mark: str, *, doubling: bool) -> tuple[str, ...]:
    """The names in a cell, without what surrounds them, and without blank ones.

    Without a mark the cell is one name. `doubling`: a mark within a name is doubled, as ours are.
    """
    if not mark:
        parts = [cell]
    elif doubling:
        parts = Joint(mark, f" {mark} ").parted(cell)
    else:
        parts = cell.split(mark)
    return tuple(name for part in parts if (name := part.strip()))
