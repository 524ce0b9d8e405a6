"""Fixtures of imports: a folder for files, and files of a few lines, received or uploaded."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test.client import BOUNDARY, encode_multipart
from pytest_django import Settings

from items.exchange import running, services
from items.exchange.models import Import
from tests.client import Api, Reply

Received = Callable[..., Import]
FORM = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture(autouse=True)
def _folder_of_its_own(settings: Settings, tmp_path: Path) -> None:
    """Files that are imported lie where nobody else looks."""
    settings.STOCKROOM_DATA = tmp_path


@pytest.fixture
def received(db: None) -> Received:
    """Receives lines as a file: an import that waits to be planned."""

    def receive(*lines: str, name: str = "items.csv", **given: Any) -> Import:
        return services.receive(BytesIO("\n".join(lines).encode()), name=name, **given)

    return receive


def form(*lines: str, name: str = "items.csv", **options: Any) -> bytes:
    """A form with a file of these lines, and options."""
    file = BytesIO("\n".join(lines).encode())
    file.name = name
    return encode_multipart(BOUNDARY, {"file": file, **options})


def upload(
    api: Api, *lines: str, headers: Mapping[str, str] | None = None, **options: Any
) -> Reply:
    """POST a file of these lines."""
    return api.post("/imports", form(*lines, **options), content_type=FORM, **headers or {})


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is too long to be waited for."""
    monkeypatch.setattr(running, "SMALL_BYTES", 1)
    monkeypatch.setattr(running, "FEW_ROWS", 0)
