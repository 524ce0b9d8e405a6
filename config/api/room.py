"""Room in memory for what is kept, in each process and for all of its threads."""

from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Room(Generic[Key, Value]):
    """Keeps values; when it is full, those that were not used lately go.

    What is used is put into one half; when that is full, it becomes the other, and what was there
    goes. So to find what was used lately, as nearly all is, changes nothing, and waits for nobody.
    """

    def __init__(self, size: int) -> None:
        self._half, self._taken = size // 2, 0
        self._lately: dict[Key, tuple[Value, int]] = {}
        self._before: dict[Key, tuple[Value, int]] = {}
        self._changing = Lock()

    def get(self, *keys: Key) -> list[Value | None]:
        """What is kept at each of these, which from now on are the last to go."""
        found = list(map(self._lately.get, keys))
        if None in found:
            found = [each or self._again(key) for key, each in zip(keys, found, strict=True)]
        return [each and each[0] for each in found]

    def keep(self, key: Key, value: Value, size: int) -> None:
        """Keep a value that takes so many bytes, unless that is more than half of the room."""
        if size > self._half:
            return
        with self._changing:
            _, replaced = self._lately.get(key, (None, 0))
            if self._taken + size - replaced > self._half:
                self._before, self._lately, self._taken, replaced = self._lately, {}, 0, 0
            self._lately[key] = value, size
            self._taken += size - replaced

    def _again(self, key: Key) -> tuple[Value, int] | None:
        """What was used before, and is now."""
        if (found := self._before.get(key)) is not None:
            self.keep(key, *found)
        return found


def compact(content: bytes) -> bytes:
    """A copy that takes no more room than its bytes: orjson's keep what was reserved for more."""
    return bytes(memoryview(content))
