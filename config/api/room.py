"""Room in memory for what is kept, in each process and for all of its threads."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MB = 1024 * 1024


class Room(Generic[Key, Value]):
    """Keeps values; when it is full, the least lately used go."""

    def __init__(self, size: int) -> None:
        self._size, self._taken = size, 0
        self._kept: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._changing = Lock()

    def get(self, *keys: Key) -> list[Value | None]:
        """What is kept at each of these, which from now on are the last to go."""
        found: list[Value | None] = []
        with self._changing:
            for key in keys:
                if (kept := self._kept.get(key)) is None:
                    found.append(None)
                    continue
                self._kept.move_to_end(key)
                found.append(kept[0])
        return found

    def keep(self, key: Key, value: Value, size: int) -> None:
        """Keep a value, which takes so many bytes."""
        with self._changing:
            self._forget(key)
            self._kept[key] = value, size
            self._taken += size
            while self._taken > self._size:
                self._forget(next(iter(self._kept)))

    def _forget(self, key: Key) -> None:
        _, size = self._kept.pop(key, (None, 0))
        self._taken -= size


def compact(content: bytes) -> bytes:
    """A copy that takes no more room than its bytes: orjson's keep what was reserved for more."""
    return bytes(memoryview(content))
