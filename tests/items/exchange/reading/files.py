"""Small files to read, and what becomes of them."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from items.exchange.reading import Row, Unreadable, open_table


class Read(NamedTuple):
    """A file that has been read to its end."""

    kind: str
    header: list[str]
    rows: list[Row]
    notes: list[str]

    @property
    def cells(self) -> list[list[str]]:
        return [row.cells for row in self.rows]

    @property
    def problems(self) -> list[str]:
        return [row.problem for row in self.rows]


def read(path: Path, content: bytes, **how: Any) -> Read:
    """Write a file and read it."""
    path.write_bytes(content)
    with open_table(path, name=how.pop("name", path.name), **how) as table:
        rows = list(table.rows())
        return Read(table.kind, table.header, rows, table.notes)


def refusal(path: Path, content: bytes, **how: Any) -> Unreadable:
    """Why a file is refused; that it is one sentence is checked on the way."""
    with pytest.raises(Unreadable) as caught:
        read(path, content, **how)
    message = caught.value.message
    assert message.endswith(".")
    assert "\n" not in message
    assert ". " not in message
    assert len(message) < 300
    return caught.value
