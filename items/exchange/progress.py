"""How far an import is, told to everybody who looks while a worker plans or applies it."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from django.core.cache import cache

from items.exchange.models import Import
from items.exchange.plans import Progress

Status = Import.Status

EVERY_S = 0.2  # more often nobody looks
BEGINS: dict[str, str] = {
    Status.WAITING: Status.PLANNING
}  # what is done next with an import in this status
TTL_S = 600  # longer than any one step is silent


@dataclass(frozen=True)
class Told:
    """What is being done, and how much of how much of it is: bytes, rows or steps."""

    what: str
    done: int
    total: int


def told(record: Import) -> Progress:
    """What tells how far this import is; the cache may be lost, then nobody hears of it."""
    key, last = _key(record.pk, BEGINS.get(record.status, record.status)), [0.0]

    def tell(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - last[0] >= EVERY_S:
            last[0] = now
            cache.set(key, asdict(Told(what, done, total)), TTL_S)

    return tell


def progress_of(record: Import) -> Told | None:
    """How far it is; None when nothing is done with it, or when that is not known."""
    return heard_of(record.pk, record.status)


def heard_of(pk: int, status: str) -> Told | None:
    """The same, of the import with this id and status."""
    if status not in (Status.PLANNING, Status.APPLYING, Status.UNDOING):
        return None
    kept = cache.get(_key(pk, status))
    return Told(**kept) if kept else None


def _key(pk: int, status: str) -> str:
    return f"import-progress:{pk}:{status}"
