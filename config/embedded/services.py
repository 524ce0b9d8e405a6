"""Starting, sharing and stopping the private services of a data folder.

Three kinds of lock order it all. The *turn* is held while servers are started or stopped, so that
two starters make one server. Every *user* holds a shared lock for as long as it uses them, and a
second one that the *guard* waits for: it wakes when the last user is gone, killed or not.
"""

import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from . import locks
from .account import IN_BACKGROUND
from .errors import ServicesError
from .paths import Layout
from .placement import account_for
from .postgres import Postgres
from .server import Say, Server
from .valkey import Valkey

SERVICES = {kind.name: kind for kind in (Postgres, Valkey)}
TURN, USERS, WATCHED = "turn", "users", "watched"
TURN_TIMEOUT_S = 300.0  # longer than making a cluster and starting it may take
PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Status:
    """What the services of a data folder do."""

    postgres: bool  # answers
    valkey: bool  # answers
    kept: bool  # go on without anyone using them
    in_use: bool  # someone uses them now

    @property
    def running(self) -> bool:
        """Whether both answer."""
        return self.postgres and self.valkey


NOTHING = Status(postgres=False, valkey=False, kept=False, in_use=False)


def quiet(_: str) -> None:
    """Say nothing."""


def start(
    data: Path,
    *,
    keep: bool,
    durable: bool = True,
    names: Collection[str] = tuple(SERVICES),
    say: Say = quiet,
) -> tuple[str, ...]:
    """See that the services of these `names` run: those that had to be started for that.

    With `keep` they go on until `stop`, else until the next user of `running` leaves. Progress is
    told to `say` in single lines. `durable=False` is for tests: fast, and a power cut may ruin the
    database; a folder is made either so or so, for good.
    Raises ServicesError with what was found, what was expected and what to do.
    """
    layout = Layout.of(data)
    with _turn(layout, say):
        started = _start(layout, names, durable=durable, say=say)
        if keep:
            layout.kept.touch()
        return started


def stop(data: Path) -> Status:
    """Stop the services whoever uses them: their status as it was before.

    Raises ServicesError when one does not end.
    """
    layout = Layout.of(data)
    if not layout.data.exists():
        return NOTHING
    with _turn(layout):
        before = _status(layout)
        layout.stopped.touch()
        _stop(layout)
        return before


def ended(data: Path, names: Collection[str]) -> list[str]:
    """Those of these services that have ended without being stopped: killed, or for want of room.

    Cheap: to be asked again and again. Raises ServicesError when the folder belongs to someone
    else.
    """
    layout = Layout.of(data)
    if layout.stopped.exists():
        return []
    return [s.name for s in _servers(layout) if s.name in names and not s.alive()]


def status(data: Path) -> Status:
    """What the services do. Waits while someone is starting or stopping them.

    Raises ServicesError when the folder belongs to someone else.
    """
    layout = Layout.of(data)
    if not layout.data.exists():
        return NOTHING
    with _turn(layout):
        return _status(layout)


@contextmanager
def running(
    data: Path,
    say: Say = quiet,
    *,
    durable: bool = True,
    names: Collection[str] = tuple(SERVICES),
) -> Iterator[None]:
    """Have the services run within the block, started if they do not.

    At its end they stop, unless someone else uses them or `start` was told to keep them; so they
    do when this process is killed. The rest is as for `start`.
    Raises ServicesError with what was found, what was expected and what to do.
    """
    layout = Layout.of(data)
    with ExitStack() as use:
        with _turn(layout, say):
            use.callback(stop_unless_used, data)
            for name in (USERS, WATCHED):
                use.enter_context(locks.wait_for_lock(layout.lock(name), shared=True))
            if not all(server.alive() for server in _servers(layout)):
                _spawn_guard(layout)
            _start(layout, names, durable=durable, say=say)
        yield


def stop_unless_used(data: Path) -> bool:
    """Stop the services unless they are used or kept: whether someone still uses them.

    Raises ServicesError when one does not end.
    """
    layout = Layout.of(data)
    if not layout.data.exists():
        return False
    with _turn(layout):
        if locks.is_held(layout.lock(USERS)):
            return True
        if not layout.kept.exists():
            _stop(layout)
        return False


def wait_for_last_user(data: Path) -> None:
    """Return when nobody uses the services any more, however they left. The guard's call alone."""
    locks.wait_for_lock(Layout.of(data).lock(WATCHED)).close()


@contextmanager
def _turn(layout: Layout, say: Say = quiet) -> Iterator[None]:
    """Be the only one who starts or stops the services of this folder."""
    layout.make_folders()
    turn: BinaryIO | None = None

    def taken() -> bool:
        nonlocal turn
        turn = locks.try_lock(layout.lock(TURN))
        return turn is not None

    locks.wait_until(
        taken,
        timeout_s=TURN_TIMEOUT_S,
        patience=lambda: say("waiting for another process that is starting or stopping them"),
    )
    if turn is None:
        raise ServicesError(
            f"Another process has been starting or stopping the services of {layout.data} for "
            f"{TURN_TIMEOUT_S:.0f} s. End it, and try again."
        )
    with turn:
        yield


def _servers(layout: Layout, *, durable: bool = True) -> tuple[Server, ...]:
    account = account_for(layout)
    return tuple(kind(layout, account, durable=durable) for kind in SERVICES.values())


def _start(layout: Layout, names: Collection[str], *, durable: bool, say: Say) -> tuple[str, ...]:
    servers = _servers(layout, durable=durable)
    if not any(server.alive() for server in servers):
        layout.kept.unlink(missing_ok=True)  # from before a reboot
    _check_durability(layout, durable=durable)
    layout.stopped.unlink(missing_ok=True)
    wanted = [server for server in servers if server.name in names]
    return tuple(server.name for server in wanted if server.start(say))


def _check_durability(layout: Layout, *, durable: bool) -> None:
    if not layout.cluster.exists():
        layout.throwaway.unlink(missing_ok=True)
        if not durable:
            layout.throwaway.touch()
    elif layout.throwaway.exists() == durable:
        made, asked = ("throwing away", "keeping") if durable else ("keeping", "throwing away")
        raise ServicesError(
            f"The database in {layout.data} was made for {made}, and one for {asked} was asked "
            "for. Name another folder in STOCKROOM_DATA."
        )


def _status(layout: Layout) -> Status:
    answers = {server.name: server.alive() and server.answers() for server in _servers(layout)}
    return Status(**answers, kept=layout.kept.exists(), in_use=locks.is_held(layout.lock(USERS)))


def _stop(layout: Layout) -> None:
    for server in _servers(layout):
        server.stop()
    layout.kept.unlink(missing_ok=True)
    with suppress(OSError):  # something is left in it: so be it
        layout.run.rmdir()
        if layout.base != layout.data:
            layout.base.rmdir()


def _spawn_guard(layout: Layout) -> None:
    """Set a guard going. One too many does no harm: it finds the work done."""
    with layout.log("guard").open("ab") as output:
        subprocess.run(  # noqa: S603 - the words are our own
            [*IN_BACKGROUND, sys.executable, "-m", "config.embedded.guard", str(layout.data)],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            check=True,
        )
