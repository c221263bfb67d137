"""The thread that deletes what has expired, in pieces, through the writer. Nothing waits for it: reads see none of it.

Follows the writer. Where the disk refuses or a document is damaged, it tries again later.
"""

import threading
from typing import Protocol

import apsw

from index.errors import ClosedError, IndexRoomError
from index.store import rows
from index.store.clock import Clock
from index.store.connections import is_of_surroundings
from index.store.expiry import expired_keys
from index.store.group import Changes
from index.store.rests import Rests
from index.store.shared import Shared
from index.store.writer import Writer

PIECE_DOCUMENTS = 512  # of a commit, between which others write
LONGEST_REST_S = 60.0  # after which the system's clock, which may be set ahead, is looked at again


class Expiring(Protocol):
    """Says when the next document expires, as of the last commit."""

    next_expiry_ms: int | None


class Sweeper:
    """Sweeps from `start` until `close`. `failed` says that a fault of our own ended the thread."""

    def __init__(self, clock: Clock, shared: Shared) -> None:
        self._clock = clock
        self._shared = shared
        self._rests = Rests()
        self._wake = threading.Condition()
        self._called, self._closing = False, False
        self._thread: threading.Thread | None = None
        self.failed = False

    def start(self, writer: Writer) -> None:
        """Begin, unless it was closed."""
        with self._wake:
            if self._closing:
                return
            self._thread = threading.Thread(target=self._run, args=(writer,), name="index-expiry", daemon=True)
            self._thread.start()

    def admit(self, before: Changes, changes: Changes) -> None:
        """Do nothing: who deletes is always admitted."""

    def expect(self, changes: Changes) -> None:
        """Do nothing."""

    def abandoned(self, changes: Changes) -> None:
        """Do nothing."""

    def applied(self, changes: Changes) -> None:
        """Look again when the next document expires, where a commit may have changed that."""
        if changes.added or changes.renamed:
            with self._wake:
                self._called = True
                self._wake.notify_all()

    def close(self) -> None:
        """Stop after the piece that is under way; the rest is deleted after the next start."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self, writer: Writer) -> None:
        try:
            while self._wait(writer):
                self._sweep(writer)
        except ClosedError:
            return  # a fault ended the writer, and shows there
        except BaseException:  # the thread's outermost frame: `failed` must show it
            self.failed = True
            self._shared.report()
            raise

    def _wait(self, writer: Expiring) -> bool:
        """Wait until a document has expired; return whether to go on."""
        with self._wake:
            while not self._closing:
                rest_s = self._rest_s(writer)
                if rest_s == 0:
                    return True
                self._called = False
                self._wake.wait_for(lambda: self._called or self._closing, rest_s)
        return False

    def _rest_s(self, writer: Expiring) -> float | None:
        """Return how long nothing expires, unless somebody calls."""
        next_ms = writer.next_expiry_ms
        return None if next_ms is None else min(max(0, next_ms - self._clock.now_ms()) / 1_000, LONGEST_REST_S)

    def _sweep(self, writer: Writer) -> None:
        try:
            writer.submit(self._piece, PIECE_DOCUMENTS).result()
            self._rests.reset()
        except ClosedError:
            raise
        except Exception as error:  # the index's and the surroundings' pass by; every other one ends the thread
            if not (isinstance(error, IndexRoomError) or is_of_surroundings(error)):
                raise
            with self._wake:
                self._wake.wait_for(lambda: self._closing, self._rests.next_s())

    def _piece(self, connection: apsw.Connection, changes: Changes) -> None:
        keys = expired_keys(connection, self._clock.now_ms(), PIECE_DOCUMENTS)
        rows.remove(connection, keys)
        changes.removed += keys
