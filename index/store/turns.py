"""A few turns for many, in the order in which they come. Who has one keeps it as long as nobody else waits for one."""

import threading
from collections.abc import Callable


class Turns:
    """From any thread. An owner has one turn or none."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._changed = threading.Condition()
        self._owners: dict[object, Callable[[], None]] = {}
        self._waiting: dict[object, None] = {}  # in the order of coming

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a turn."""
        return bool(self._waiting)

    def take(self, owner: object, asked: Callable[[], None], ended: Callable[[], bool]) -> bool:
        """Wait for a turn, unless the owner has one; return whether it has one, or has `ended` instead.

        `asked` is called from other threads when others wait for a turn: it should be given back soon. `look` has
        `ended` called again.
        """
        with self._changed:
            if owner in self._owners:
                return True
            self._waiting[owner] = None
            holders = [] if self._free else list(self._owners.values())
        for ask in holders:
            ask()
        with self._changed:
            self._changed.wait_for(lambda: self._is_next(owner) or ended())
            taken = self._is_next(owner)
            del self._waiting[owner]
            if taken:
                self._free -= 1
                self._owners[owner] = asked
            self._changed.notify_all()  # whoever came later may be next now
            return taken

    def _is_next(self, owner: object) -> bool:
        return owner in list(self._waiting)[: self._free]

    def give(self, owner: object) -> None:
        """Give the turn back, if the owner has one."""
        with self._changed:
            if self._owners.pop(owner, None) is not None:
                self._free += 1
                self._changed.notify_all()

    def look(self) -> None:
        """See at once whether somebody who waits has ended."""
        with self._changed:
            self._changed.notify_all()
