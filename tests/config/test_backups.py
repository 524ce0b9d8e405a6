"""`manage.py backup` and `restore`: the real server, real files, real kills."""

import json
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path
from threading import Event, Thread
from typing import Any
from zipfile import ZipFile

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from config import backups, history
from config.backups import archive, making
from config.backups.programs import Programs, environment, server_major
from items.models import Item
from tests.factories import ItemFactory, UserFactory, token_for
from tests.items.helpers import sql
from tests.live import Place, live_database

WAIT_S = 30.0
DUMP, MANIFEST = "database.dump", "manifest.json"
SCRATCH = "SELECT datname FROM pg_database WHERE datname LIKE 'stockroom_verify_%'"
EVERYTHING = "SELECT md5(string_agg(row::text, '' ORDER BY id)) FROM {} row"
COMMENTS = "SELECT count(obj_description(oid, 'pg_trigger')) FROM pg_trigger"


@pytest.fixture(scope="module")
def unblocked(servers: None, django_db_blocker: Any) -> Iterator[None]:
    """These tests have databases of their own."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="module")
def source(unblocked: None) -> Iterator[Place]:
    """A register with something of every kind."""
    with live_database(f"backup_{os.getpid()}") as url:
        place = Place(url)
        with place.here():
            call_command("seed_demo", "--items=300", "--users=20", stdout=StringIO())
            item = ItemFactory.create(name="사무용 의자 🪑", attributes={"key": [1, None, "값"]})
            item.name = "Café\tcrème\\n"
            item.save()
            ItemFactory.create(name="gone").delete()
            token_for(UserFactory.create(name="김서연"))
        yield place
        connection.close()


@pytest.fixture(scope="module", autouse=True)
def content(source: Place, whole: Path) -> dict[str, Any]:
    """What it holds; the register itself goes on."""
    return checksums(source)


@pytest.fixture(scope="module")
def whole(source: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    path = tmp_path_factory.mktemp("backups") / "whole.zip"
    source.run("backup", str(path))
    return path


@pytest.fixture
def file(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return Path(shutil.copy(whole, tmp_path / "backup.zip"))


@pytest.fixture
def target(unblocked: None) -> Iterator[Place]:
    """An empty database."""
    with live_database(f"restore_{os.getpid()}", empty=True) as url:
        yield Place(url)
        connection.close()


def rewritten(path: Path, change: Callable[[dict[str, bytes]], Any]) -> None:
    """Write the archive anew with its members changed."""
    with ZipFile(path) as zipped:
        members = {name: zipped.read(name) for name in zipped.namelist()}
    change(members)
    with ZipFile(path, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)


def of_manifest(**fields: Any) -> Callable[[dict[str, bytes]], Any]:
    """A change of the manifest."""

    def change(members: dict[str, bytes]) -> None:
        members[MANIFEST] = json.dumps({**json.loads(members[MANIFEST]), **fields}).encode()

    return change


def eventually(done: Callable[[], Any]) -> None:
    """Wait for something that another process does; fail when it never does."""
    until = time.monotonic() + WAIT_S
    while not done():
        assert time.monotonic() < until, "it never came to pass"
        time.sleep(0.02)


def checksums(place: Place) -> dict[str, Any]:
    """Everything, generated columns too, of the tables that have an id."""
    names = ["items_item", "items_category", "users_user", "users_apitoken", "django_migrations"]
    found = {name: place.sql(EVERYTHING.format(name)) for name in names}
    events = EVERYTHING.replace("ORDER BY id", "ORDER BY pgh_id")
    for name in ("items_itemevent", "users_userevent"):
        found[name] = place.sql(events.format(name))
    return found


# ── There and back ────────────────────────────────────────────────────────────────────────────
def test_equal_when_restored_into_an_empty_database(
    source: Place, target: Place, whole: Path, content: dict[str, Any]
) -> None:
    said = target.run("restore", str(whole))
    assert "equal to what was backed up" in said
    assert checksums(target) == content
    assert sorted(target.tables) == sorted(source.tables)
    assert target.sql(COMMENTS) == source.sql(COMMENTS)  # by which pgtrigger knows its own
    target.run("migrate", "--check")


def test_rows_can_be_added_when_restored(target: Place, whole: Path) -> None:
    target.run("restore", str(whole))
    with target.here():
        highest = Item.objects.latest("id").pk
        item = ItemFactory.create(sku="AFTERWARDS")
        assert item.pk > highest
        item.name = "changed"
        item.save()
        item.refresh_from_db()
        assert item.version == 2  # the triggers came along
        assert history.events_of(Item, item.pk).count() == 2


def test_only_its_owner_reads_it_when_written(whole: Path) -> None:
    assert whole.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in whole.parent.iterdir()] == [whole.name]


def test_it_is_read_by_hand_when_unzipped(whole: Path, tmp_path: Path, source: Place) -> None:
    with ZipFile(whole) as zipped:
        zipped.extract(DUMP, tmp_path)
        manifest = json.loads(zipped.read(MANIFEST))
    assert manifest["inventory"]["tables"]["items_item"]["rows"] == 301
    with source.here():
        program = Programs.of(server_major())["pg_restore"]
    listed = subprocess.run(
        [program, "--list", tmp_path / DUMP], capture_output=True, text=True, check=True
    )
    assert "TABLE DATA public items_item" in listed.stdout


def test_one_moment_is_in_it_when_others_write_meanwhile(
    source: Place, target: Place, tmp_path: Path
) -> None:
    stop = Event()

    def write() -> None:
        with closing(psycopg.connect(source.url, autocommit=True)) as other:
            while not stop.is_set():
                other.execute(
                    "INSERT INTO items_item (sku, name, description, status, unit, currency, tags,"
                    " attributes) VALUES ('W-' || gen_random_uuid(), 'w', '', 'active', 'pcs',"
                    " 'EUR', '{}', '{}')"
                )

    writer = Thread(target=write)
    writer.start()
    try:
        source.run("backup", str(tmp_path / "b.zip"))
        after = source.sql("SELECT count(*) FROM items_item WHERE sku LIKE 'W-%'")[0][0]
    finally:
        stop.set()
        writer.join()
    target.run("restore", str(tmp_path / "b.zip"))
    there = target.sql("SELECT count(*) FROM items_item WHERE sku LIKE 'W-%'")[0][0]
    assert there < after
    source.sql("DELETE FROM items_item WHERE sku LIKE 'W-%'")


def test_equal_when_programs_newer_than_the_server_made_it(
    source: Place, target: Place, tmp_path: Path, whole: Path
) -> None:
    with source.here():
        try:
            newer = Programs.of(server_major() + 1)
        except backups.BackupError:
            pytest.skip("there are no newer programs on this machine")
        with transaction.atomic(), archive.new_file(tmp_path / "b.zip") as opened:
            sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            [[snapshot]] = sql("SELECT pg_export_snapshot()")
            with backups.Archive(whole) as old:
                manifest = replace(old.manifest, dumped_by=newer.major)
            with connection.cursor() as cursor:
                manifest = replace(manifest, inventory=making._manifest(cursor, newer).inventory)
            archive.write(opened, making._dump(newer, snapshot), manifest)
    target.run("restore", str(tmp_path / "b.zip"))
    assert checksums(target) == checksums(source)


# ── Refused ───────────────────────────────────────────────────────────────────────────────────
def cut(share: float, less: int = 0) -> Callable[[Path], None]:
    """Keep so much of the file, and not so many bytes at its end."""
    return lambda path: os.truncate(path, int(path.stat().st_size * share) - less)


def flipped(member: str) -> Callable[[Path], None]:
    """Damage one bit in the middle of a member."""

    def damage(path: Path) -> None:
        with ZipFile(path) as zipped:
            found = zipped.getinfo(member)
        content = bytearray(path.read_bytes())
        content[found.header_offset + 100 + found.file_size // 2] ^= 1
        path.write_bytes(content)

    return damage


def without(member: str) -> Callable[[Path], None]:
    return lambda path: rewritten(path, lambda members: members.pop(member))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (cut(0), "is empty"),
        (cut(0.01), "is not a whole backup"),
        (cut(0.5), "is not a whole backup"),
        (cut(1, less=30), "is not a whole backup"),
        (cut(1, less=1), "is not a whole backup"),
        (flipped(DUMP), f"is damaged: Bad CRC-32 for file '{DUMP}'"),
        (flipped(MANIFEST), f"is damaged: Bad CRC-32 for file '{MANIFEST}'"),
        (lambda path: path.write_text("CREATE TABLE x ();"), "is not a whole backup"),
        (without(MANIFEST), "no backup of Stockroom"),
        (without(DUMP), "no backup of Stockroom"),
        (lambda path: rewritten(path, of_manifest(format=2)), "of format 2, and .* format 1"),
        (lambda path: rewritten(path, of_manifest(kind="other")), "not one of Stockroom's"),
        (lambda path: rewritten(path, of_manifest(inventory=[])), "not one of Stockroom's"),
        (lambda path: rewritten(path, of_manifest(server_major=99)), "made on PostgreSQL 99"),
        (Path.unlink, "cannot be read: No such file"),
    ],
)
def test_refused_and_nothing_touched_when_the_file_is_bad(
    target: Place, file: Path, damage: Callable[[Path], None], sentence: str
) -> None:
    damage(file)
    with pytest.raises(CommandError, match=sentence):
        target.run("restore", str(file))
    assert target.tables == []


def test_the_table_is_named_when_the_dump_is_another(
    source: Place, target: Place, file: Path, tmp_path: Path
) -> None:
    with source.here():
        item = Item.objects.latest("id")
        name, item.name = item.name, "another"
        item.save()
        call_command("backup", str(tmp_path / "other.zip"), stdout=StringIO())
        item.name = name
        item.save()
    with ZipFile(tmp_path / "other.zip") as other:
        dump = other.read(DUMP)
    rewritten(file, lambda members: members.update({DUMP: dump}))
    with pytest.raises(CommandError, match=r"not equal .*: items_item has .*items_itemevent has"):
        target.run("restore", str(file))
    assert target.tables == []
    before = checksums(source)
    with pytest.raises(CommandError, match="not equal"):
        source.run("restore", str(file), "--replace")
    assert checksums(source) == before
    with pytest.raises(CommandError, match="Not equal: 3 of"):
        target.run("restore", str(file), "--verify")


def test_refused_when_the_dump_cannot_be_read(target: Place, file: Path) -> None:
    rewritten(file, lambda members: members.update({DUMP: members[DUMP][:5000]}))
    with pytest.raises(CommandError, match="pg_restore failed"):
        target.run("restore", str(file))
    assert target.tables == []


def test_the_reason_is_told_when_something_is_in_the_way(target: Place, whole: Path) -> None:
    target.sql("CREATE DOMAIN items_item AS int")  # most of the dump is then not asked for
    process = target.process("restore", str(whole))
    _, said = process.communicate(timeout=WAIT_S)
    assert (process.returncode, said.count("\n")) == (1, 1)
    assert 'ERROR:  type "items_item" already exists' in said
    assert target.tables == []


def test_refused_when_the_file_is_there_already(source: Place, file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(CommandError, match="no backup is overwritten"):
        source.run("backup", str(file))
    assert file.read_bytes() == before


def test_refused_when_somebody_writes_it_already(source: Place, tmp_path: Path) -> None:
    (tmp_path / "b.zip.part").touch()
    with pytest.raises(CommandError, match="another backup is writing it, or one was killed"):
        source.run("backup", str(tmp_path / "b.zip"))
    assert (tmp_path / "b.zip.part").exists()


def test_refused_when_there_is_no_such_folder(source: Place, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written, and was not: No such file"):
        source.run("backup", str(tmp_path / "no/b.zip"))


def test_refused_when_the_database_has_no_tables(target: Place, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nothing to back up"):
        target.run("backup", str(tmp_path / "b.zip"))
    assert list(tmp_path.iterdir()) == []


def test_told_to_migrate_when_a_command_finds_no_tables(target: Place) -> None:
    process = target.process("load_sample")
    _, said = process.communicate(timeout=WAIT_S)
    assert process.returncode == 1
    assert said == "The database has no tables yet: run `manage.py migrate` first.\n"


def test_no_file_when_the_disk_is_full(source: Place, tmp_path: Path) -> None:
    """A limit to how large a file may be stands in for a disk that is full."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    process = source.process("backup", str(tmp_path / "b.zip"), preexec_fn=limit)
    _, said = process.communicate(timeout=WAIT_S)
    assert process.returncode == 1
    expected = f"CommandError: {tmp_path}/b.zip cannot be written, and was not: File too large."
    assert (
        said.splitlines()[0] == expected
    )  # what measures coverage cannot write either, and says so
    assert list(tmp_path.iterdir()) == []


def test_refused_when_the_database_is_not_empty(target: Place, whole: Path) -> None:
    target.sql("CREATE TABLE something (n int)")
    target.sql("INSERT INTO something SELECT generate_series(1, 1234)")
    with pytest.raises(CommandError, match=r"1 tables with 1,234 rows.*--replace"):
        target.run("restore", str(whole))
    assert target.tables == ["something"]


def test_refused_when_the_programs_are_missing() -> None:
    with pytest.raises(
        backups.BackupError, match=r"of PostgreSQL 99 or newer.*\d+ in /.*client-99"
    ):
        Programs.of(99)


def test_refused_when_the_command_line_is_wrong(target: Place, whole: Path) -> None:
    process = target.process("restore", str(whole), "--verify", "--replace")
    _, said = process.communicate(timeout=WAIT_S)
    assert process.returncode == 2
    assert "not allowed with argument --verify" in said


# ── Replace ───────────────────────────────────────────────────────────────────────────────────
def test_equal_when_what_was_there_may_go(
    target: Place, whole: Path, content: dict[str, Any]
) -> None:
    target.sql("CREATE TABLE something (n int)")
    target.run("restore", str(whole), "--replace")
    assert checksums(target) == content
    assert "something" not in target.tables
    target.run("restore", str(whole), "--replace")
    assert checksums(target) == content


def test_refused_when_others_use_what_may_go(target: Place, whole: Path) -> None:
    target.sql("CREATE TABLE something (n int)")
    with (
        closing(psycopg.connect(target.url)),
        closing(psycopg.connect(target.url)),
        pytest.raises(CommandError, match=r"in use \(other sessions: 2\)"),
    ):
        target.run("restore", str(whole), "--replace")
    assert target.tables == ["something"]


# ── Verify ────────────────────────────────────────────────────────────────────────────────────
def test_equal_and_nothing_left_behind_when_verified(source: Place, whole: Path) -> None:
    before = checksums(source)
    with closing(psycopg.connect(source.url)):  # others may work meanwhile
        said = source.run("restore", str(whole), "--verify").splitlines()
    assert said[-1] == "equal"
    assert any(line.split() == ["items_item", "301", "equal"] for line in said)
    assert source.sql(SCRATCH) == []
    assert checksums(source) == before


def test_nothing_left_behind_when_stopped(source: Place, whole: Path) -> None:
    process = source.process("restore", str(whole), "--verify")
    eventually(lambda: source.sql(SCRATCH))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=WAIT_S)
    assert (process.returncode, said) == (1, "CommandError: Stopped: the database is as it was.\n")
    assert source.sql(SCRATCH) == []


def test_refused_when_the_role_may_make_no_database(source: Place, whole: Path) -> None:
    role = f"backup_role_{os.getpid()}"
    source.sql(f"CREATE ROLE {role} LOGIN")
    try:
        with (
            source.here(USER=role),
            pytest.raises(CommandError, match=f'ALTER ROLE "{role}" CREATEDB'),
        ):
            call_command("restore", str(whole), "--verify")
    finally:
        source.sql(f"DROP ROLE {role}")


# ── Killed ────────────────────────────────────────────────────────────────────────────────────
def waits_for_a_lock(place: Place) -> bool:
    return bool(
        place.sql(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    )


@contextmanager
def killed_when_waiting(place: Place, lock: str, *command: str) -> Iterator[None]:
    """A command runs until it waits for this lock, and is then killed."""
    with ExitStack() as held:
        other = held.enter_context(closing(psycopg.connect(place.url)))
        other.execute(lock)
        process = held.enter_context(place.process(*command))
        held.callback(process.kill)
        eventually(lambda: waits_for_a_lock(place) or process.poll() is not None)
        process.kill()
        process.wait(WAIT_S)
        assert process.returncode == -signal.SIGKILL
    yield


def test_no_file_when_killed(source: Place, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with killed_when_waiting(source, "LOCK users_user", "backup", str(path)):
        assert not path.exists()
    assert [left.name for left in tmp_path.iterdir()] == ["b.zip.part"]


def test_nothing_restored_when_killed(target: Place, whole: Path) -> None:
    lock = "CREATE TABLE users_user ()"  # which the restore makes after others
    with killed_when_waiting(target, lock, "restore", str(whole)):
        eventually(lambda: not sessions(target))
        assert target.tables == []
    target.run("restore", str(whole))


def sessions(place: Place) -> bool:
    """Whether the killed one's session still lives."""
    return bool(
        place.sql(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    )


# ── The password ──────────────────────────────────────────────────────────────────────────────
def test_the_password_goes_by_the_environment_when_there_is_one(source: Place) -> None:
    with source.here(PASSWORD="secret words"):
        variables = environment()
    assert variables["PGPASSWORD"] == "secret words"
    assert variables["PGDATABASE"] == source.name
    assert "secret" not in variables["PGOPTIONS"]
