"""How many statements have been sent to the database, by whoever asks it."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

_count: ContextVar[int] = ContextVar("count", default=0)


class QueryCounter:
    """Counts the statements that pass through it on their way to the database.

    By thread; where one answers several requests by turns, by greenlet (which share no context).
    """

    @property
    def count(self) -> int:
        """How many passed here so far."""
        return _count.get()

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        """What the statement gives."""
        _count.set(_count.get() + 1)
        return execute(sql, params, many, context)


counter = QueryCounter()


def count_statements_of(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Have the statements counted of a connection that has been opened, perhaps not at first."""
    if counter not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, counter)
