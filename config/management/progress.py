"""How a command shows that it goes on: a bar on the terminal, and nothing where there is none."""

from typing import Any

from tqdm import tqdm


def progress(total: int | None, unit: str, what: str) -> "tqdm[Any]":
    """A bar on stderr, to be told `update(n)`; bytes (`unit` "B") are written as kB, MB, GB."""
    return tqdm(
        total=total,
        unit=unit,
        unit_scale=unit == "B",
        desc=what,
        leave=False,
        disable=None,  # nothing unless stderr is a terminal
    )
