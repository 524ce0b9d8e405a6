"""One transaction, tried again when PostgreSQL chose it to end a dead-lock."""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection
from psycopg import errors

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

RETRIES = 3  # whoever collides more often than that comes again later
PAUSES_S = (0.05, 0.5)  # before the next attempt: from, to; at random, so that two part ways
LOST_A_RACE = (errors.DeadlockDetected, errors.SerializationFailure)


class TransactionNeeded(Exception):
    """What is to be done takes more than one statement, and no transaction is open; none was done.

    The database is as it was before.
    """


def retried(work: Callable[[], Result]) -> Result:
    """What `work` returns; it opens the outermost transaction, and may be called again.

    It is, after a dead-lock (40P01) or a failure to serialise (40001), of which PostgreSQL rolls
    one side back so that the other goes on. Inside a transaction there is nothing to begin again:
    there, as after the last attempt, the OperationalError crosses.
    """
    for _ in range(RETRIES):
        try:
            return work()
        except OperationalError as error:
            if connection.in_atomic_block or not isinstance(error.__cause__, LOST_A_RACE):
                raise
            logger.info("a transaction collided with another, and is tried again")
            time.sleep(random.uniform(*PAUSES_S))  # noqa: S311  not a secret
    return work()
