"""Room in memory for what is kept, in each process and for all of its threads."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

CHANCES = 8  # so many that were used are passed over at most, where room is made: it takes no time


@dataclass(slots=True)
class _Kept(Generic[Value]):
    value: Value
    size: int
    was_used: bool = False  # since its turn to go came last


class Room(Generic[Key, Value]):
    """Keeps values; when it is full, those go that came first and were not used since.

    (So to find what is there moves nothing and waits for nobody: known as second chance, or clock.)
    """

    def __init__(self, size: int) -> None:
        self._size, self._taken = size, 0
        self._kept: OrderedDict[Key, _Kept[Value]] = OrderedDict()  # the next to go comes first
        self._changing = Lock()

    def get(self, *keys: Key) -> list[Value | None]:
        """What is kept at each of these, which is used by that."""
        found: list[Value | None] = []
        for kept in map(self._kept.get, keys):
            if kept is None:
                found.append(None)
                continue
            kept.was_used = True
            found.append(kept.value)
        return found

    def keep(self, key: Key, value: Value, size: int) -> None:
        """Keep a value, which takes so many bytes, if there is room for it at all."""
        with self._changing:
            if (replaced := self._kept.pop(key, None)) is not None:
                self._taken -= replaced.size
            if size > self._size:
                return
            self._make_room(self._size - size)
            self._kept[key] = _Kept(value, size)
            self._taken += size

    def _make_room(self, most: int) -> None:
        chances = CHANCES
        while self._taken > most:
            key, kept = self._kept.popitem(last=False)
            if kept.was_used and chances:
                chances, kept.was_used = chances - 1, False
                self._kept[key] = kept
            else:
                self._taken -= kept.size


def compact(content: bytes) -> bytes:
    """A copy that takes no more room than its bytes: orjson's keep what was reserved for more."""
    return bytes(memoryview(content))
