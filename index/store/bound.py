"""The bound on the memory of all collections together: who writes claims what that will take, before it is committed.

Counted is what documents need, not what is left of those that are gone: room that a deletion makes is there at once.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from index.errors import MemoryFullError


class Claimant(Protocol):
    """A collection's memory: `needed_bytes` are those of its documents, `claimed_bytes` of what is to be committed."""

    claimed_bytes: int

    @property
    def needed_bytes(self) -> int: ...


class MemoryBound:
    """`most_bytes` is the bound, 0 is none. `claimants` returns the memory of every collection there is now."""

    def __init__(self, claimants: Callable[[], Iterable[Claimant]] = tuple) -> None:
        self.most_bytes = 0
        self._claimants = claimants
        self._lock = threading.Lock()

    @property
    def taken_bytes(self) -> int:
        """What all collections need, and what is claimed. Never waits for long."""
        # Claims first: of what is committed in between too much is counted, not too little.
        return sum(one.claimed_bytes + one.needed_bytes for one in self._claimants())

    def check(self, more_bytes: int) -> None:
        """Raise MemoryFullError where so much more exceeds the bound; what takes nothing more never does."""
        if self.most_bytes and more_bytes > 0 and self.taken_bytes + more_bytes > self.most_bytes:
            raise MemoryFullError(told(more_bytes, self.most_bytes))

    def claim(self, one: Claimant, more_bytes: int) -> None:
        """Have so much more counted as claimed by one, or raise MemoryFullError. From any thread."""
        with self._lock:
            self.check(more_bytes)
            one.claimed_bytes += max(0, more_bytes)


def told(more_bytes: int, most_bytes: int) -> str:
    """Say why; not what others' collections take, which a client need not know."""
    return (
        f"this would take {more_bytes:,} bytes of memory more, and fewer are left of the {most_bytes:,} "
        "that --index-bytes allows for all documents. Delete documents or raise --index-bytes"
    )
