"""Where files come from: how each source calls what we know, as tables beside this one (TOML)."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from items.exchange.errors import Asks, NotImportable

FOLDER = Path(__file__).parent
ANY = "|"  # between headers of which one is enough
SAME = re.compile(r"[\s_\-]+")  # "Asset Tag", "asset_tag" and "ASSET-TAG" are one header
IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]\s*$")  # the unit of "Weight (kg)"
# What a column can be mapped to besides our fields.
MAPPED = "spreadsheet.mapped"  # the format of which every column is said by hand
ATTRIBUTE, IGNORED = "attributes.", "-"
REASON = "Why it was refused"  # a column of ours in a file of refused rows, which is not looked at


@dataclass(frozen=True)
class TableFormat:
    """One kind of file of one source; see the TOML files for what each part means."""

    source: str
    source_title: str
    name: str
    subject: str = ""
    required: Sequence[str] = ()
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    default: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ignored: Sequence[str] = ()
    dates: Sequence[str] = ()
    key: Sequence[str] = ()
    identity: Sequence[str] = ()
    prefix: str = ""
    prefixes: Sequence[str] = ()
    group: str = ""
    from_first: Sequence[str] = ()
    is_row: Sequence[str] = ()
    is_not_row: str = ""
    suffixes: Sequence[str] = ()
    no_suffix: Sequence[str] = ()
    blank: Sequence[str] = ()
    without: Sequence[str] = ()
    exact: bool = False
    known_only: bool = False
    serial_of_one: bool = False
    guarded: bool = False
    counts_one: bool = False
    dump: Sequence[str] = ()
    refused: str = ""
    path: str = ""
    list: str = ""
    decimal: str = "point"
    date: str = "iso"
    escaped: bool = False
    last: bool = False

    @property
    def full_name(self) -> str:
        """How it is named: "snipeit.assets"."""
        return f"{self.source}.{self.name}"

    @property
    def title(self) -> str:
        """How a person calls it: "Snipe-IT assets"."""
        return f"{self.source_title} {self.name}"

    def fits(self, header: Sequence[str]) -> bool:
        """Whether the header has all that this kind of file has."""
        spelled = str if self.exact else same
        there = {*header} if self.exact else self.compared(header)
        if self.dump or (self.known_only and self.compared(header) - self.known()):
            return False
        if any(same(name) in there for name in self.without):
            return False
        return all(
            any(spelled(name) in there for name in names.split(ANY)) for names in self.required
        )

    def compared(self, header: Sequence[str]) -> set[str]:
        """The headers in the form in which they are compared; a spreadsheet's without units too."""
        names = {same(name) for name in header if name}
        return names | {same(bare(name)) for name in names} if self.last else names

    def known(self) -> set[str]:
        """The headers that it knows, in the form in which they are compared."""
        named = [name for names in self.columns.values() for name in names]
        named += [*self.ignored, *self.dates, *self.from_first, *self.suffixes]
        several = (*self.required, *self.key, *self.identity, self.group)
        named += [name for names in several for name in names.split(ANY)]
        return {same(name) for name in named if name}


def same(header: str) -> str:
    """The form in which headers are compared."""
    return SAME.sub(" ", header).strip().lower()


def bare(header: str) -> str:
    """A header without what stands in brackets at its end."""
    return IN_BRACKETS.sub("", header)


@cache
def all_formats() -> tuple[TableFormat, ...]:
    """Every kind of file that is known by itself."""
    found: list[TableFormat] = []
    for path in sorted(FOLDER.glob("*.toml")):
        about: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        tables, title = about.pop("tables"), about.pop("title")
        found += [TableFormat(**{**about, **table}, source_title=title) for table in tables]
    return tuple(found)


def format_named(name: str, header: Sequence[str]) -> TableFormat:
    """The format of this name: a source's ("snipeit"), or a kind's of it ("snipeit.assets").

    Raises Asks when there is none, or when the header is not one of that source's.
    """
    named = [f for f in all_formats() if name in (f.source, f.full_name)]
    if not named:
        raise Asks(
            "format",
            f'There is no format "{name}".',
            [
                *dict.fromkeys(f.source for f in all_formats()),
                *(f.full_name for f in all_formats()),
            ],
        )
    if len(named) == 1 and name == named[0].full_name:
        return _importable(named[0])
    return _importable(_best(named, header) or _unknown(header, name))


def recognised(header: Sequence[str]) -> TableFormat:
    """The format whose header this is. Raises Asks when it is none's, or NotImportable."""
    return _importable(_best(all_formats(), header) or _unknown(header))


def mapped(
    mapping: Mapping[str, str], *, subject: str = "item", base: TableFormat | None = None
) -> TableFormat:
    """The format with columns named by hand: {their header: our field}, over those of `base`.

    A field "-" ignores a column, and "attributes." keeps it under its own name.
    """
    columns: dict[str, list[str]] = {k: list(v) for k, v in base.columns.items()} if base else {}
    ignored = list(base.ignored) if base else []
    for header, name in mapping.items():
        for names in columns.values():
            names[:] = [each for each in names if same(each) != same(header)]
        if name == IGNORED:
            ignored.append(header)
        elif name != ATTRIBUTE:
            columns.setdefault(name, []).insert(0, header)
    kept = {k: v for k, v in columns.items() if v}
    if base is not None:
        return TableFormat(**{**base.__dict__, "columns": kept, "ignored": ignored})
    return replace(any_items(), columns=kept, ignored=ignored, subject=subject)


def any_items() -> TableFormat:
    """A spreadsheet of items of which whoever imports it says what its columns are."""
    spreadsheet = next(f for f in all_formats() if f.last)
    return replace(spreadsheet, name="mapped", required=())


def _best(formats: Iterable[TableFormat], header: Sequence[str]) -> TableFormat | None:
    """The one that knows most of the header; of equals a product's own, which asks for more."""
    fitting = [f for f in formats if f.fits(header) or _is_dump(f, header)]
    ranked = sorted(
        fitting,
        key=lambda f: (len(f.known() & f.compared(header)), not f.last, len(f.required)),
        reverse=True,
    )
    return ranked[0] if ranked else None


def _is_dump(table: TableFormat, header: Sequence[str]) -> bool:
    return bool(table.dump) and {*header} - {REASON} == {"model", "pk", "fields"}


def _importable(table: TableFormat) -> TableFormat:
    if table.refused:
        raise NotImportable(table.refused)
    return table


def _unknown(header: Sequence[str], name: str = "") -> TableFormat:
    shown = ", ".join(header[:20])
    what = f"a file of {name}" if name else "any that is known"
    raise Asks(
        "map",
        f'The header is not that of {what}: {shown}. Say what the columns are: "{header[0]}=sku".',
        [],
    )
