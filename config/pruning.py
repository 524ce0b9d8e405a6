"""What may be deleted when it is old, and its deletion in bounded steps.

An app offers what it has in `prunables` of its AppConfig; `manage.py prune` deletes it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.apps import apps
from django.db.models import QuerySet

from config import history

CHUNK = 5000  # rows of one transaction: none holds its locks for long


def delete(rows: QuerySet[Any], *, via: str) -> Iterator[int]:
    """Delete the rows, a transaction for each CHUNK of them: how many each has deleted.

    What is done is done: cut off, it goes on from there when it is called again.
    """
    ordered, last = rows.order_by("pk"), None
    while True:
        rest = ordered if last is None else ordered.filter(pk__gt=last)
        ids = list(rest.values_list("pk", flat=True)[:CHUNK])
        if not ids:
            return
        with history.written_by(None, via=via), history.forgetting(rows.model):
            rest.filter(pk__in=ids).order_by().delete()
        last = ids[-1]
        yield len(ids)


class Countable(Protocol):
    """Rows, or what else there may be many of."""

    def count(self) -> int:
        """How many there are."""


@dataclass(frozen=True)
class Prunable:
    """A kind of row that may go once it is old.

    `rows` gives the QuerySets of those that ended before a moment. `age` is how old they may grow
    when nothing else is asked, None for ever; `least` is how old they have to be at any rate. What
    is more than rows of a table is deleted `by` a function of its own.
    """

    name: str
    what: str
    rows: Callable[[datetime], Iterable[Countable]]
    age: timedelta | None
    least: timedelta = timedelta(0)
    by: Callable[..., Iterator[int]] = delete


def prunables() -> list[Prunable]:
    """What every app offers."""
    return [
        each
        for app in apps.get_app_configs()
        if hasattr(app, "prunables")
        for each in app.prunables()
    ]
