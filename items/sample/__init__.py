"""The sample: Haneul Lab, its register and the book of its store, as CSV files."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from items.trees import PATH_SEPARATOR, TreeNode

Node = TypeVar("Node", bound=TreeNode)


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of <name>.csv."""
    path = Path(__file__).with_name(f"{name}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def load_tree(model: type[Node], name: str) -> dict[str, Node]:
    """{path: node} of the nodes in <name>.csv; a parent stands before its children."""
    made: dict[str, Node] = {}
    for row in rows(name):
        path = row.pop("path")
        above, _, own_name = path.rpartition(PATH_SEPARATOR)
        parent = made.get(above)
        made[path] = model._default_manager.create(name=own_name, parent=parent, **row)
    return made
