"""The environment of a private run: its secret key, made once."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config import local


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A data folder that is not there yet, and nothing else in the environment."""
    for name in ("SECRET_KEY", "DATABASE_URL", "HTTPS", "LOG_FORMAT"):
        monkeypatch.setenv(name, "")  # so that what is set below is put back
        monkeypatch.delenv(name)
    monkeypatch.setenv("STOCKROOM_DATA", str(tmp_path / "new/data"))
    return tmp_path / "new/data"


def test_a_key_is_made_and_kept_when_there_is_none(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.prepare_environment("up")
    key = os.environ["SECRET_KEY"]
    assert len(key) >= 50
    assert (os.environ["HTTPS"], os.environ["LOG_FORMAT"]) == ("off", "text")
    assert [path.name for path in data.iterdir()] == ["secret_key"]
    assert (data / "secret_key").stat().st_mode & 0o777 == 0o600
    monkeypatch.delenv("SECRET_KEY")
    local.prepare_environment("up")
    assert os.environ["SECRET_KEY"] == key


def test_all_get_the_same_key_when_several_make_it_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(local._secret_key, [tmp_path / "secret_key"] * 32))
    assert len(keys) == 1


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL"])
def test_nothing_is_made_when_the_run_is_not_private(
    name: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "given")
    local.prepare_environment("up")
    assert not data.exists()
    assert {"HTTPS", "LOG_FORMAT"}.isdisjoint(os.environ)


def test_it_ends_with_a_sentence_when_the_key_is_cut_off(data: Path) -> None:
    data.mkdir(parents=True)
    (data / "secret_key").write_text("short")
    with pytest.raises(SystemExit, match="holds 5 characters, not a key of 50 or more"):
        local.prepare_environment("up")


def test_it_ends_with_a_sentence_when_the_folder_cannot_be_made(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.parent.touch()
    with pytest.raises(SystemExit, match=r"cannot be used.*\n.*SECRET_KEY"):
        local.prepare_environment("up")


def test_no_key_is_made_when_the_command_begins_no_run(data: Path) -> None:
    local.prepare_environment("check")
    assert not data.exists()
    assert "SECRET_KEY" not in os.environ


def test_the_key_is_used_by_every_command_when_there_is_one(data: Path) -> None:
    local.prepare_environment("services")
    key = os.environ.pop("SECRET_KEY")
    local.prepare_environment("create_token")
    assert os.environ["SECRET_KEY"] == key


def test_what_is_said_stays_when_it_is_said(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "json")
    local.prepare_environment("up")
    assert os.environ["LOG_FORMAT"] == "json"
