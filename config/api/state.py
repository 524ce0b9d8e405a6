"""The state of the database: what tells it, as it is now, from all that it was and will be.

PostgreSQL itself says it: a snapshot names every transaction that it does not see, and once one
that has written commits, no later snapshot is like the one before. So whoever knows that the state
is the same knows that nothing was written since, by whomever and by whatever way.
(A standby's snapshots do not tell; Stockroom writes, and so talks to a primary server.)
"""

import time
from math import inf

from django.db.models import Func, TextField

from config.statements import fetch

# Which database, of a server that runs since when (it may start from an older copy), and what it
# sees.
STATE = "concat_ws(' ', current_catalog, pg_postmaster_start_time(), pg_current_snapshot())"


class State(Func):
    """The state as a statement finds it, as a column."""

    template = f"(SELECT {STATE})"  # once, however many rows there are
    output_field = TextField()


class Watch:
    """Asks for the state, and remembers when: it was so at a later moment than that."""

    def __init__(self) -> None:
        self._last: tuple[float, str] = -inf, ""

    def state(self, since: float | None = None) -> str:
        """The state now; for a question that came at `since` (by time.perf_counter()), since then.

        To such a question what anybody has asked meanwhile is as good an answer: so many that wait
        in one line cost the database one. To be asked outside of a transaction.
        """
        asked_at, state = self._last
        if since is None or asked_at <= since:
            asked_at = time.perf_counter()
            [(state,)] = fetch(f"SELECT {STATE}", ())
            self._last = asked_at, state
        return state


watch = Watch()
