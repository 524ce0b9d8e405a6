"""Whom the servers run as, and programs run as them.

PostgreSQL refuses to run as root, and so root's servers run as another user. Nothing is opened to
that user on the way: what it cannot reach goes to a place that it can.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .errors import ServicesError

SERVER_USERS = ("postgres", "nobody")  # the first that the system has
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}  # never the caller's PG*
PRIVATE_UMASK = 0o077
ASK_TIMEOUT_S = 10.0
LAUNCH_TIMEOUT_S = 10.0

# The shell leaves at once, so a server is nobody's child: it waits for no parent to bury it, and
# its words are arguments, which no shell reads.
IN_BACKGROUND = ("/bin/sh", "-c", '"$@" &', "sh")


@dataclass(frozen=True)
class Account:
    """A user of the system that the servers run as."""

    uid: int
    gid: int

    @classmethod
    def owning(cls, cluster: Path) -> "Account":
        """The owner of a cluster, whom alone PostgreSQL accepts.

        Raises ServicesError when that is not someone this process can run a server as.
        """
        found = cluster.stat()
        if found.st_uid == 0 or os.geteuid() not in (0, found.st_uid):
            raise ServicesError(
                f"The database in {cluster} belongs to user id {found.st_uid}, and you are user id "
                f"{os.geteuid()}. Run this as its owner (who cannot be root), or name another "
                "folder in STOCKROOM_DATA."
            )
        return cls(found.st_uid, found.st_gid)

    @classmethod
    def for_new_cluster(cls) -> "Account":
        """Ourselves; or as root, the first user there is of those made for such work.

        Raises ServicesError when root has no such user.
        """
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        for name in SERVER_USERS:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise ServicesError(
            "PostgreSQL does not run as root, and this system has neither a user "
            f"{' nor '.join(SERVER_USERS)} to run it as. Run this as an ordinary user, or name "
            "real servers in DATABASE_URL and REDIS_URL."
        )

    @property
    def is_other(self) -> bool:
        """Whether that is someone else than ourselves."""
        return self.uid != os.geteuid()

    def own(self, path: Path) -> None:
        """Hand a file or folder, itself and no link's target, to this user."""
        if self.is_other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def reaches(self, path: Path) -> bool:
        """Whether this user may go into that folder or run that file, by the system's own word."""
        if not self.is_other:
            return True
        return self.run("/bin/sh", "-c", 'test -x "$1"', "sh", path).returncode == 0

    def run(
        self,
        *command: str | Path,
        timeout_s: float = ASK_TIMEOUT_S,
        output: BinaryIO | int = subprocess.DEVNULL,
        keep_open: tuple[BinaryIO, ...] = (),
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program to its end as this user, out of the terminal's reach.

        `keep_open` are files, such as locks, that the program and its children hold as well.
        Raises ServicesError when it cannot be run or takes longer than `timeout_s` seconds.
        """
        other: dict[str, Any] = (
            {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}
        )
        try:
            return subprocess.run(  # noqa: S603 - the words are this package's own
                command,
                cwd="/",
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[file.fileno() for file in keep_open],
                start_new_session=True,
                umask=PRIVATE_UMASK,
                timeout=timeout_s,
                check=False,
                **other,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ServicesError(
                f"{Path(command[0]).name} could not be run as user id {self.uid}: {error}"
            ) from error

    def launch(self, *command: str | Path, output: BinaryIO, keep_open: BinaryIO) -> None:
        """Set a program going in the background as this user; it holds `keep_open` while it lives.

        Raises ServicesError when that fails at once.
        """
        self.run(
            *IN_BACKGROUND,
            *command,
            timeout_s=LAUNCH_TIMEOUT_S,
            output=output,
            keep_open=(keep_open,),
        )

    def signal(self, pid: int, name: str) -> None:
        """Send a signal as this user, so that root cannot be led to end a process of others."""
        self.run("/bin/sh", "-c", 'kill -s "$1" "$2"', "sh", name, str(pid))
