"""Opens a collection anew whose threads a fault has ended, or whose drop could neither be done nor undone.

What is in memory is made from its database again.

One that has lost a thread is read as before until another object takes its place. Where the surroundings hinder that,
it is tried again, with longer rests; where it keeps failing by a fault of our own, nothing here mends it: the process
should end.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Protocol

from index.collection import Collection
from index.errors import ReopenedError
from index.store.connections import is_of_surroundings
from index.store.rests import Rests

# So often within such a time a collection is opened anew; what fails more often fails again.
MENDS, WITHIN_S = 3, 600.0


class Home(Protocol):
    """Where the collections are: `renew` opens an ailing one again, and has it take the old one's place."""

    def ailing(self) -> list[Collection]: ...

    def renew(self, found: Collection) -> None: ...


class Mender:
    """Works from construction until close. `broken` says that it gave up; `when_broken` is called then, once."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._wake = threading.Condition()
        self._reported, self._closing = False, False
        self._rests = Rests()
        self._faults: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MENDS))
        self._when_broken: Callable[[], None] | None = None
        self.broken = False
        self._thread = threading.Thread(target=self._run, name="index-mender", daemon=True)
        self._thread.start()

    def report(self) -> None:
        """Say that a thread of a collection has ended. From any thread; does not wait."""
        with self._wake:
            self._reported = True
            self._wake.notify_all()

    def call_when_broken(self, callback: Callable[[], None]) -> None:
        """Set what is called once, from any thread, when a collection cannot be mended; at once if one could not."""
        with self._wake:
            self._when_broken = callback
        if self.broken:
            self._give_up()

    def close(self) -> None:
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._wait():
                self._mend_all()
        except BaseException:  # the thread's outermost frame: nobody else would see that nothing is mended any more
            self._give_up()
            raise

    def _wait(self) -> bool:
        with self._wake:
            self._wake.wait_for(lambda: self._reported or self._closing)
            self._reported = False
            return not self._closing

    def _mend_all(self) -> None:
        for found in self._home.ailing():
            if not self._mend(found):
                self._give_up()

    def _mend(self, found: Collection) -> bool:
        """Open a collection anew; return whether that is done, or will be tried again."""
        of_disk = found.well  # a drop has closed it: nothing of ours has failed, and however often, it may again
        if self._recurs(found.name) and not of_disk:
            return False
        try:
            self._home.renew(found)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is tried again until it recurs
            if is_of_surroundings(error):
                self._faults[found.name].pop()
            with self._wake:
                self._wake.wait_for(lambda: self._closing, self._rests.next_s())
                self._reported = True
        else:
            if of_disk:
                self._faults[found.name].pop()
            self._rests.reset()
        return True

    def _recurs(self, name: str) -> bool:
        """Note a fault; return whether there were too many lately."""
        faults, now_s = self._faults[name], time.monotonic()
        recurs = len(faults) == MENDS and now_s - faults[0] < WITHIN_S
        faults.append(now_s)
        return recurs

    def _give_up(self) -> None:
        with self._wake:
            callback, self._when_broken = self._when_broken, None
            self.broken = True
        if callback is not None:
            callback()


def retired(found: Collection) -> None:
    """Leave a collection's files to the object that is to take its place; it is read until `replaced`."""
    found.pause()
    found.store.stop_writing(ReopenedError())


def replaced(found: Collection) -> None:
    """Close what another object has taken the place of."""
    found.words.close(ReopenedError())
    found.store.close(ReopenedError())
