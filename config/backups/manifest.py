"""What a backup says about itself: manifest.json."""

import json
import tomllib
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from .errors import BackupError
from .inventory import Content, Inventory

FORMAT = 1  # to be raised when an older Stockroom could not read it any more
KIND = "Stockroom backup"


@dataclass(frozen=True)
class Manifest:
    """When and of what it was made, and what is in it."""

    made_at: str  # ISO 8601, UTC
    stockroom: str  # the version that made it
    server: str  # PostgreSQL's version in full
    server_major: int
    dumped_by: int  # pg_dump's major version: an older pg_restore cannot read what it writes
    migrations: list[str]  # those that were applied, "app.name"
    inventory: Inventory

    def written(self) -> str:
        """As JSON for the archive."""
        return json.dumps({"kind": KIND, "format": FORMAT, **asdict(self)}, indent=2)

    @classmethod
    def read(cls, text: bytes) -> "Manifest":
        """What `written` wrote. Raises BackupError for anything else."""
        try:
            found: dict[str, Any] = json.loads(text)
            kind, version = found.pop("kind"), found.pop("format")
            if kind != KIND:
                raise ValueError(kind)
            if version != FORMAT:
                raise BackupError(
                    f"it is of format {version}, and this Stockroom reads format {FORMAT}: take "
                    f"the Stockroom that made it ({found.get('stockroom', 'of no known version')})."
                )
            inventory = found.pop("inventory")
            tables = {name: Content(**content) for name, content in inventory["tables"].items()}
            return cls(**found, inventory=Inventory(tables, inventory["sequences"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackupError("its manifest is not one of Stockroom's.") from error


def stockroom_version() -> str:
    """The version of this Stockroom, as pyproject.toml has it."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])
