"""What `cells` says in Python, and how a value is written, as expressions of PostgreSQL."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, Func, IntegerField, Q, TextField, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Concat, StrIndex
from django.db.models.lookups import Exact, In, Regex

from config.exports.cells import APOSTROPHE, HARMFUL, LIST, PATH

TEXT = TextField()
# What a harmful text begins with, as numbers, which are quickly compared: most texts do not.
HARMFUL_STARTS = [ord(character) for character in "'=+-@\t\r"]


def harmless(text: Any) -> Case:
    """A text as it stands in a cell: never a formula."""
    return _quoted(text, text)


def _quoted(begins: Any, text: Any) -> Case:
    """A text, after an apostrophe where what it begins with is harmful."""
    start = Func(begins, function="ascii", output_field=IntegerField())
    harmful = Q(In(start, HARMFUL_STARTS)) & Q(Regex(begins, Value(HARMFUL, TEXT)))
    quoted = Concat(Value(APOSTROPHE, TEXT), text)
    return Case(When(harmful, then=quoted), default=text, output_field=TEXT)


def joined_cell(texts: Any) -> Case:
    """An array of texts as it stands in a cell: it begins as the first of them does."""
    first = Func(texts, template="(%(expressions)s)[1]", output_field=TEXT)
    return _quoted(first, joined(texts))


def joined(texts: Any) -> Case:
    """An array of texts as one."""
    everything, as_they_are = (
        Func(texts, Value(between, TEXT), function="array_to_string", output_field=TEXT)
        for between in ("", LIST.separator)
    )
    # Seldom: a mark within one of them.
    unmarked = Q(Exact(StrIndex(everything, Value(LIST.mark, TEXT)), 0))
    return Case(When(unmarked, then=as_they_are), default=_Marked(texts), output_field=TEXT)


class _Marked(Func):
    """The same, the mark doubled within each."""

    template = f"""(
        SELECT string_agg(replace(part, '{LIST.mark}', '{LIST.mark * 2}'), '{LIST.separator}'
                          ORDER BY place)
        FROM unnest(%(expressions)s) WITH ORDINALITY AS parts (part, place)
    )"""  # noqa: S608  made of our own words alone
    output_field = TEXT


@dataclass(frozen=True)
class Path:
    """The way down a tree, to the node that a column of ids names.

    `table` is the tree's, with its `id`, `name` and `parent_id`. The paths of all its nodes are
    made once for a statement, and looked up for each row.
    """

    node: str
    table: str

    def cell(self) -> Func:
        """The path as it stands in a cell."""
        harmless = f"CASE WHEN path ~ %s THEN '{APOSTROPHE * 2}' || path ELSE path END"
        return self._looked_up(harmless, HARMFUL)

    def value(self) -> Func:
        """The path."""
        return self._looked_up("path")

    def _looked_up(self, written: str, *values: str) -> Func:
        name = f"replace(name, '{PATH.mark}', '{PATH.mark * 2}')"
        paths = f"""
            WITH RECURSIVE paths (id, path) AS (
                SELECT id, {name} FROM "{self.table}" WHERE parent_id IS NULL
                UNION ALL
                SELECT node.id, path || '{PATH.separator}' || {name}
                FROM "{self.table}" node JOIN paths ON parent_id = paths.id
            ) SELECT jsonb_object_agg(id, {written}) FROM paths
        """  # noqa: S608  made of our own words alone
        known = RawSQL(paths, values, output_field=TEXT)  # noqa: S611  likewise
        key = Cast(self.node, TEXT)
        return Func(known, key, template="(%(expressions)s)", arg_joiner=" ->> ", output_field=TEXT)


def moment(time: Any) -> Func:
    """A moment as text, in UTC: ISO 8601; `to_char` would take twice the time."""
    utc = Cast(Func(Value("UTC", TEXT), time, function="timezone", output_field=TEXT), TEXT)
    iso = Func(utc, Value(" ", TEXT), Value("T", TEXT), function="replace", output_field=TEXT)
    return Func(iso, Value("Z", TEXT), arg_joiner=" || ", template="(%(expressions)s)")


def plain(number: Any) -> Func:
    """A decimal without padding zeros."""
    expression = F(number) if isinstance(number, str) else number
    return Func(expression, function="trim_scale", output_field=TEXT)
