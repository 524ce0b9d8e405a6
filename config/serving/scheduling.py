"""How the kernel shares the processors among the threads of a process that answers."""

import os
import sys


def leave_threads_alone() -> None:
    """Let no thread of ours that wakes up interrupt one that computes: it waits for its turn.

    A thread that answers is woken into by those that only carry requests and answers, twice for
    each request; it loses what the processor had at hand, and they the wait for Python's lock. So
    a seventh of the time of a small request is saved (sched(7), SCHED_BATCH). Threads that are made
    later do as the one that calls this.
    """
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
