"""Locks that the kernel frees when the last process holding them is gone, however it went.

Nothing here trusts a process id: ids are used again after a reboot, locks are not.
"""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

POLL_S = 0.02
PATIENCE_S = 1.0  # after which a person is told what is waited for


def _open(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b")


def try_lock(path: Path, *, shared: bool = False) -> BinaryIO | None:
    """Take the lock now: the open file that holds it until it is closed, or None if it is held."""
    file = _open(path)
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def wait_for_lock(path: Path, *, shared: bool = False) -> BinaryIO:
    """Take the lock, however long that takes."""
    file = _open(path)
    try:
        fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    except BaseException:
        file.close()
        raise
    return file


def wait_until(
    done: Callable[[], bool], *, timeout_s: float, patience: Callable[[], None] = lambda: None
) -> bool:
    """Ask `done` until it says yes: whether it did within the time.

    `patience` is called once when that takes longer than a person waits without wondering.
    """
    begun, told = time.monotonic(), False
    while not done():
        waited = time.monotonic() - begun
        if waited > timeout_s:
            return False
        if waited > PATIENCE_S and not told:
            patience()
            told = True
        time.sleep(POLL_S)
    return True


def is_held(path: Path) -> bool:
    """Whether any process holds the lock. Makes no file where there is none."""
    if not path.exists():
        return False
    file = try_lock(path)
    if file is None:
        return True
    file.close()
    return False
