"""Proof that the sums which the database keeps are those of the movements."""

from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

SQL = Path(__file__).with_name("proof.sql").read_text(encoding="utf-8")
SETTINGS = """
    SET LOCAL work_mem = '128MB'; -- what does not fit goes to the disk, and takes no longer
    SET LOCAL max_parallel_workers_per_gather = 0; -- each would add up nearly as much as one alone
"""


@dataclass(frozen=True)
class Difference:
    """A figure that is kept, and what the movements say that it is."""

    what: str
    kept: str
    said: str

    def __str__(self) -> str:
        return f"{self.what}: {self.kept} is kept, the movements say {self.said}"


@dataclass(frozen=True)
class Proof:
    """The first differences, and how many there are in all, by how many movements."""

    shown: list[Difference]
    differences: int
    movements: int


@transaction.atomic
def prove(show: int) -> Proof:
    """Add up every level, sum and loan anew, inside the database, at one moment of it.

    Whoever books meanwhile neither waits nor disturbs it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM items_movement")
        [movements] = cursor.fetchone()
        cursor.execute(SETTINGS)
        cursor.execute(SQL, [show])
        rows = cursor.fetchall()
    shown = [Difference(*row[:-1]) for row in rows]
    return Proof(shown, rows[0][-1] if rows else 0, movements)
