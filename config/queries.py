"""How many statements each thread has sent to the database."""

import threading
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


class QueryCounter(threading.local):
    """Counts the statements that pass through it on their way to the database, by thread."""

    count = 0

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        """What the statement gives."""
        self.count += 1
        return execute(sql, params, many, context)


counter = QueryCounter()


def count_statements_of(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Have the statements counted of a connection that has been opened, perhaps not at first."""
    if counter not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, counter)
