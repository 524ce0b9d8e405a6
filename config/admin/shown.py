"""Values as a person reads them."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from config.decimals import plain

NOTHING = "–"


def shown(value: Any) -> str:
    """A field's value as a person reads it."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return plain(value) if isinstance(value, Decimal) else str(value)
