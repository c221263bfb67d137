"""Disks to hand in: one that stops at named points, one that refuses what it is told to. And a clock to be set."""

import errno
from collections.abc import Callable
from pathlib import Path

from index.store.clock import Clock
from index.store.disk import Disk


class PointedDisk(Disk):
    """Calls a function with the name of each point."""

    def __init__(self, at: Callable[[str], None]) -> None:
        self._at = at

    def reach(self, point: str) -> None:
        self._at(point)


class RefusingDisk(Disk):
    """Refuses the operations and points that are in `refused`, and notes the points and the paths it has flushed."""

    def __init__(self, *refused: str, error: Exception | None = None) -> None:
        self.refused = set(refused)
        self.points: list[str] = []
        self.synchronized: list[str] = []
        self._error = error or OSError(errno.ENOSPC, "No space left on device")

    def reach(self, point: str) -> None:
        self.points.append(point)
        self._refuse(point)

    def rename(self, path: Path, target: Path) -> None:
        self._refuse("rename")
        super().rename(path, target)

    def synchronize(self, path: Path) -> None:
        self._refuse("synchronize")
        self.synchronized.append(path.name)
        super().synchronize(path)

    def discard(self, path: Path) -> None:
        self._refuse("discard")
        super().discard(path)

    def _refuse(self, operation: str) -> None:
        if operation in self.refused:
            raise self._error


class CountingDisk(RefusingDisk):
    """Counts operations and points; refuses the one of this number, from 1, once or with all that come after it."""

    def __init__(self) -> None:
        super().__init__()
        self.count, self.refused_at, self.for_good = 0, 0, False

    def _refuse(self, operation: str) -> None:
        self.count += 1
        if self.count == self.refused_at or (self.for_good and self.count > self.refused_at > 0):
            raise self._error


class ImpatientDisk(Disk):
    """Waits for others who have locked a database only for a moment."""

    busy_ms = 20


class SetClock(Clock):
    """Shows what it is set to, in milliseconds; `fault` is raised instead."""

    def __init__(self, ms: int) -> None:
        super().__init__()
        self.ms = ms
        self.fault: Exception | None = None

    def read_ms(self) -> int:
        if self.fault is not None:
            raise self.fault
        return self.ms
