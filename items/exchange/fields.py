"""The fields that a file can fill: how a cell becomes a value, in SQL, and what may be wrong.

A check is `(condition, code)`: where the condition holds of the trimmed cell, the row is refused
for the code (see problems.py), with a fact after a colon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config import currencies
from items.catalogue import models as catalogue
from items.catalogue.models import Item

# A number that a spreadsheet has shortened, so that nobody knows it any more: 6.37702E+15.
RUINED = r"^[+-]?[0-9]+([.,][0-9]+)?[eE]\+[0-9]+$"
POINT = r"^-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)?(\.[0-9]+)?$"  # 1234.5 and 1,234.5
COMMA = r"^-?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)?(,[0-9]+)?$"  # 1234,5 and 1.234,5
# Most are of this kind, and are looked at no further.
SIMPLE, WHOLE = r"^[0-9]{1,15}(\.[0-9]{1,10})?$", r"^[0-9]{1,15}$"
IS_RUINED = f"strpos({{cell}}, '+') > 0 AND {{cell}} ~ '{RUINED}'"  # the first is the quicker
BESIDE_NUMBERS = r"[\s\u00a0\u202f''$€£¥₩]"  # currency signs, and spaces between thousands
TRUE, FALSE = ("true", "yes", "y", "1", "t"), ("false", "no", "n", "0", "f")
MAX_DIGITS = 30  # of a number at all; a field takes fewer

Check = tuple[str, str]


@dataclass(frozen=True)
class Field:
    """One column of a table and of what is staged: as text it is called `{cell}` in its SQL."""

    name: str
    column: str
    sql_type: str
    value: str
    checks: Sequence[Check] = ()
    default: str = "NULL"  # of a new row, where the file says nothing
    required: bool = False
    trimmed: bool = False  # spaces around it are no difference
    join: str = ""  # a lookup that it needs: LEFT JOIN {join}
    numeric: bool = False

    def cleaned(self) -> str:
        """The trimmed cell; null when it is blank."""
        return f"nullif(btrim(raw.{self.name}, E' \\t\\r\\n\\u00a0'), '')"

    def read(self, decimal: str) -> str:
        """The number that the cell is, as it is written with this decimal sign; else null."""
        cell = f"raw.{self.name}"
        bare = f"regexp_replace({cell}, '{BESIDE_NUMBERS}', '', 'g')"
        point = f"replace({bare}, ',', '')"
        comma = f"replace(replace({bare}, '.', ''), ',', '.')"
        pattern, number = (COMMA, comma) if decimal == "comma" else (POINT, point)
        simple = WHOLE if decimal == "comma" else SIMPLE
        return (
            f"CASE WHEN {cell} ~ '{simple}' THEN {cell}::numeric "
            f"WHEN {bare} ~ '{pattern}' AND {bare} ~ '[0-9]' "
            f"AND char_length({bare}) <= {MAX_DIGITS} THEN ({number})::numeric END"
        )


def text(name: str, longest: int, **options: object) -> Field:
    """A text of at most so many characters."""
    return Field(
        name,
        name,
        "text",
        "{cell}",
        checks=[(f"char_length({{cell}}) > {longest}", f"too_long:{longest}")],
        trimmed=True,
        **options,  # type: ignore[arg-type]
    )


def code(name: str, longest: int, **options: object) -> Field:
    """A text by which a thing is known, and which a spreadsheet may have ruined."""
    field = text(name, longest, **options)
    return Field(**{**field.__dict__, "checks": [*field.checks, (IS_RUINED, "ruined")]})


def number(name: str, digits: int, decimals: int, **options: object) -> Field:
    """An exact number that is not negative; it is read before it is looked at (`read`)."""
    value = f"raw.v_{name}"
    unread = f"{value} IS NULL AND {{cell}} IS NOT NULL"
    return Field(
        name,
        name,
        "numeric",
        value,
        checks=[
            (f"{unread} AND {{cell}} ~ '{RUINED}'", "ruined"),
            (f"{unread} AND {{cell}} !~ '{RUINED}'", "not_a_number"),
            (f"{value} < 0", "negative"),
            (f"{value} >= {10 ** (digits - decimals)}", "too_large"),
            (f"{value} <> round({value}, {decimals})", f"too_many_decimals:{decimals}"),
        ],
        numeric=True,
        **options,  # type: ignore[arg-type]
    )


def choice(name: str, choices: Sequence[str], *, case: str = "lower", **options: object) -> Field:
    """One of some words, whatever its case."""
    words = ", ".join(f"'{word}'" for word in choices)
    said = " | ".join(choices) if len(choices) <= 5 else "a code of ISO 4217"  # noqa: PLR2004
    return Field(
        name,
        name,
        "text",
        f"{case}({{cell}})",
        checks=[(f"{case}({{cell}}) NOT IN ({words})", f"not_a_choice:{said}")],
        **options,  # type: ignore[arg-type]
    )


def truth(name: str, **options: object) -> Field:
    """Yes or no, in one of several words."""
    yes = ", ".join(f"'{word}'" for word in TRUE)
    both = ", ".join(f"'{word}'" for word in (*TRUE, *FALSE))
    return Field(
        name,
        name,
        "boolean",
        f"lower({{cell}}) IN ({yes})",
        checks=[(f"lower({{cell}}) NOT IN ({both})", "not_a_choice:true | false")],
        **options,  # type: ignore[arg-type]
    )


def looked_up(name: str, column: str, table: str, key: str) -> Field:
    """A row that another table of the import has found: `{key}` joins it as `l_{name}`."""
    return Field(
        name,
        column,
        "bigint",
        f"l_{name}.id",
        checks=[(f"l_{name}.problem <> ''", f"|l_{name}.problem")],
        join=f"{table} l_{name} ON {key}",
    )


CURRENCIES = sorted(currencies.DECIMALS)
ITEM_FIELDS: Sequence[Field] = (
    code("sku", catalogue.SKU_MAX_LENGTH),
    text("name", catalogue.ITEM_NAME_MAX_LENGTH, required=True),
    text("description", catalogue.DESCRIPTION_MAX_LENGTH, default="''"),
    looked_up(
        "category",
        "category_id",
        "{node}",
        "l_category.what = 'category' AND l_category.cell = raw.category",
    ),
    looked_up("owner", "owner_id", "{person}", "l_owner.cell = raw.owner"),
    choice("status", Item.Status.values, default="'active'"),
    text("unit", catalogue.UNIT_MAX_LENGTH, default="'pcs'"),
    number("unit_price", catalogue.PRICE_DIGITS, currencies.MAX_DECIMALS),
    choice("currency", CURRENCIES, case="upper", default="{currency}"),
    Field("tags", "tags", "varchar[]", "{cell}::varchar[]", default="'{}'"),
    Field("attributes", "attributes", "jsonb", "{cell}::jsonb", default="'{}'"),
    code("barcode", catalogue.CODE_MAX_LENGTH),
    code("serial_number", catalogue.CODE_MAX_LENGTH),
    number("reorder_point", catalogue.QUANTITY_DIGITS, catalogue.QUANTITY_DECIMALS),
)
# What a row says of the stock: it is not a column of the item.
STOCK_FIELDS: Sequence[Field] = (
    number("quantity", catalogue.QUANTITY_DIGITS, catalogue.QUANTITY_DECIMALS),
    looked_up(
        "location",
        "location_id",
        "{node}",
        "l_location.what = 'location' AND l_location.cell = coalesce(raw.location, '')",
    ),
    looked_up("holder", "holder_id", "{person}", "l_holder.cell = raw.holder"),
    Field(
        "due_at",
        "due_at",
        "timestamptz",
        "l_due_at.at",
        checks=[("l_due_at.problem <> ''", "|l_due_at.problem")],
        join="{day} l_due_at ON l_due_at.cell = raw.due_at",
    ),
)
