"""What of imports may go when it is old: plans, the rows that undoing needs, and lost files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config import history
from config.pruning import Prunable
from items.exchange import services
from items.exchange.errors import WrongState
from items.exchange.models import Import
from items.exchange.querysets import ImportQuerySet

# What a plan is about changes every day: after a week it would hardly be applied as it is.
PLANS_KEPT = timedelta(days=7)
# Whoever undoes an import has noticed by then; until then its rows take the room of the file.
APPLIED_KEPT = timedelta(days=90)
# A file is there before the import that names it is committed; a request takes minutes at most.
STRAYS_KEPT = timedelta(days=1)
LEAST_OF_STRAYS = timedelta(hours=1)


def prunables() -> list[Prunable]:
    """The kinds of what may go."""
    return [
        Prunable(
            name="plans",
            what="imports that were never applied",
            rows=lambda before: [Import.objects.left_before(before)],
            age=PLANS_KEPT,
            by=_discarded,
        ),
        Prunable(
            name="imports",
            what="the rows and files of imports that were applied, which undoing needs",
            rows=lambda before: [Import.objects.whole_and_applied_before(before)],
            age=APPLIED_KEPT,
            by=_forgotten,
        ),
        Prunable(
            name="uploads",
            what="files that no import names",
            rows=lambda before: [Strays(before)],
            age=STRAYS_KEPT,
            least=LEAST_OF_STRAYS,
            by=_unlinked,
        ),
    ]


@dataclass(frozen=True)
class Strays:
    """Files that no import names, and that lay there before a moment."""

    before: datetime

    def count(self) -> int:
        """How many there are."""
        return len(self.paths())

    def paths(self) -> list[Path]:
        """Where they are."""
        named = {*Import.objects.values_list("stored_as", flat=True)}
        files = services.folder().glob("*")
        return [path for path in files if path.name not in named and self._is_old(path)]

    def _is_old(self, path: Path) -> bool:
        try:
            written = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
        except FileNotFoundError:  # gone since
            return False
        return written < self.before


def _discarded(rows: ImportQuerySet, *, via: str) -> Iterator[int]:
    for record in rows:
        with suppress(WrongState), history.written_by(None, via=via):  # begun since
            services.put_back(record, Import.Status.FAILED)  # nobody plans for a week
            services.discard(record)
            yield 1


def _forgotten(rows: ImportQuerySet, *, via: str) -> Iterator[int]:
    for record in rows:
        with history.written_by(None, via=via):
            services.forget_rows(record)
        yield 1


def _unlinked(strays: Strays, *, via: str) -> Iterator[int]:
    for path in strays.paths():
        path.unlink(missing_ok=True)
        yield 1
