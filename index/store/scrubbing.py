"""Clears what SQLite leaves in the unused middle of its pages, where `secure_delete` does not reach.

When SQLite shares out the rows of neighbouring pages anew, copies of some stay between a page's list of cells and its
first cell, bytes that nothing reads. The format: https://www.sqlite.org/fileformat2.html#b_tree_pages. The file is
written through SQLite's own file system: closed in any other way, SQLite's locks on it would end.
"""

import os
from pathlib import Path

import apsw
import numpy as np
from numpy.typing import NDArray

INTERIOR, LEAVES = (2, 5), (10, 13)
INTERIOR_HEADER, LEAF_HEADER = 12, 8
POINTER_BYTES = 2
FILE_HEADER = 100  # of the first page
MAX_PAGES = 1 << 24  # with more of them the first byte of a page that is no tree's could be that of one

NOTHING = bytes(1)

Pages = NDArray[np.uint8]


class Piece:
    """Some pages of a database, from a page on, whose log is empty, and to which nobody else writes meanwhile."""

    def __init__(self, path: Path, page_bytes: int, first: int, count: int) -> None:
        self._path = path
        self._page_bytes = page_bytes
        self._first, self._count = first, count

    def scrub(self) -> int:
        """Overwrite what is unused; return how many pages held anything there. Raises OSError and apsw.Error."""
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            flags = [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READWRITE, 0]
            file = apsw.VFSFile("", f"/proc/self/fd/{folder}/{self._path.name}", flags)
            try:
                return self._scrub(file)
            finally:
                file.xClose()
        finally:
            os.close(folder)

    def _scrub(self, file: apsw.VFSFile) -> int:
        start = self._first * self._page_bytes
        count = max(0, min(self._count, (file.xFileSize() - start) // self._page_bytes))
        if not count:
            return 0
        content = file.xRead(count * self._page_bytes, start)
        pages = np.frombuffer(content, np.uint8).reshape(count, -1)
        stretches = [
            stretch for stretch in unused(pages, first=self._first == 0) if content[slice(*stretch)].strip(NOTHING)
        ]
        for place, end in stretches:
            file.xWrite(bytes(end - place), start + place)
        if stretches:
            file.xSync(apsw.SQLITE_SYNC_NORMAL)
        return len(stretches)


def unused(pages: Pages, *, first: bool) -> list[tuple[int, int]]:
    """Return from where up to where nothing stands in those of these pages (n, bytes) that are a tree's."""
    header = np.zeros(len(pages), np.int64)
    header[:1] = FILE_HEADER if first else 0
    every = np.arange(len(pages))

    def number(offset: int) -> NDArray[np.int64]:
        high, low = (pages[every, header + place].astype(np.int64) for place in (offset, offset + 1))
        return np.asarray(high * 256 + low, np.int64)

    kinds = pages[every, header]
    leaf = np.isin(kinds, LEAVES)
    starts = header + np.where(leaf, LEAF_HEADER, INTERIOR_HEADER) + POINTER_BYTES * number(3)
    ends = number(5)
    ends[ends == 0] = 1 << 16
    known = np.flatnonzero((leaf | np.isin(kinds, INTERIOR)) & (starts < ends) & (ends <= pages.shape[1]))
    places = known * pages.shape[1]
    return list(zip((places + starts[known]).tolist(), (places + ends[known]).tolist(), strict=True))
