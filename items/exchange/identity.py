"""By what a row is found again: its source's key, and the SKU of what brings none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

from items.exchange.headers import Header
from items.exchange.staged import UNIT

SKU_WORDS = re.compile(r"[^0-9a-z]+")
SKU_WORDS_LENGTH = 50
SKU_DIGEST_LENGTH = 8
DIGEST_BYTES = 16  # of what a row says
TOLD_APART = "~"  # begins a key that is made of what the row says
# A top-level domain that is reserved never to exist (RFC 2606).
NO_ADDRESS = "invalid"


class Identity:
    """Keys and SKUs of the rows of one file."""

    def __init__(self, header: Header) -> None:
        self.table = header.table
        self._key = [header.places(names) for names in self.table.key]
        told_apart_by = [header.places(names) for names in self.table.identity]
        self._told_apart_by = [places for places in told_apart_by if places]
        self._seen: Counter[bytes] = Counter()

    @property
    def derives(self) -> bool:
        """Whether a row without a SKU can get one."""
        return bool(self._key or self._told_apart_by)

    def add(self, found: dict[str, str], given: Sequence[str]) -> None:
        """Say the key of a row, and derive the SKU of an item that has none."""
        key = "/".join(
            part
            for places in self._key
            if (part := _first(given, places)) and part not in self.table.no_suffix
        )
        if self.table.subject == "item" and not found.get("sku", "").strip():
            key = key or self._told_apart(given, found)
            if key:
                found["sku"] = derived_sku(key, found.get("name", ""))
                found["derived"] = "1"
        if key and self.table.source != "native":
            found["key"] = key

    def _told_apart(self, given: Sequence[str], found: dict[str, str]) -> str:
        """The key of a row without any number: what it says; equal rows are counted."""
        numbered = found.get("barcode", "").strip() or found.get("serial_number", "").strip()
        said = numbered or UNIT.join(_first(given, at).lower() for at in self._told_apart_by)
        if not said.strip(UNIT):
            return ""
        digest = sha256(said.encode()).digest()[:DIGEST_BYTES]
        if numbered:
            return TOLD_APART + digest.hex()
        self._seen[digest] += 1
        count = self._seen[digest]
        return TOLD_APART + digest.hex() + (f"#{count}" if count > 1 else "")


def derived_sku(key: str, name: str) -> str:
    """A SKU for what has none: the same every time for the same key, and readable."""
    said = name if key.startswith(TOLD_APART) else key
    words = SKU_WORDS.sub("-", said.lower()).strip("-")[:SKU_WORDS_LENGTH].strip("-")
    digest = sha256(key.encode()).hexdigest()[:SKU_DIGEST_LENGTH]
    return f"{words}-{digest}" if words else digest


def address_of(username: str, source: str) -> str:
    """An address for somebody of whom a source knows only what they are called: nobody gets it."""
    local = "".join(c if c.isalnum() or c in "._-" else "-" for c in username.lower())
    return f"{local}@{source}.{NO_ADDRESS}"


def _first(given: Sequence[str], places: Sequence[int]) -> str:
    return next((text for at in places if (text := given[at].strip())), "")
