"""Filters that are asked again and again, and which rows match them: kept in memory until that may have changed.

What a document holds for filters changes by a patch alone: others come with higher keys, or go. So what was listed once
is right for every later transaction in which those that came since are looked at and those that went are left out, as
long as nothing was patched.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable

import msgspec

from index.store.group import Changes
from index.view.captures import Slots, Stamp

ASKED = 64  # filters that are remembered as asked
BYTES_A_ROW = 64  # of the collection, that all filters together may take


class Matches(msgspec.Struct, frozen=True, eq=False):
    """The slots (n,) of the rows that match, in ascending order, of documents up to `highest_key`.

    Slots mean what they do in captures of this generation.
    """

    slots: Slots
    highest_key: int
    generation: int

    @property
    def size_bytes(self) -> int:
        return int(self.slots.nbytes)


class Standing:
    """Told by the writer's thread what changes, asked by any.

    A search takes a stamp before its transaction begins, and has it `confirmed` within: what others listed before the
    first is right for it then, and what it lists itself for those that come later.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._patches, self._patched = 0, 0  # begun and ended
        self._listed = 0
        self._asked: OrderedDict[Hashable, int] = OrderedDict()
        self._kept: OrderedDict[Hashable, tuple[int, Matches]] = OrderedDict()

    @property
    def size_bytes(self) -> int:
        """The memory that the lists take."""
        with self._lock:
            return self._size_bytes()

    def _size_bytes(self) -> int:
        return sum(one.size_bytes for _, one in self._kept.values())

    def expect(self, changes: Changes) -> None:
        """Before a commit: from here on readers may see it."""
        if changes.replaced or changes.exchanged:
            with self._lock:
                self._patches += 1
                self._kept.clear()
                self._asked.clear()

    def settled(self) -> None:
        """After it, or where there is none: all readers that begin from here on see the same."""
        with self._lock:
            self._patched = self._patches

    def stamp(self) -> Stamp | None:
        """Return a stamp of now; None while something is patched."""
        with self._lock:
            return (self._patches, self._listed) if self._patched == self._patches else None

    def confirmed(self, stamp: Stamp | None) -> Stamp | None:
        """Return the stamp where nothing was patched since."""
        with self._lock:
            return stamp if stamp is not None and stamp[0] == self._patches else None

    def find(self, condition: Hashable, stamp: Stamp | None) -> Matches | None:
        """Return what matches, as far as a transaction with this stamp may know."""
        with self._lock:
            number, found = self._kept.get(condition, (0, None))
            if found is None or stamp is None or number > stamp[1]:
                return None
            self._kept.move_to_end(condition)
            return found

    def drop(self, condition: Hashable) -> None:
        """Forget what matches, of which there is too much now."""
        with self._lock:
            self._kept.pop(condition, None)

    def asked(self, condition: Hashable) -> int:
        """Note that a filter is asked, and say how often it was since something was patched."""
        with self._lock:
            times = self._asked[condition] = self._asked.get(condition, 0) + 1
            self._asked.move_to_end(condition)
            if len(self._asked) > ASKED:
                self._asked.popitem(last=False)
            return times

    def keep(self, condition: Hashable, found: Matches, stamp: Stamp | None, rows: int) -> None:
        """Keep what a transaction with this stamp has listed, in a collection of so many rows."""
        with self._lock:
            if stamp is None or stamp[0] != self._patches:
                return
            self._listed += 1
            self._kept[condition] = self._listed, found
            self._kept.move_to_end(condition)
            while self._size_bytes() > BYTES_A_ROW * rows:
                forgotten, _ = self._kept.popitem(last=False)
                self._asked.pop(forgotten, None)  # or filters that have no room together would be listed each time
