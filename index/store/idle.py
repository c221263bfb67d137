"""Connections that are open and free, of all collections: a few, however many collections there are.

Each takes two descriptors and up to two megabytes; to open one takes less than a millisecond.
"""

import threading

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
        with self._lock:
            owned = [connection for whose, connection in self._free if whose is owner]
            self._free = [(whose, connection) for whose, connection in self._free if whose is not owner]
        for connection in owned:
            connection.close()
