"""manage.py verify_ledger: prove that what is kept is what the movements add up to."""

import sys
from typing import Any

from config.management.explained import ExplainedCommand
from items.stock import proof

MAX_SHOWN = 100

HELP = f"""
Prove the ledger: add everything up anew from the movements, and compare it with what is kept.

  manage.py verify_ledger              exit code 0 and "0 differences", or 1 and each difference

It looks at

  every level        how much of an item is at a location
  every item         on_hand, in all storage locations, and on_loan, with all persons
  every loan         returned, and closed_at: when the last of it came back
  every person       that what they have of an item is what is out on their open loans

It changes nothing, and nobody waits for it: it reads one moment of the database. At most
{MAX_SHOWN} differences are shown, then how many more there are.

A difference cannot come from the admin, the API or SQL typed by hand: the database keeps these
figures itself and lets nobody else write them. It means that somebody has switched the triggers
off, or that the disk or the memory is failing. Keep a backup of this state, then find out which
is right, by counting what is there (the movements cannot be changed).
"""


class Command(ExplainedCommand):
    """Prints each difference; exit code 1 when there is any."""

    help = HELP

    def handle(self, *args: Any, **options: Any) -> None:
        """Prove it, and say so."""
        proven = proof.prove(MAX_SHOWN)
        for difference in proven.shown:
            self.stdout.write(str(difference))
        if more := proven.differences - len(proven.shown):
            self.stdout.write(f"and {more:,} more")
        self.stdout.write(f"{proven.differences:,} differences, {proven.movements:,} movements")
        if proven.differences:
            sys.exit(1)
