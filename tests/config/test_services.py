"""`manage.py services`: what it does, says and leaves with."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config import embedded
from config.management.commands.services import NOT_RUNNING


@pytest.fixture(autouse=True)
def data(settings: Any) -> Iterator[Path]:
    """An empty data folder that the settings name, with nothing named besides."""
    folder = Path(tempfile.mkdtemp(prefix="stockroom-services-", dir="/tmp"))
    folder.chmod(0o711)
    settings.STOCKROOM_DATA = folder
    settings.PRIVATE_DATABASE = settings.PRIVATE_CACHE = True
    yield folder
    embedded.stop(folder)
    shutil.rmtree(folder)


def services(*arguments: str) -> str:
    output = StringIO()
    call_command("services", *arguments, stdout=output, stderr=output)
    return output.getvalue()


def status(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code of `status` and what it says."""
    code = 0
    try:
        call_command("services", "status", *arguments)
    except SystemExit as left:
        code = int(str(left.code))
    return code, capsys.readouterr().out


def test_they_go_on_until_stopped_when_started_by_hand(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(capsys)[0] == NOT_RUNNING
    assert "PostgreSQL started\nValkey started\n" in services("start")
    assert "PostgreSQL was running already" in services("start")
    code, text = status(capsys, "--json")
    found = json.loads(text)
    assert (code, found["kept"], found["in_use"]) == (0, True, False)
    assert found["services"]["postgres"]["url"] == embedded.database_url(data)
    with embedded.running(data):
        assert "Another process was using them" in services("stop")
    assert services("stop") == "Nothing ran.\n"


def test_only_the_cache_is_started_when_a_real_database_is_named(
    settings: Any, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.PRIVATE_DATABASE = False
    said = services("start")
    assert "PostgreSQL is none of ours: DATABASE_URL names a real server." in said
    assert "Valkey started" in said
    assert status(capsys)[0] == 0
    assert not (data / "postgres").exists()
    assert services("stop") == "Stopped Valkey.\n"


def test_nothing_is_started_when_real_servers_are_named(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.PRIVATE_DATABASE = settings.PRIVATE_CACHE = False
    assert "Valkey is none of ours" in services("start")
    assert status(capsys)[0] == 0


def test_the_reason_is_told_when_they_cannot_start(data: Path) -> None:
    data.chmod(0o777)
    with pytest.raises(CommandError, match="Other users may write"):
        services("start")
    data.chmod(0o711)
