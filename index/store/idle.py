"""Connections that are open and free, of all collections: a few, however many collections there are.

Each takes two descriptors and up to two megabytes. Of a closed one SQLite keeps one of the two for the next connection
to the same database, since closing that would end the locks of the others.
"""

import threading
from collections.abc import Callable

import apsw

MAX_IDLE = 16


class IdleConnections:
    """At most `most` of them: the one that has been free for longest makes room. From any thread."""

    def __init__(self, most: int = MAX_IDLE) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._free: list[tuple[object, apsw.Connection]] = []

    def take(self, owner: object) -> apsw.Connection | None:
        """Return the one of this owner's that came back last, if there is one."""
        with self._lock:
            for place in reversed(range(len(self._free))):
                if self._free[place][0] is owner:
                    return self._free.pop(place)[1]
        return None

    def give(self, owner: object, connection: apsw.Connection) -> None:
        with self._lock:
            self._free.append((owner, connection))
            surplus = self._free.pop(0)[1] if len(self._free) > self._most else None
        if surplus is not None:
            surplus.close()

    def close(self, owner: object) -> None:
        """Close those of this owner."""
        self._close(lambda whose: whose is owner)

    def close_all(self) -> None:
        """Close those of all owners, so that others get their descriptors."""
        self._close(lambda _: True)

    def _close(self, chosen: Callable[[object], bool]) -> None:
        with self._lock:
            closing = [connection for owner, connection in self._free if chosen(owner)]
            self._free = [(owner, connection) for owner, connection in self._free if not chosen(owner)]
        for connection in closing:
            connection.close()
