"""What the admin shows of an import: what it would do or has done, in words, and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from items.exchange.formats import all_formats
from items.exchange.models import Import
from items.exchange.planned import Planned, made_besides, planned_rows

PAGE_ROWS = 50
MAX_VALUES = 30  # that one row says; a table may have a thousand columns
MAX_BESIDES = 20  # categories, locations and people that are named one by one
CUT_CHARS, TITLE_CHARS = 80, 1000  # of a value on the page, and beside the pointer
Status = Import.Status
WORKING = (Status.WAITING, Status.PLANNING, Status.APPLYING, Status.UNDOING)
DONE = (Status.APPLIED, Status.UNDONE)
# How rows are called by what becomes of them: before it is done, and after.
OUTCOMES: Mapping[str, tuple[str, str]] = {
    "create": ("to be made", "made"),
    "update": ("to be changed", "changed"),
    "unchanged": ("unchanged", "unchanged"),
    "refused": ("refused", "left out"),
    "differs": ("differing stock", "differing stock"),
}
SUBJECTS: Mapping[str, tuple[str, str]] = {
    "item": ("item", "items"),
    "person": ("person", "people"),
    "place": ("location", "locations"),
    "location": ("location", "locations"),
    "category": ("category", "categories"),
    "level": ("stock level", "stock levels"),
    "quantity": ("quantity", "quantities"),
    "row": ("row", "rows"),
}
PAGES = {
    "item": "items_item",
    "level": "items_item",
    "person": "users_user",
    "place": "items_location",
    "category": "items_category",
}
# What may be made besides rows: where it is counted, with rows that are about such themselves.
BESIDES = {
    "category": ("new_categories", "category"),
    "location": ("new_locations", "place"),
    "person": ("new_people", ""),
}


def so_many(count: int, what: str, how: str = "") -> str:
    """A number of things: "1 item", "2,000 new items"."""
    one, many = SUBJECTS[what]
    return f"{count:,} {how}{one if count == 1 else many}"


def title_of(record: Import) -> str:
    """How its format is called: "Snipe-IT assets"."""
    titles = {
        each.full_name: each.source_title if each.last else each.title for each in all_formats()
    }
    return titles.get(record.format, "a table whose columns were named by hand")


# ── In words ──────────────────────────────────────────────────────────────────────────────────
def deed(record: Import, *, done: bool = False) -> str:
    """What applying it does, or has done: "Make 22 items, change 3 items"; blank for nothing."""
    words = ("made", "changed", "booked") if done else ("make", "change", "book")
    totals = record.totals
    of = totals.get("subjects", {})
    parts = []
    for word, outcome in zip(words, ("create", "update"), strict=False):
        # Of levels it is their quantities that are booked.
        counts = [so_many(n[outcome], s) for s, n in of.items() if n[outcome] and s != "level"]
        if counts:
            parts.append(f"{word} {_listed(counts)}")
    if booked := totals.get("opened", 0) + totals.get("counted", 0):
        parts.append(f"{words[-1]} {so_many(booked, 'quantity')}")
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def told_undone(record: Import) -> str:
    """What undoing it has done."""
    found = record.totals.get("undone", {})
    parts = [
        f"{found[name]:,} {said}"
        for name, said in (
            ("reversed", "bookings reversed"),
            ("restored", "items as they were before"),
            ("retired", "items retired"),
        )
        if found.get(name)
    ]
    return _listed(parts) or "nothing"


def counts_of(record: Import) -> str:
    """How many rows have which outcome, on one line."""
    at = 1 if record.status in DONE else 0
    found = [(record.rows_with(outcome), said[at]) for outcome, said in OUTCOMES.items()]
    return ", ".join(f"{count:,} {said}" for count, said in found if count)


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


# ── What is beside the rows ───────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Tab:
    """The rows of one outcome: how they are called, how many there are, where they are."""

    label: str
    number: str
    url: str
    chosen: bool
    outcome: str


def tabs(record: Import, chosen: str) -> list[Tab]:
    """All rows, and those of each outcome that any has."""
    at = 1 if record.status in DONE else 0
    found = [("", "All rows", record.rows_with("rows"))]
    found += [
        (outcome, said[at].capitalize(), _count(record, outcome))
        for outcome, said in OUTCOMES.items()
    ]
    return [
        Tab(label, f"{count:,}", f"?{urlencode({'outcome': outcome})}", outcome == chosen, outcome)
        for outcome, label, count in found
        if count or outcome == chosen
    ]


def _count(record: Import, outcome: str) -> int:
    return record.rows_with("differing" if outcome == "differs" else outcome)


def besides(record: Import) -> list[tuple[str, str, int]]:
    """What is made because rows name it: how many of what, the first names, how many more."""
    of = record.totals.get("subjects", {})
    counts = {
        what: record.rows_with(name) - of.get(subject, {}).get("create", 0)
        for what, (name, subject) in BESIDES.items()
    }
    if not any(count > 0 for count in counts.values()):
        return []
    names = made_besides(record, size=MAX_BESIDES)
    return [
        (so_many(count, what, "new "), "; ".join(shown), count - len(shown))
        for what, count in counts.items()
        for shown in [names.get(what, [])]
        if count > 0
    ]


# ── Rows ──────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Cut:
    """A value as the page has room for it, and all of it beside the pointer, if that is more."""

    text: str
    title: str = ""

    @classmethod
    def of(cls, value: str) -> Cut:
        """The value, cut where it is long."""
        if len(value) <= CUT_CHARS:
            return cls(value)
        return cls(f"{value[:CUT_CHARS]}…", value[:TITLE_CHARS])


@dataclass(frozen=True)
class Shown:
    """A row of a plan on the page."""

    row: Planned
    outcome: str
    what: str
    name: Cut
    url: str
    changes: Sequence[tuple[str, Cut, Cut]]
    values: Sequence[tuple[str, Cut]]
    problems: Sequence[tuple[str, Cut, str]]
    more: int  # values and changes


@dataclass(frozen=True)
class Rows:
    """Some rows of a plan, and where the next ones are."""

    shown: Sequence[Shown]
    next_url: str

    @classmethod
    def of(cls, record: Import, *, outcome: str, after: int) -> Rows:
        """The rows behind a line."""
        found = planned_rows(record, outcome=outcome, after=after, size=PAGE_ROWS + 1)
        rows, more = found[:PAGE_ROWS], found[PAGE_ROWS:]
        asked = f"outcome={outcome}&after={rows[-1].line}" if more else ""
        return cls([_shown(record, row) for row in rows], f"?{asked}" if asked else "")


def _shown(record: Import, row: Planned) -> Shown:
    at = 1 if record.status in DONE else 0
    return Shown(
        row,
        outcome=OUTCOMES[row.outcome][at],
        what=SUBJECTS[row.subject][0],
        name=Cut.of(row.name),
        url=_page_of(record, row),
        changes=[
            (each.column, Cut.of(each.before), Cut.of(each.after))
            for each in row.changes[:MAX_VALUES]
        ],
        values=[(column, Cut.of(value)) for column, value in row.values[:MAX_VALUES]],
        problems=[(each.column, Cut.of(each.value), each.message) for each in row.problems],
        more=max(len(row.changes), len(row.values)) - MAX_VALUES,
    )


def _page_of(record: Import, row: Planned) -> str:
    """The page of what a row is about; of what is not there yet, none."""
    if row.target_id is None or (row.outcome == "create" and record.status not in DONE):
        return ""
    return reverse(f"admin:{PAGES[row.subject]}_change", args=[row.target_id])


def sources() -> Iterator[tuple[str, str]]:
    """Each source of files that are understood, and which of its files."""
    found: dict[str, list[str]] = {}
    for each in all_formats():
        if not each.refused and not each.last:
            found.setdefault(each.source_title, []).append(each.name)
    for title, names in found.items():
        yield title, ", ".join(names)
