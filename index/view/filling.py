"""Fills memory with all vectors of a database, by several readers at once: SQLite works without the interpreter.

Which keys there must be the documents and their passages say, and with that where each vector goes.
"""

import contextlib
import resource
import threading
from collections import deque
from collections.abc import Sequence

import apsw
import numkong
import numpy as np

from index.store.connections import Readers, is_of_surroundings
from index.store.passage_rows import all_several
from index.store.queries import Keys
from index.store.rows import keys_up_to
from index.store.vector_blocks import misplaced, read_block, rows_together
from index.view.captures import Capture, allocated
from index.view.vectors import FIRST_CAPACITY

# Of each of them but the first a descriptor stays open, which many small collections need not have.
MAX_READERS, BLOCKS_EACH = 4, 16
MANY_DESCRIPTORS = 8_192  # with fewer there is one reader
LOWEST, HIGHEST = -(1 << 63), (1 << 63) - 1


class Filling:
    """The work: blocks by their slots, which readers take in turn. After an error those taken are read to their end."""

    def __init__(self, rows: Capture, keys: Keys, size: int) -> None:
        self._rows, self._keys, self._size = rows, keys, size
        self._ndim = rows.rows.shape[1]
        self._waiting = deque(range(0, max(1, len(keys)), size))
        self._failures: list[tuple[int, BaseException]] = []

    @property
    def blocks(self) -> int:
        """How many nobody has taken."""
        return len(self._waiting)

    @property
    def failure(self) -> BaseException | None:
        """The error of the first block that has one, whichever reader was quicker: blocks are taken in order."""
        return min(self._failures, key=lambda one: one[0])[1] if self._failures else None

    def fail(self, error: BaseException, start: int = 0) -> None:
        """End the work, for the block that starts there or for a reader that has none."""
        self._failures.append((start, error))

    def work(self, connection: apsw.Connection) -> None:
        """Read blocks until there are none, or one has failed."""
        while not self._failures and (start := self._next()) is not None:
            try:
                self._fill(connection, start)
            except BaseException as error:  # noqa: BLE001 - whoever began this raises it
                self.fail(error, start)

    def _next(self) -> int | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def _fill(self, connection: apsw.Connection, start: int) -> None:
        keys = self._keys[start : start + self._size]
        end = start + len(keys)
        after = int(self._keys[start - 1]) if start else LOWEST
        last = int(keys[-1]) if end < len(self._keys) else HIGHEST
        vectors = read_block(connection, keys, (after, last), self._ndim)
        if vectors is None:
            raise misplaced(connection, len(self._keys))
        # Rounds to the nearest as numpy does, in a thirtieth of the time.
        numkong.astype(vectors, "float16", out=self._rows.rows[start:end])


def read_rows(readers: Readers, ndim: int, cores: int, together: int | None = None) -> tuple[Capture, int]:
    """Return arrays, perhaps with room for more, whose first rows are the vectors of all passages, and how many.

    So many are read `together` by one of as many readers as there are cores. Nobody may write meanwhile.

    Raises:
        DamagedError: a checksum differs, or there are other vectors than passages.
    """
    with readers.reading() as connection:
        several, documents = all_several(connection), keys_up_to(connection, HIGHEST)
        keys = several.rows(documents)
        if (np.diff(keys) <= 0).any():
            raise misplaced(connection, len(keys))
        rows = allocated(max(FIRST_CAPACITY, len(keys)), ndim)
        rows.keys[: len(keys)] = keys
        rows.owners[: len(keys)] = np.repeat(documents, several.counts_of(documents))
        rows.alive[: len(keys)] = True
        filling = Filling(rows, keys, together or rows_together(ndim))
        count = min(cores, MAX_READERS, filling.blocks // BLOCKS_EACH) if has_many() else 1
        helpers = started(readers, filling, count - 1)
        try:
            filling.work(connection)
        finally:
            for one in helpers:
                one.join()
        if filling.failure:
            raise filling.failure
    return rows, len(keys)


def started(readers: Readers, filling: Filling, count: int) -> Sequence[threading.Thread]:
    """Start so many threads that work as well, fewer where the system has no more."""
    helpers: list[threading.Thread] = []
    with contextlib.suppress(RuntimeError):
        for _ in range(count):
            one = threading.Thread(target=helped, args=(readers, filling), name="index-fill", daemon=True)
            one.start()
            helpers.append(one)
    return helpers


def helped(readers: Readers, filling: Filling) -> None:
    """Work with a connection of one's own; where there is none, others do it."""
    try:
        with readers.reading() as connection:
            filling.work(connection)
    except Exception as error:  # noqa: BLE001 - whoever began this raises it
        if not is_of_surroundings(error):
            filling.fail(error)


def has_many() -> bool:
    """Say whether the process may open so many files that some more do not matter."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft == resource.RLIM_INFINITY or soft >= MANY_DESCRIPTORS
