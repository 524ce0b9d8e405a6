"""What whoever imports a file says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

DEFAULT_LOCATION = "Unsorted"  # where what has no place in the file is put


@dataclass(frozen=True)
class Options:
    """How a file is to be read; what is left empty is recognised, or is asked for.

    `map` says {their header: our field}; `count` books differences in quantity of what is there.
    """

    format: str = ""
    map: Mapping[str, str] = field(default_factory=dict)
    subject: str = "item"
    encoding: str = ""
    decimal: str = ""
    date: str = ""
    currency: str = ""
    location: str = DEFAULT_LOCATION
    count: bool = False

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Options:
        """As `kept` says."""
        return cls(**kept)

    def kept(self) -> dict[str, Any]:
        """In the form of JSON."""
        return asdict(self)
