"""InvenTree's `dumpdata`: records that refer to each other, made into rows of ours.

A part becomes an item. What is in stock of it are levels, but for a piece with a serial number,
which is an item of its own: with us such a thing is one thing. What is sold, installed in something
else or being built is in no location, and is told in a note.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from items.exchange.errors import NotImportable
from items.exchange.identity import derived_sku
from items.exchange.reading import RecordTable, Table
from items.exchange.staged import UNIT

COLUMNS = (
    *("subject", "key", "sku", "derived", "name", "description", "category", "status", "unit"),
    *("serial_number", "reorder_point", "quantity", "location", "extra"),
)
CATEGORY, LOCATION, PART, STOCK = (
    *("part.partcategory", "stock.stocklocation", "part.part", "stock.stockitem"),
)
TEMPLATE, PARAMETER = "part.partparametertemplate", "part.partparameter"
# Since its version 1.1 anything has parameters: which it is a model's name and key say.
COMMON_TEMPLATE, COMMON_PARAMETER = "common.parametertemplate", "common.parameter"
CONTENT_TYPE, OF_PARTS = "contenttypes.contenttype", (["part", "part"], "part.part")
# Where something is that is in no location.
GONE = ("customer", "belongs_to", "consumed_by", "sales_order", "is_building")
# What says nothing of the thing: the tree's bookkeeping, checksums, and what has a field of ours.
SILENT = {
    *("lft", "rght", "tree_id", "level", "barcode_hash", "bom_checksum", "metadata", "image"),
    *("name", "description", "category", "IPN", "units", "minimum_stock", "active", "part"),
    *("quantity", "serial", "serial_int", "location", "updated", "delete_on_deplete", "multiple"),
    *("review_needed", "purchase_price_currency", "stocktake_user", "status", "creation_user"),
    *("supplier_part", "parent", "build", "owner", "responsible_owner", "bom_checked_by", *GONE),
}
EMPTY: tuple[Any, ...] = (None, "", False, "0.000000", "0.00000", "0", 0, {}, [])


@dataclass
class Dump:
    """The records by model and key, each with its place in the file."""

    by_model: Mapping[str, dict[Any, dict[str, Any]]]
    lines: Mapping[str, dict[Any, int]]
    of_part: defaultdict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    numbers: Mapping[str, str] = field(default_factory=dict)
    gone: int = 0

    def of(self, model: str) -> Iterable[tuple[int, str, dict[str, Any]]]:
        """The records of a model: line, key, fields."""
        for pk, fields in self.by_model[model].items():
            yield self.lines[model][pk], pk, fields

    def path(self, model: str, pk: Any) -> str:
        """The path of a node, as it is staged; of none, blank. A circle ends where it began."""
        names: list[str] = []
        seen = set()
        while pk is not None and (node := self.by_model[model].get(str(pk))) and pk not in seen:
            seen.add(pk)
            names.append(str(node.get("name") or "").strip())
            pk = node.get("parent")
        return UNIT.join(reversed(names))


def rows(table: Table, notes: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The line and the cells, in the order of COLUMNS, of each thing in a dump.

    Raises NotImportable when there is no part in it.
    """
    dump = _read(table)
    dump.numbers = _numbers(dump)
    if not dump.by_model[PART] and not dump.by_model[LOCATION]:
        raise NotImportable("This dump has no parts (part.part) and no locations in it.")
    for made in (_categories, _places, _parts, _pieces):
        for line, cells in made(dump):
            yield line, [cells.get(name, "") for name in COLUMNS]
    if dump.gone:
        notes.append(
            f"{dump.gone} stock items are sold, installed or being built: they are in no location, "
            "and are left out."
        )


def _read(table: Table) -> Dump:
    by_model: defaultdict[str, dict[Any, dict[str, Any]]] = defaultdict(dict)
    lines: defaultdict[str, dict[Any, int]] = defaultdict(dict)
    assert isinstance(table, RecordTable)  # a dump is JSON
    for line, record in table.records():
        model, pk, fields = (record.get(name) for name in ("model", "pk", "fields"))
        if isinstance(fields, str):
            fields = _parsed(fields)
        if isinstance(model, str) and isinstance(fields, dict):
            by_model[model.lower()][str(pk)] = fields
            lines[model.lower()][str(pk)] = line
    return Dump(by_model, lines)


def _parsed(text: str) -> Any:
    """The fields as a file of refused rows has them: a text that is JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _categories(dump: Dump) -> Iterator[tuple[int, dict[str, str]]]:
    for line, pk, _ in dump.of(CATEGORY):
        yield line, {"subject": "category", "key": pk, "category": dump.path(CATEGORY, pk)}


def _places(dump: Dump) -> Iterator[tuple[int, dict[str, str]]]:
    for line, pk, fields in dump.of(LOCATION):
        cells = {"subject": "place", "location": dump.path(LOCATION, pk)}
        kept = {"description": fields.get("description")} if fields.get("description") else {}
        yield line, {**cells, "extra": _json(kept)}


def _parts(dump: Dump) -> Iterator[tuple[int, dict[str, str]]]:
    parameters = _parameters(dump)
    for _, _, fields in dump.of(STOCK):
        if not _is_gone(fields) and not fields.get("serial") and (said := _said(fields)):
            dump.of_part[str(fields.get("part"))].setdefault("stock", []).append(said)
    for line, pk, fields in dump.of(PART):
        cells = _item(dump, pk, fields)
        lowest = str(fields.get("minimum_stock") or "")
        if lowest.strip("0."):
            cells["reorder_point"] = lowest
        shared = {"IPN": fields["IPN"]} if fields.get("IPN") and pk not in dump.numbers else {}
        extra = {**_said(fields), **shared, **parameters.get(pk, {}), **dump.of_part[pk]}
        yield line, {**cells, "extra": _json(extra)}


def _parameters(dump: Dump) -> Mapping[str, dict[str, str]]:
    """What is measured of each part, by its key."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for model, templates in ((PARAMETER, TEMPLATE), (COMMON_PARAMETER, COMMON_TEMPLATE)):
        for _, _, fields in dump.of(model):
            template = dump.by_model[templates].get(str(fields.get("template")), {})
            name = str(template.get("name") or "parameter")
            if model == PARAMETER:
                found[str(fields.get("part"))][name] = str(fields.get("data", ""))
            elif _is_of_part(dump, fields.get("model_type")):
                found[str(fields.get("model_id"))][name] = str(fields.get("data", ""))
    return found


def _is_of_part(dump: Dump, kind: Any) -> bool:
    of_key = dump.by_model[CONTENT_TYPE].get(str(kind), {})
    return kind in OF_PARTS or [of_key.get("app_label"), of_key.get("model")] in OF_PARTS


def _numbers(dump: Dump) -> dict[str, str]:
    """The number of each part that has one of its own: revisions of a part share theirs."""
    found: dict[str, str] = {}
    for _, pk, fields in dump.of(PART):
        if number := str(fields.get("IPN") or "").strip():
            found.setdefault(number.lower(), pk)
    return {pk: number for number, pk in found.items()}


def _item(dump: Dump, pk: str, fields: Mapping[str, Any]) -> dict[str, str]:
    """What an item says as a part does."""
    key, name = f"part/{pk}", str(fields.get("name", "")).strip()
    number = str(fields.get("IPN") or "").strip() if pk in dump.numbers else ""
    return {
        "subject": "item",
        "key": key,
        "sku": number or derived_sku(f"~{key}", name),
        "derived": "" if number else "1",
        "name": name,
        "description": str(fields.get("description") or ""),
        "category": dump.path(CATEGORY, fields.get("category")),
        "status": "retired" if fields.get("active") is False else "active",
        "unit": str(fields.get("units") or ""),
    }


def _pieces(dump: Dump) -> Iterator[tuple[int, dict[str, str]]]:
    """What is in stock: levels of parts, and things with a serial number."""
    for line, pk, fields in dump.of(STOCK):
        if _is_gone(fields):
            dump.gone += 1
            continue
        part = dump.by_model[PART].get(str(fields.get("part")), {})
        cells = {
            "subject": "level",
            "key": f"part/{fields.get('part')}",
            "location": dump.path(LOCATION, fields.get("location")),
            "quantity": str(fields.get("quantity", "")),
        }
        if serial := str(fields.get("serial") or "").strip():
            whole = _item(dump, str(fields.get("part")), part)
            key = f"stock/{pk}"
            extra = {"serial": serial, "part": whole["sku"], **_said(fields)}
            cells |= {
                **whole,
                "key": key,
                "sku": derived_sku(f"~{key}", f"{whole['name']} {serial}"),
                "derived": "1",
                "serial_number": f"{whole['sku']}#{serial}",
                "extra": _json(extra),
            }
        yield line, cells


def _is_gone(fields: Mapping[str, Any]) -> bool:
    return any(fields.get(name) for name in GONE)


def _said(fields: Mapping[str, Any]) -> dict[str, str]:
    """What a record says that we have no field for."""
    return {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in fields.items()
        if name not in SILENT and value not in EMPTY
    }


def _json(extra: Mapping[str, Any]) -> str:
    return orjson.dumps(extra).decode() if extra else ""
