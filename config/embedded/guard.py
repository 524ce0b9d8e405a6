"""Stops the services of a data folder when their last user is gone: `python -m … DATA`.

Users stop them themselves, but for those that are killed. It costs nothing while it waits: the
kernel wakes it.
"""

import sys
from pathlib import Path

from .services import stop_unless_used, wait_for_last_user


def main(data: Path) -> None:
    """Wait, and stop what nobody uses; wait again should someone new have come."""
    used = True
    while used:
        wait_for_last_user(data)
        used = stop_unless_used(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
