"""Fixtures of imports: a folder for files, files of a few lines, and what is uploaded."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from items.exchange import services
from items.exchange.models import Import

Received = Callable[..., Import]


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
