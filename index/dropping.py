"""A collection's way out: put away, replaced where one of its name must always be there, brought back where that fails.

Where the disk takes neither the drop nor its undoing, the collection is between both until `undo` succeeds.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from index.collection import Collection
from index.errors import IndexRoomError, ReopenedError, StorageFullError
from index.store.departure import Departure
from index.store.disk import Disk

CLOSED = "could be neither dropped nor kept; it is closed until the disk allows to bring it back"


class Drop:
    """Of one collection; `home` None is that of one in memory. `between`: neither it nor its undoing could be done."""

    def __init__(self, found: Collection, home: Path | None, disk: Disk) -> None:
        self._found = found
        self._departure = None if home is None else Departure(home, found.store.readers, disk)
        self.between = False

    def run(self, replacement: Callable[[], Collection] | None) -> Collection | None:
        """Drop the collection, and return what takes its place, if anything does. Its own files stay until `clear`.

        Raises:
            StorageFullError: the disk does not take it; everything is as it was, or `between`, as the message says.
        """
        self._found.pause()  # or it would write its snapshots to a folder that is another collection's by then
        with contextlib.ExitStack() as opened, self._undone_on_error(opened):
            if self._departure is not None:
                self._departure.begin()
            fresh = None if replacement is None else replacement()
            if fresh is not None:
                opened.callback(fresh.discard)
            if self._departure is not None:
                self._departure.complete()
            opened.pop_all()
        return fresh

    def clear(self) -> None:
        """Close what was dropped, which nobody finds any more, and remove its files."""
        self._found.discard()
        if self._departure is not None:
            shutil.rmtree(self._departure.away, ignore_errors=True)

    def undo(self) -> None:
        """Bring the folder back, which may have been done in part. Raises OSError."""
        if self._departure is not None:
            self._departure.undo()
        self.between = False

    @contextlib.contextmanager
    def _undone_on_error(self, opened: contextlib.ExitStack) -> Iterator[None]:
        try:
            yield
        except BaseException as error:  # whatever it was, the collection is back in its place, or closed
            try:
                opened.close()
            finally:
                self._bring_back()
            if not isinstance(error, OSError | IndexRoomError):
                raise
            reason = error.strerror if isinstance(error, OSError) else error
            what = f"{CLOSED}; whether a start before that drops it is unknown" if self.between else "cannot be dropped"
            raise StorageFullError(f"the collection {self._found.name!r} {what}: {reason}") from error

    def _bring_back(self) -> None:
        """Undo what was done. Where that fails the collection is closed until `undo`, or the next start, succeeds.

        Either brings the collection back; but the start does not where all was done but to flush the name that says
        that it is dropped.
        """
        try:
            self.undo()
        except OSError:
            self.between = True
            # With the index open and well its plain ClosedError would say that the collection was dropped.
            self._found.discard(ReopenedError(f"the collection {self._found.name!r} {CLOSED}; try again"))
        else:
            self._found.resume()
