"""What a plan says, in words, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from items.exchange.formats import ATTRIBUTE, same
from items.exchange.models import Import
from items.exchange.planned import Planned, planned_rows
from items.exchange.undoing import Undone

SUBJECTS = {
    "item": "items",
    "person": "people",
    "place": "locations",
    "category": "categories",
    "level": "stock levels",
}

DIFFERING = "not as in the books, and booked only with --count"


@dataclass(frozen=True)
class Report:
    """Of one import."""

    record: Import

    def lines(self, show: str, limit: int) -> Iterator[str]:
        """The plan: how the file was read, what it would do, and the first rows of some outcome."""
        yield f"Plan {self.record.pk} of {self.record.file_name}, read as {self.record.format}."
        yield from (f"  {said}" for said in self._columns())
        yield from (f"  {note}" for note in self.record.notes)
        for subject, of in self.totals["subjects"].items():
            counts = ", ".join(f"{of[name]:,} {name}" for name in of if of[name])
            yield f"  {SUBJECTS[subject]}: {counts}"
        yield from (f"  {line}" for line in self._besides())
        outcome = "" if show == "all" else show
        rows = planned_rows(self.record, outcome=outcome, size=limit)
        for row in rows:
            yield from self._row(row)
        shown = self.record.rows_with(show) if outcome else self.totals["rows"]
        if shown > len(rows):
            yield f"… and {shown - len(rows):,} more (--limit)"

    def _columns(self) -> Iterator[str]:
        """Which column is read as what, where they are called otherwise; and which are kept."""
        used: dict[str, str] = self.record.columns
        read = [
            f"{header} = {name}"
            for header, name in used.items()
            if not name.startswith(ATTRIBUTE) and same(header) != same(name)
        ]
        kept = [header for header, name in used.items() if name.startswith(ATTRIBUTE)]
        if read:
            yield f"Read: {', '.join(read)}."
        if kept:
            yield f"Kept besides: {', '.join(kept)}."

    @property
    def totals(self) -> dict[str, Any]:
        """How many of each."""
        found: dict[str, Any] = self.record.totals
        return found

    @property
    def applied(self) -> str:
        """What was done."""
        counts = ", ".join(
            f"{self.totals[name]:,} {said}"
            for name, said in (
                *(("create", "made"), ("update", "changed"), ("unchanged", "unchanged")),
                ("refused", "refused and left out"),
            )
            if self.totals[name]
        )
        return f"Applied import {self.record.pk}: {counts or 'nothing to do'}."

    def undone(self, found: Undone, limit: int) -> Iterator[str]:
        """What was taken back, and what was not."""
        yield (
            f"Undone import {self.record.pk}: {found.reversed:,} movements reversed, "
            f"{found.restored:,} items restored, {found.retired:,} retired."
        )
        if found.kept:
            yield f"{found.kept:,} items stay as they are:"
        for told in found.told[:limit]:
            yield f"  line {told['line']}, {told['sku']}: {told['why']}"
        if found.kept > limit:
            yield f"  … and {found.kept - limit:,} more"

    def _besides(self) -> Iterator[str]:
        for name, one, many in (
            ("new_categories", "category would be made", "categories would be made"),
            ("new_locations", "location would be made", "locations would be made"),
            ("new_people", "holder would be made", "holders would be made"),
            ("opened", "quantity would be received", "quantities would be received"),
            ("counted", "quantity would be counted", "quantities would be counted"),
            ("differing", f"quantity {DIFFERING}", f"quantities {DIFFERING}"),
        ):
            if count := self.totals[name]:
                yield f"{count:,} {one if count == 1 else many}"

    def _row(self, row: Planned) -> Iterator[str]:
        yield f"line {row.line}: {row.outcome} {row.name}".rstrip()
        for problem in row.problems:
            column = f"{problem.column}: " if problem.column else ""
            given = f"“{problem.value}” " if problem.value else ""
            yield f"    {column}{given}{problem.message}"
        for change in row.changes:
            yield f"    {change.column}: {change.before} → {change.after}"
        if row.stock:
            yield f"    {row.stock}"
