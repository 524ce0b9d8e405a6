"""The state of the database: what tells it, as it is now, from all that it was and will be.

PostgreSQL itself says it: a snapshot names every transaction that it does not see, and once one
that has written commits, no later snapshot is like the one before. So whoever knows that the state
is the same knows that nothing was written since, by whomever and by whatever way.
(A standby's snapshots do not tell; Stockroom writes, and so talks to a primary server.)
"""

from django.db.models import Func, TextField

from config.statements import fetch

# Which database, of a server that runs since when (it may start from an older copy), and what it
# sees.
STATE = "concat_ws(' ', current_catalog, pg_postmaster_start_time(), pg_current_snapshot())"


class State(Func):
    """The state as a statement finds it, as a column."""

    template = f"(SELECT {STATE})"  # once, however many rows there are
    output_field = TextField()


def state_of_database() -> str:
    """The state now."""
    [(state,)] = fetch(f"SELECT {STATE}", ())
    return str(state)
