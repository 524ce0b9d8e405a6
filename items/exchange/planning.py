# ruff: noqa: S608  statements are made of names and constants of ours alone
"""What an import of items would do: one statement compares every row with what is there.

The statement is made of the fields that the file has (see fields.py), in four steps, each a
sub-select that is computed once (OFFSET 0 keeps PostgreSQL from merging it into the next): the
cells trimmed, read as values and checked, matched with what is there, and put beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from config import currencies
from items.exchange.doubles import refuse_doubles
from items.exchange.fields import ITEM_FIELDS, STOCK_FIELDS, Field
from items.exchange.options import Options
from items.exchange.rooms import TABLES, Room
from items.exchange.staged import BETWEEN_PROBLEMS, CLEARABLE, CLEARED, SHOWN_LENGTH, UNIT

# By what a row is matched with an item, after its key in its source: in this order.
CODES = ("sku", "barcode", "serial_number")
NEXT_ID = "nextval(pg_get_serial_sequence('items_item', 'id'))"
SAME_SKU = 'lower(by_sku.sku) COLLATE "C" = lower(typed.v_sku) COLLATE "C"'
# What an import made that was then undone, and that nobody has touched since: as good as new.
AS_NEW = """(there.status = 'retired' AND there.on_hand = 0 AND there.on_loan = 0 AND (
    SELECT event.pgh_context->>'via' FROM items_itemevent event
    WHERE event.pgh_obj_id = there.id ORDER BY event.pgh_id DESC LIMIT 1
) LIKE 'undoing import %')"""


@dataclass(frozen=True)
class ItemPlan:
    """How items of one file are planned: of these staged `columns`, from this `source`."""

    columns: Sequence[str]
    source: str
    decimal: str
    options: Options

    @property
    def fields(self) -> list[Field]:
        """The fields of an item that the file has."""
        return [field for field in ITEM_FIELDS if self._has(field)]

    @property
    def stock(self) -> list[Field]:
        """What it says of the stock."""
        if "quantity" not in self.columns:
            return []
        kept = {"quantity", "location", *self.columns}
        return [field for field in STOCK_FIELDS if field.name in kept]

    @property
    def attributes_merged(self) -> bool:
        """Whether what has no field is put among the attributes."""
        return "extra" in self.columns

    def _has(self, field: Field) -> bool:
        merged = field.name == "attributes" and self.attributes_merged
        return field.name in self.columns or merged or field.name == "status"

    def make(self, room: Room) -> None:
        """Make the table `plan_item`."""
        kept = [field for field in self.fields if field.name in self.columns]
        room.run(self._sql(room, self._outcomes(self._matched(self._typed(self._trimmed(kept))))))
        for code in CODES:
            if code in self.columns:
                is_sku = code == "sku"
                refuse_doubles(room, "plan_item", f"n_{code}", field=code, whatever_case=is_sku)
        for column in ("key", "target_id"):
            refuse_doubles(room, "plan_item", column, field="sku")
        room.run("CREATE INDEX ON {plan_item} (outcome, line)")
        room.analyze("plan_item", "line", "outcome", "target_id", "key")

    # ── The four steps ────────────────────────────────────────────────────────────────────────
    def _trimmed(self, kept: Sequence[Field]) -> str:
        """Each cell without what surrounds it, and whether it is to be cleared."""
        parts = ["raw.line", *self._passed()]
        for field in (*kept, *self.stock):
            if field.join:
                continue
            cell = field.cleaned()
            if field.name in CLEARABLE:
                cell = f"CASE WHEN raw.{field.name} = {_quoted(CLEARED)} THEN NULL ELSE {cell} END"
            parts.append(f"{cell} AS k_{field.name}")
            if field.numeric:
                parts.append(f"{field.read(self.decimal)} AS v_{field.name}")
        cleared = [field for field in kept if field.name in CLEARABLE]
        parts += [
            f"raw.{f.name} IS NOT DISTINCT FROM {_quoted(CLEARED)} AS c_{f.name}" for f in cleared
        ]
        where = "WHERE raw.subject = 'item'" if "subject" in self.columns else ""
        return f"SELECT {_listed(parts)} FROM {{raw}} raw {where} OFFSET 0"

    def _passed(self) -> list[str]:
        """What is handed on as it is: keys, and the cells that a lookup has seen."""
        looked_up = [f.name for f in (*self.fields, *self.stock) if f.join]
        names = ["key", "derived", "problem", "extra", *looked_up]
        return [f"raw.{n}" if n in self.columns else f"NULL::text AS {n}" for n in names]

    def _typed(self, source: str) -> str:
        """Each value, null when its cell is blank or wrong; and what is wrong."""
        kept = [f for f in (*self.fields, *self.stock) if f.name in self.columns or f.join]
        parts = ["raw.line", "raw.key", "raw.derived", "raw.extra"]
        checks = []
        for field in kept:
            cell = f"raw.{field.name}" if field.join else f"raw.k_{field.name}"
            parts.append(f"{_in(field.value, cell)} AS v_{field.name}")
            checks += [
                f"CASE WHEN {_in(condition, cell)} THEN {_problem(field.name, code, cell)} END"
                for condition, code in field.checks
            ]
            if field.name in CLEARABLE and field.name in self.columns:
                parts.append(f"raw.c_{field.name}")
        found = f"string_to_array(raw.problem, {_quoted(BETWEEN_PROBLEMS)})"
        parts.append(
            f"coalesce({found}, '{{}}') || array_remove({_array(checks)}, NULL) AS problems"
        )
        placed = "raw.location IS NOT NULL" if self.stock else "FALSE"
        parts.append(f"{placed} AS placed")
        joins = "\n".join(f"LEFT JOIN {field.join}" for field in kept if field.join)
        return f"SELECT {_listed(parts)} FROM ({source}) raw {joins} OFFSET 0"

    def _matched(self, source: str) -> str:
        """The item that each row is about, if it is there, and what it would then be."""
        parts = ["typed.line", "typed.key", "typed.placed AS s_placed"]
        parts += ["there.id AS found_id", "there.version"]
        parts.append(f"coalesce({AS_NEW}, FALSE) AS as_new")
        parts += [f"typed.v_{field.name} AS s_{field.name}" for field in self.stock]
        for field in self.fields:
            parts.append(f"{self._new(field)} AS n_{field.name}")
            parts.append(f"there.{field.column} AS o_{field.name}")
        beside = f"array_remove({_array(self._refusals())}, NULL)"
        whole = "typed.problems[1] LIKE '- %'"  # what is wrong with the whole row says enough
        beside = f"CASE WHEN {whole} THEN '{{}}' ELSE {beside} END"
        parts.append(f"typed.problems || {beside} AS problems")
        codes = [code for code in CODES if code in self.columns]
        joins, found = [], []
        if "key" in self.columns:
            of_source = f"by_key.item_id IS NOT NULL AND by_key.source = {_quoted(self.source)}"
            same = f"{of_source} AND by_key.key = typed.key"
            joins.append(f"LEFT JOIN items_externalkey by_key ON {same}")
            found.append("by_key.item_id")
        for code in codes:
            same = SAME_SKU if code == "sku" else f"by_{code}.{code} = typed.v_{code}"
            joins.append(f"LEFT JOIN items_item by_{code} ON {same}")
            found.append(f"by_{code}.id")
        joins.append(f"LEFT JOIN items_item there ON there.id = coalesce({_listed(found)})")
        return f"SELECT {_listed(parts)} FROM ({source}) typed {' '.join(joins)} OFFSET 0"

    def _outcomes(self, source: str) -> str:
        """What becomes of each row."""
        changed = [
            f"CASE WHEN n_{f.name} IS DISTINCT FROM o_{f.name} THEN '{f.name}' END"
            for f in self.fields
        ]
        before = " || ".join(
            f"CASE WHEN n_{f.name} IS DISTINCT FROM o_{f.name} "
            f"THEN jsonb_build_object('{f.name}', o_{f.name}) ELSE '{{}}' END"
            for f in self.fields
        )
        outcome = """CASE WHEN cardinality(problems) > 0 THEN 'refused'
            WHEN found_id IS NULL THEN 'create'
            WHEN cardinality(changed) > 0 THEN 'update' ELSE 'unchanged' END"""
        kept = [f"n_{f.name}" for f in self.fields] + [f"s_{f.name}" for f in self.stock]
        return f"""
            SELECT line, key, outcome, version, problems, s_placed, as_new,
                CASE WHEN outcome = 'create' THEN {NEXT_ID}
                    ELSE found_id END AS target_id,
                CASE WHEN outcome = 'update' THEN changed END AS changed,
                CASE WHEN outcome = 'update' THEN {before or "'{}'::jsonb"} END AS before,
                {_listed(kept)}
            FROM (
                SELECT *, {outcome} AS outcome FROM (
                    SELECT *, CASE WHEN found_id IS NOT NULL
                        THEN array_remove({_array(changed)}, NULL) END AS changed
                    FROM ({source}) beside OFFSET 0
                ) compared OFFSET 0
            ) judged
        """

    # ── Parts of them ─────────────────────────────────────────────────────────────────────────
    def _new(self, field: Field) -> str:
        """What the field would be: as the row says, as it is, or as a new one begins."""
        value, there = f"typed.v_{field.name}", f"there.{field.column}"
        default = self._default(field)
        if field.name == "attributes":
            return self._new_attributes(there)
        if field.name == "status":
            said = value if "status" in self.columns else "NULL"
            return f"coalesce({said}, CASE WHEN {AS_NEW} THEN NULL ELSE {there} END, {default})"
        if field.trimmed:
            value = f"CASE WHEN btrim({there}) = {value} THEN {there} ELSE {value} END"
        if field.name == "sku":
            is_said = "typed.derived IS NULL OR there.id IS NULL"
            value = f"CASE WHEN {is_said} THEN {value} ELSE there.sku END"
        unsaid = f"coalesce({value}, CASE WHEN there.id IS NULL THEN {default} ELSE {there} END)"
        if field.name in CLEARABLE:
            return f"CASE WHEN typed.c_{field.name} THEN {default} ELSE {unsaid} END"
        return unsaid

    def _new_attributes(self, there: str) -> str:
        said = f"coalesce({there}, '{{}}')"
        if "attributes" in self.columns:
            said = f"coalesce(typed.v_attributes, {said})"
            said = f"CASE WHEN typed.c_attributes THEN '{{}}' ELSE {said} END"
        extra = "coalesce(typed.extra::jsonb, '{}')" if self.attributes_merged else "'{}'"
        return f"{said} || {extra}"

    def _default(self, field: Field) -> str:
        value = _quoted(self.options.currency) if field.name == "currency" else field.default
        return f"{value}::{field.sql_type}"

    def _refusals(self) -> list[str]:
        """What is wrong with a row beside what is there."""
        found = [
            f"CASE WHEN there.id IS NULL AND typed.v_{field.name} IS NULL "
            f"THEN {_problem(field.name, 'required')} END"
            for field in self.fields
            if field.required
        ]
        if "name" not in self.columns:
            found.append(f"CASE WHEN there.id IS NULL THEN {_problem('name', 'required')} END")
        no_sku = "there.id IS NULL AND typed.v_sku IS NULL"
        found.append(f"CASE WHEN {no_sku} THEN {_problem('sku', 'no_key')} END")
        found += [
            f"CASE WHEN by_{code}.id <> there.id "
            f"THEN {_problem(code, 'taken:', f'typed.v_{code}', f'by_{code}.sku')} END"
            for code in CODES
            if code in self.columns
        ]
        if {"unit_price", "currency"} & {*self.columns}:
            found.append(self._price_that_does_not_fit())
        if {"serial_number", "quantity"} <= {*self.columns}:
            many, shown = "typed.v_quantity > 1", "typed.v_quantity::text"
            said = _problem("quantity", "single_thing:", shown, shown)
            found.append(f"CASE WHEN typed.v_serial_number IS NOT NULL AND {many} THEN {said} END")
        return found

    def _price_that_does_not_fit(self) -> str:
        by_name = {field.name: field for field in ITEM_FIELDS}
        price, currency = (
            self._new(by_name[name])
            if name in self.columns
            else f"coalesce(there.{name}, {self._default(by_name[name])})"
            for name in ("unit_price", "currency")
        )
        others = " ".join(
            f"WHEN ({currency}) IN ({_listed([_quoted(code) for code in codes])}) THEN {decimals}"
            for decimals, codes in currencies.OTHER_DECIMALS.items()
        )
        decimals = f"CASE {others} ELSE {currencies.DEFAULT_DECIMALS} END"
        code = _problem("unit_price", "decimals_of_currency:", f"({price})::text", f"({currency})")
        fits = f"({price}) = round(({price}), {currencies.MAX_DECIMALS})"
        return f"CASE WHEN {fits} AND ({price}) <> round(({price}), {decimals}) THEN {code} END"

    def _sql(self, room: Room, select: str) -> sql.SQL:
        """The whole statement; what is in it are names and constants of ours."""
        text = f"CREATE TABLE {{plan_item}} AS {select}"
        for name in TABLES:
            text = text.replace(f"{{{name}}}", room.table(name).as_string(None))
        return sql.SQL(text)


def _problem(field: str, code: str, cell: str = "''", fact: str = "") -> str:
    """The SQL of a problem (see shaping.problem); a code behind `|` is one that a lookup found."""
    said = f"'{field} ' || {code[1:]}" if code.startswith("|") else _quoted(f"{field} {code}")
    more = f" || {fact}" if fact else ""
    return f"{said}{more} || {_quoted(UNIT)} || coalesce(left({cell}, {SHOWN_LENGTH}), '')"


def _in(text: str, cell: str) -> str:
    return text.replace("{cell}", cell)


def _quoted(text: str) -> str:
    return sql.Literal(text).as_string(None)


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts)


def _array(parts: Sequence[str]) -> str:
    return f"ARRAY[{_listed(parts)}]::text[]"
