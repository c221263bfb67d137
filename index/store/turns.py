"""A few turns for many. Who has one keeps it as long as nobody else waits for one."""

import threading
from collections.abc import Callable


class Turns:
    """From any thread. An owner has one turn or none."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._changed = threading.Condition()
        self._owners: dict[object, Callable[[], None]] = {}
        self._waiting: set[object] = set()

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a turn."""
        return bool(self._waiting)

    def take(self, owner: object, asked: Callable[[], None]) -> bool:
        """Wait for a turn, unless the owner has one; return whether it has one, which `leave` may prevent.

        `asked` is called from other threads when others wait for a turn: it should be given back soon.
        """
        with self._changed:
            if owner in self._owners:
                return True
            self._waiting.add(owner)
            holders = [] if self._free else list(self._owners.values())
        for ask in holders:
            ask()
        with self._changed:
            self._changed.wait_for(lambda: self._free or owner not in self._waiting)
            if owner not in self._waiting:
                return False
            self._waiting.remove(owner)
            self._free -= 1
            self._owners[owner] = asked
            return True

    def give(self, owner: object) -> None:
        """Give the turn back, if the owner has one."""
        with self._changed:
            if self._owners.pop(owner, None) is not None:
                self._free += 1
                self._changed.notify_all()

    def leave(self, owner: object) -> None:
        """End the owner's waiting."""
        with self._changed:
            self._waiting.discard(owner)
            self._changed.notify_all()
