"""`manage.py doctor`: each failure for real, and what it says to do about it."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as used
from django.core.management import call_command
from django.db import connections
from pytest_django import Settings
from redis import Redis

from config import embedded
from config.health import cache, database, machine
from config.health.probing import Unwell
from config.working import LOCK_CLASS
from tests.config.test_settings import PRODUCTION, run
from tests.live import server_session


def doctor() -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and what each probe found."""
    out, code = io.StringIO(), 0
    try:
        call_command("doctor", json=True, stdout=out)
    except SystemExit as left:
        code = int(str(left.code))
    report = json.loads(out.getvalue())
    assert report["well"] is (code == 0)
    return code, {probe["name"]: probe for probe in report["probes"]}


def states(probes: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: probe["state"] for name, probe in probes.items()}


@pytest.fixture
def other_database(
    db: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[str]:
    """A new database, made with the options of the test, for every connection from now on."""
    name = f"{used.DATABASES['default']['NAME']}_doctor"
    with server_session() as session:
        session.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        session.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 {request.param}')
        monkeypatch.setitem(connections.settings["default"], "NAME", name)
        yield name
        session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def own_cache(settings: Settings, tmp_path: Path) -> Iterator[Redis]:
    """A Valkey of the test's own, and the session of an administrator of it."""
    with embedded.running(tmp_path, names=["valkey"]):
        location = embedded.redis_url(tmp_path)
        settings.CACHES = {"default": {**used.CACHES["default"], "LOCATION": location}}
        with Redis.from_url(location) as session:
            yield session


@pytest.fixture
def a_worker(transactional_db: None) -> Iterator[None]:
    """A worker that lives."""
    with connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        [pk] = cursor.fetchone()
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, pk])
        yield
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, pk])
        cursor.execute("DELETE FROM procrastinate_workers")


# ── Well ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.usefixtures("a_worker")
def test_0_and_all_well_when_it_is_a_private_run(settings: Settings) -> None:
    settings.PRIVATE_DATABASE = settings.PRIVATE_CACHE = settings.DEBUG = True
    code, probes = doctor()
    assert code == 0
    assert set(states(probes).values()) == {"ok"}
    assert "does not matter in a private run" in probes["safety"]["found"]
    assert "does not matter in a private run" in probes["hardening"]["found"]


@pytest.mark.django_db
def test_a_line_for_each_and_the_remedy_below_when_a_person_asks(settings: Settings) -> None:
    settings.PRIVATE_DATABASE, settings.ADMIN_PASSWORD = False, "left"
    out = io.StringIO()
    call_command("doctor", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0].split()[:2] == ["ok", "database"]
    at = next(i for i, line in enumerate(lines) if line.startswith("warning  hardening"))
    below = " ".join(lines[at + 1 :])
    assert "stockroom.W003: ADMIN_PASSWORD is in the environment" in below
    assert "left" not in below


# ── The database ──────────────────────────────────────────────────────────────────────────────
@pytest.mark.usefixtures("no_database", "no_cache")
def test_1_and_one_cause_each_when_database_and_cache_are_away() -> None:
    code, probes = doctor()
    assert code == 1
    found = states(probes)
    assert (found.pop("database"), found.pop("cache")) == ("failed", "warning")
    assert "refused" in probes["database"]["found"]
    assert "DATABASE_URL" in probes["database"]["remedy"]
    assert "REDIS_URL" in probes["cache"]["remedy"]
    others = {found.pop(name) for name in ("safety", "hardening", "disk")}
    assert "skipped" not in others
    assert set(found.values()) == {"skipped"}


def test_no_traceback_when_nothing_answers() -> None:
    done = run("manage.py", "doctor", **PRODUCTION)
    assert done.returncode == 1
    assert done.stdout.startswith("FAILED   database")
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.usefixtures("no_tables")
def test_1_when_migrations_are_missing() -> None:
    code, probes = doctor()
    assert (code, probes["migrations"]["state"]) == (1, "failed")
    assert "migrations are missing" in probes["migrations"]["found"]
    assert "manage.py migrate" in probes["migrations"]["remedy"]


@pytest.mark.parametrize(
    "other_database",
    ["ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"],
    indirect=True,
)
def test_1_and_the_right_locale_named_when_text_search_sees_no_hangul(other_database: str) -> None:
    code, probes = doctor()
    assert (code, probes["pg_trgm"]["state"], probes["text search"]["state"]) == (
        *(1, "failed", "skipped"),
    )
    assert "CREATE EXTENSION pg_trgm" in probes["pg_trgm"]["remedy"]
    with server_session(other_database) as session:
        session.execute("CREATE EXTENSION pg_trgm")
    code, probes = doctor()
    assert (code, probes["pg_trgm"]["state"], probes["text search"]["state"]) == (
        *(1, "ok", "failed"),
    )
    assert "LC_CTYPE 'C.UTF-8'" in probes["text search"]["remedy"]


@pytest.mark.parametrize(
    "other_database",
    ["ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"],
    indirect=True,
)
def test_1_when_the_database_cannot_write_every_script(other_database: str) -> None:
    code, probes = doctor()
    assert (code, probes["encoding"]["state"]) == (1, "failed")
    assert "SQL_ASCII" in probes["encoding"]["found"]


@pytest.mark.django_db
def test_1_and_the_others_are_told_when_a_probe_hangs() -> None:
    name = str(connections["default"].settings_dict["NAME"])
    with server_session(name) as session, session.transaction():
        session.execute("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")
        code, probes = doctor()
    assert code == 1
    failed = [name for name, probe in probes.items() if probe["state"] == "failed"]
    assert "migrations" in failed
    assert "database" not in failed


@pytest.mark.parametrize("number", [140_011, 96_024])
def test_refused_when_postgresql_is_too_old(number: int) -> None:
    with pytest.raises(Unwell, match="too old: 15 or newer is needed"):
        database.new_enough(number)


# ── The cache ─────────────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db
def test_a_warning_when_a_full_cache_would_keep_nothing_new(own_cache: Redis) -> None:
    own_cache.config_set("maxmemory", "50mb")
    own_cache.config_set("maxmemory-policy", "noeviction")
    _, probes = doctor()
    assert (probes["cache memory"]["state"], probes["cache"]["state"]) == ("warning", "ok")
    assert "maxmemory 50 MB, noeviction" in probes["cache memory"]["found"]
    assert "allkeys-lru" in probes["cache memory"]["remedy"]
    own_cache.config_set("maxmemory-policy", "allkeys-lru")
    assert doctor()[1]["cache memory"]["state"] == "ok"


@pytest.mark.django_db
def test_a_warning_when_the_cache_is_full(own_cache: Redis) -> None:
    own_cache.config_set("maxmemory-policy", "noeviction")
    own_cache.config_set("maxmemory", "1")
    _, probes = doctor()
    assert probes["cache"]["state"] == "warning"
    assert "maxmemory" in probes["cache"]["found"]


def test_refused_when_redis_is_too_old() -> None:
    with pytest.raises(Unwell, match=r"5\.0\.7 is too old: 6 or newer is needed"):
        cache.new_enough("5.0.7")


# ── The settings and the machine ──────────────────────────────────────────────────────────────
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value", "probe", "told"),
    [
        ("DEBUG", True, "safety", "security.W018"),
        ("ALLOWED_HOSTS", ["*"], "safety", "stockroom.W001"),
        ("SECRET_KEY", "a" * 60, "safety", "security.W009"),
        ("SECURE_SSL_REDIRECT", False, "hardening", "security.W008"),
        ("HTTPS", True, "hardening", "stockroom.W002"),
        ("ADMIN_PASSWORD", "left", "hardening", "stockroom.W003"),
    ],
)
def test_told_when_a_setting_is_unsafe_in_production(
    name: str, value: Any, probe: str, told: str, settings: Settings
) -> None:
    settings.PRIVATE_DATABASE = False
    setattr(settings, name, value)
    code, probes = doctor()
    assert (code, told in probes[probe]["remedy"]) == (int(probe == "safety"), True)


@pytest.mark.django_db
def test_a_warning_when_the_disk_is_nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LEAST_FREE_GB", 1e9)
    _, probes = doctor()
    assert probes["disk"]["state"] == "warning"
    assert "STOCKROOM_DATA" in probes["disk"]["remedy"]


def test_what_the_exit_codes_mean_when_help_is_asked_for() -> None:
    done = run("manage.py", "doctor", "--help", **PRODUCTION)
    assert "exit code 0 when nothing FAILED, and with 1 when something did" in done.stdout
