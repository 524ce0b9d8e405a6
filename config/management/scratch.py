"""A folder that lives as long as one run."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded import make_data_folder
from config.embedded.locks import is_held, try_lock, wait_for_lock

FOLDER = "runs"  # in the data folder
LOCK = "lock"


@contextmanager
def scratch_folder(data: Path) -> Iterator[Path]:
    """A folder of this run's own in the data folder, for the length of a `with` block.

    Those of runs that were killed are removed; the lock of a run that goes on is held.
    Raises ServicesError when the data folder cannot be used.
    """
    runs = data / FOLDER
    make_data_folder(runs)
    with wait_for_lock(runs / LOCK):
        for left in runs.iterdir():
            if left.is_dir() and not is_held(left / LOCK):
                shutil.rmtree(left)
        folder = Path(tempfile.mkdtemp(dir=runs))
        lock = try_lock(folder / LOCK)
    assert lock is not None  # nobody else knows of it
    try:
        with lock:
            yield folder
    finally:
        shutil.rmtree(folder)
