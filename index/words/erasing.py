"""Writes again what shares a segment of the index with documents that were removed, so that their words go.

In one commit: tantivy would merge what is left of such a segment with others, and more of their documents would stand
beside removed ones. For a tenth of the time at most, since the largest segment may hold nearly everything. Belongs to
the thread that changes the index.
"""

import contextlib
import time
from collections.abc import Callable

from index.store.connections import Readers
from index.store.disk import Disk
from index.words.beside import texts
from index.words.postings import POSTINGS_ERRORS, Postings

PAGE_DOCUMENTS = 100  # of up to 1 MB each
RESTS = 9  # times what it took
AGAIN_S = 5.0  # where a search keeps former files, or the disk refuses


class Erasing:
    """`due_s`, of the monotonic clock, is when the next round is to begin; None where nothing is left to erase."""

    def __init__(self, postings: Postings, readers: Readers, disk: Disk) -> None:
        self._postings = postings
        self._readers = readers
        self._disk = disk
        self._keys: list[int] = []
        self._taken_s, self._rested_s = 0.0, 0.0
        self.due_s: float | None = None
        with contextlib.suppress(*POSTINGS_ERRORS):  # whoever writes is told
            self.note()

    def note(self) -> None:
        """Take in that documents were removed. Raises POSTINGS_ERRORS."""
        if self.due_s is None and self._postings.remains():
            self.due_s = max(time.monotonic() + self._disk.erased_s, self._rested_s)

    @property
    def rest_s(self) -> float | None:
        """How long there is nothing to do; None is for good."""
        return None if self.due_s is None else max(0.0, self.due_s - time.monotonic())

    def write(self, interrupted: Callable[[], bool]) -> None:
        """Write what there is to write, or a part of it where something else is urgent. Raises POSTINGS_ERRORS."""
        started_s = time.monotonic()
        if not self._keys:
            self._postings.rest()  # a merge would exchange segments meanwhile
            self._keys = self._postings.keys_beside_removed()
        while self._keys and not interrupted():
            page, self._keys = self._keys[:PAGE_DOCUMENTS], self._keys[PAGE_DOCUMENTS:]
            with self._readers.reading() as connection:
                found = texts(connection, page)
            self._postings.remove(page)
            for key, text in found:
                self._postings.add(key, text)
        self._disk.reach("before_words")
        self._postings.commit()
        self._disk.reach("after_words")
        self._taken_s += time.monotonic() - started_s

    def finish(self) -> None:
        """Remove the files that nobody reads any more, and see what is left. Raises POSTINGS_ERRORS."""
        if self._keys:
            return
        self._postings.collect()
        self.due_s = None
        now_s = time.monotonic()
        if self._taken_s:
            self._rested_s, self._taken_s = now_s + RESTS * self._taken_s, 0.0
        remains = self._postings.remains()
        if remains:
            self.due_s = max(now_s + self._disk.erased_s, self._rested_s) if remains.segments else now_s + AGAIN_S

    def give_up(self) -> None:
        """Begin anew later: what was not committed is gone."""
        self._keys = []
        if self.due_s is not None:
            self.due_s = time.monotonic() + AGAIN_S
