"""What the history names as a cause of a change, and where it leads."""

import re
from typing import Any

from django.urls import reverse

from items.exchange.permissions import VIEW_IMPORTS

IMPORT = re.compile(r"(?:undoing )?import (\d+)\Z")  # see Import.cause


def cause_url(user: Any, via: str) -> str:
    """The page of an import; blank for other causes, and for who may not see it."""
    found = IMPORT.match(via)
    if found is None or not user.has_perm(VIEW_IMPORTS):
        return ""
    return reverse("admin:items_import_change", args=[found[1]])
