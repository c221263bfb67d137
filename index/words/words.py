"""What a collection keeps of its documents' words beside its database: an index that may be lost, and its thread.

Follows the writer. A search takes a reading of the index before its transaction begins, so that the index has every
document up to the reading's last key that the transaction shows, and reads the rest from the database.
"""

import threading
from pathlib import Path

from index.errors import ClosedError
from index.store.group import Changes
from index.store.rows import highest_key
from index.store.store import Store
from index.words.analysis import Analysis
from index.words.beside import Beside
from index.words.keeper import Keeper
from index.words.opening import open_words
from index.words.sought import Sought, sought_in


class Words:
    """Closed until `open`. After `pause` the files are left alone, and what is written is found beside the index."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._lock = threading.Lock()
        self._closed = False
        self._store: Store | None = None
        self._folder: Path | None = None
        self._keeper: Keeper | None = None
        self.beside = Beside(analysis)

    def open(self, store: Store, folder: Path | None) -> None:
        """Open the index in the folder, None keeps it in memory, and begin to add what it lacks."""
        self._store, self._folder = store, folder
        opened = open_words(store, folder, self._analysis)
        with store.readers.reading() as connection:
            highest = highest_key(connection)
        with self._lock:
            if not self._closed:  # or nothing would ever stop the thread
                self._keeper = Keeper(store.readers, store.disk, opened, self.beside, highest)

    @property
    def keeper(self) -> Keeper:
        """What keeps the index up to date; raises ClosedError where nothing does any more."""
        if (keeper := self._keeper) is None:
            raise ClosedError("the index is closed")
        return keeper

    @property
    def ready(self) -> bool:
        """Whether a search need not wait for the index of words."""
        keeper = self._keeper
        return keeper is None or keeper.ready

    @property
    def failed(self) -> bool:
        """Whether a fault of our own has ended the thread."""
        keeper = self._keeper
        return keeper is not None and keeper.failed

    @property
    def pending(self) -> int:
        """About how many documents the index lacks."""
        keeper = self._keeper
        return 0 if keeper is None else keeper.pending

    @property
    def failure(self) -> str | None:
        """Why the index could not be written last."""
        keeper = self._keeper
        return None if keeper is None else keeper.failure

    def sought(self, text: str, *, prefix: bool = False, typos: bool = False) -> Sought:
        """Return what a query's text asks for."""
        return sought_in(text, self._analysis, prefix=prefix, typos=typos)

    def expect(self, changes: Changes) -> None:
        """Do nothing: what is to be committed is read from the database."""

    def abandoned(self, changes: Changes) -> None:
        """Do nothing."""

    def applied(self, changes: Changes) -> None:
        """Have the index follow what was committed."""
        keeper = self._keeper
        came = [*(key for key, _ in changes.added), *changes.renamed]
        if keeper is not None and (came or changes.removed):
            keeper.notify(changes.removed, max(came, default=0))
            keeper.pace(len(came))

    def pause(self) -> None:
        """Leave the files alone."""
        if self._keeper is not None:
            self._keeper.close()

    def resume(self) -> None:
        """Go on after `pause`."""
        if self._store is not None:
            self.open(self._store, self._folder)

    def close(self) -> None:
        """Stop the thread."""
        with self._lock:
            self._closed = True
        self.pause()
        self._keeper = None  # and with it the mapped files
