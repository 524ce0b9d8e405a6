"""Where the private servers keep their things: worked out from the data folder alone.

Nothing here looks at what runs, so that the settings and every command agree on the addresses.
"""

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from .errors import ServicesError

ROLE = DATABASE = "stockroom"
POSTGRES_PORT = 5432  # no port is opened: it is the number in the name of the socket
POSTGRES_SOCKET = f".s.PGSQL.{POSTGRES_PORT}"
VALKEY_SOCKET = "valkey.sock"

SOCKET_PATH_BYTES = 103  # what every system takes: Linux allows 107, macOS 103
# Not TMPDIR, which differs between one shell and the next. Its owner is checked.
SHORT_FOLDER = Path("/tmp")  # noqa: S108
ROOT_FOLDER = Path("/var/lib/stockroom")  # as root: where another user may reach what we keep
DIGEST_CHARACTERS = 12
SLUG_CHARACTERS = 40

PRIVATE, PASSABLE, OPEN = 0o700, 0o711, 0o755  # passable: others may go through, and see nothing


@dataclass(frozen=True)
class Layout:
    """The places of one data folder's services."""

    data: Path

    @classmethod
    def of(cls, data: Path) -> "Layout":
        """The layout of a data folder, the same for every path that leads to it."""
        return cls(Path(data).resolve())

    @cached_property
    def digest(self) -> str:
        """What tells this data folder from every other, in a few characters."""
        return hashlib.sha256(os.fsencode(self.data)).hexdigest()[:DIGEST_CHARACTERS]

    @cached_property
    def base(self) -> Path:
        """The folder that holds `run`: the data folder, or a short one where that will not do.

        A socket's path is limited to about a hundred bytes; and root's servers run as another
        user, who must reach their sockets wherever the data folder is.
        """
        inside = os.fsencode(self.data / "run" / POSTGRES_SOCKET)
        if os.geteuid() != 0 and len(inside) <= SOCKET_PATH_BYTES:
            return self.data
        return SHORT_FOLDER / f"stockroom-{os.geteuid()}-{self.digest}"

    @property
    def run(self) -> Path:
        """The folder of the sockets."""
        return self.base / "run"

    @property
    def cluster(self) -> Path:
        """PostgreSQL's files, or a link to them when they had to go to `elsewhere`."""
        return self.data / "postgres"

    @property
    def elsewhere(self) -> Path:
        """As root: the cluster's place when its user cannot reach the data folder."""
        slug = re.sub(r"[^A-Za-z0-9]+", "-", str(self.data))[-SLUG_CHARACTERS:].strip("-")
        return ROOT_FOLDER / f"{slug}-{self.digest}" / "postgres"

    def log(self, server: str) -> Path:
        """The file a server writes to."""
        return self.data / "logs" / f"{server}.log"

    def lock(self, name: str) -> Path:
        """The file behind a lock."""
        return self.data / "locks" / f"{name}.lock"

    @property
    def kept(self) -> Path:
        """There while the servers are to go on without anyone using them."""
        return self.data / "kept"

    @property
    def stopped(self) -> Path:
        """There after somebody has stopped the servers, who are then not to be started again."""
        return self.data / "stopped"

    @property
    def throwaway(self) -> Path:
        """There when the cluster has run without care for power cuts."""
        return self.data / "throw-away"

    def make_folders(self) -> None:
        """Make what is not there yet: idempotent, and safe beside another maker.

        Raises ServicesError when a folder belongs to someone else or cannot be made.
        """
        make_data_folder(self.data)
        for folder in (self.data / "logs", self.data / "locks"):
            make_folder(folder, PRIVATE)

    def make_base(self) -> None:
        """Make the folder that `run` is made in, as `make_folders` makes the others."""
        if self.base != self.data:
            make_folder(self.base, _open_to_server())


def _open_to_server() -> int:
    return PASSABLE if os.geteuid() == 0 else PRIVATE


def make_data_folder(data: Path) -> None:
    """Make the data folder, closed to others (as root: passable, the servers run as another user).

    Raises ServicesError when it belongs to someone else or cannot be made.
    """
    make_folder(Path(data).resolve(), _open_to_server())


def make_folder(folder: Path, mode: int) -> None:
    """Make a folder, and what is missing above it, with this mode; or take one that is ours.

    Raises ServicesError when it belongs to someone else, who could put their own things there.
    """
    try:
        if not folder.parent.exists():
            make_folder(folder.parent, mode)
        try:
            folder.mkdir(mode=PRIVATE)
        except FileExistsError:
            _check_ours(folder)
        else:
            folder.chmod(mode)  # mkdir's own mode is cut by the umask
    except OSError as error:
        raise ServicesError(
            f"The folder {folder} cannot be used: {error.strerror}. Name one that you may write "
            "to in STOCKROOM_DATA."
        ) from error


def _check_ours(folder: Path) -> None:
    found = folder.lstat()
    if not folder.is_dir() or folder.is_symlink():
        raise ServicesError(f"{folder} should be a folder and is something else. Move it away.")
    if found.st_uid != os.geteuid():
        raise ServicesError(
            f"The folder {folder} belongs to user id {found.st_uid}, and you are user id "
            f"{os.geteuid()}. Run this as that user, or name a folder of your own in "
            "STOCKROOM_DATA."
        )
    if found.st_mode & stat.S_IWOTH:
        raise ServicesError(
            f"Other users may write to the folder {folder}, and so could take over the database "
            f"in it. Close it (chmod o-w '{folder}'), or name another in STOCKROOM_DATA."
        )


def database_url(data: Path) -> str:
    """The address of the private PostgreSQL of a data folder, whether it runs or not.

    The host is the percent-encoded folder of the socket, as libpq and dj-database-url read it;
    the port is named because PGPORT would otherwise change the socket that is looked for.
    """
    host = quote(os.fsencode(Layout.of(data).run), safe="")
    return f"postgresql://{ROLE}@{host}:{POSTGRES_PORT}/{DATABASE}"


def redis_url(data: Path) -> str:
    """The address of the private Valkey of a data folder, whether it runs or not."""
    return f"unix://{quote(os.fsencode(Layout.of(data).run / VALKEY_SOCKET))}?db=0"
