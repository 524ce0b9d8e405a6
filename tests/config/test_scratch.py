"""The folder of a run: its own, and gone when the run is."""

import signal
import subprocess
import sys
from pathlib import Path

from config.management.scratch import FOLDER, scratch_folder

HOLD = """
import sys
from pathlib import Path
from config.management.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


def folders(data: Path) -> set[Path]:
    return {path for path in (data / FOLDER).iterdir() if path.is_dir()}


def holder(data: Path) -> "tuple[subprocess.Popen[str], Path]":
    """Another process with a folder of its own, until it is told or killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data)],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def end(process: "subprocess.Popen[str]") -> None:
    process.communicate(timeout=10)


def test_each_has_its_own_when_several_run(tmp_path: Path) -> None:
    data = tmp_path / "new"
    process, theirs = holder(data)
    with scratch_folder(data) as ours, scratch_folder(data) as another:
        assert folders(data) == {theirs, ours, another}
        (ours / "something").touch()
    assert folders(data) == {theirs}
    end(process)
    assert folders(data) == set()


def test_what_a_killed_run_left_is_removed_when_the_next_begins(tmp_path: Path) -> None:
    process, theirs = holder(tmp_path)
    (theirs / "counter_1.db").touch()
    process.send_signal(signal.SIGKILL)
    end(process)
    assert folders(tmp_path) == {theirs}
    with scratch_folder(tmp_path) as ours:
        assert folders(tmp_path) == {ours}
