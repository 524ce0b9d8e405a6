"""Where things are in the rows that are read by a plan."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from config.api.reads import MAX_PLANS, ReadPlan

VERSION = "version"  # of a model whose rows count their edits


@dataclass(frozen=True)
class Layout:
    """The columns that are read, and where in a row the id and the version are.

    `joins` says where ids of related rows are, and columns of those that are never null.
    """

    columns: list[Any]
    pk: int
    version: int | None
    joins: list[tuple[int, int]]


@lru_cache(MAX_PLANS)
def layout_of(plan: ReadPlan, model: Any) -> Layout:
    """The layout of a plan's rows: its columns, and the id and the version where they are not."""
    columns = list(plan.columns)

    def place(name: str) -> int:
        if name not in columns:
            columns.append(name)
        return columns.index(name)

    pk = place(model._meta.pk.attname)
    versioned = any(field.name == VERSION for field in model._meta.concrete_fields)
    version = place(VERSION) if versioned else None
    joins = [
        (columns.index(key.attname), columns.index(name))
        for key in model._meta.concrete_fields
        if key.is_relation and key.attname in columns
        for other in key.related_model._meta.concrete_fields
        if not (other.null or other.primary_key)
        for name in [f"{key.name}__{other.name}"]
        if name in columns
    ]
    return Layout(columns, pk, version, joins)


@lru_cache(MAX_PLANS)
def joins_itself(plan: ReadPlan, model: Any) -> bool:
    """Whether a row is read with others of its own table."""
    ways = [column.split("__")[:-1] for column in plan.columns if isinstance(column, str)]
    return any(model._meta.get_field(way[0]).related_model is model for way in ways if way)
