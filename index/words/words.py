"""What a collection keeps of its documents' words beside its database: an index that may be lost, and its thread.

Follows the writer. A search takes a reading of the index before its transaction begins, so that the index has every
document up to the reading's last key that the transaction shows, and reads the rest from the database.
"""

import threading
from pathlib import Path

from index.errors import ClosedError, IndexRoomError
from index.store.group import Changes
from index.store.rows import highest_key
from index.store.store import Store
from index.words.analysis import Analysis
from index.words.beside import Beside
from index.words.keeper import Keeper
from index.words.lexicon import Lexicon
from index.words.opening import Opened, begun, in_memory, open_words
from index.words.postings import POSTINGS_ERRORS


class Words:
    """Closed until `open`. After `pause` the files are left alone, and what is written is found beside the index."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed, self._paused = False, False
        self._reason: IndexRoomError = ClosedError("the index is closed")
        self._store: Store | None = None
        self._folder: Path | None = None
        self._analysis = Analysis()
        self._lexicon: Lexicon | None = None

    def open(self, store: Store, folder: Path | None, language: str | None) -> None:
        """Open the index in the folder, None keeps it in memory, and begin to add what it lacks."""
        self._store, self._folder, self._analysis = store, folder, Analysis(language)
        self._open(store)

    def _open(self, store: Store) -> None:
        while True:
            analysis = self._analysis
            opened = open_words(store, self._folder, analysis)
            with store.readers.reading() as connection:
                highest = highest_key(connection)
            with self._lock:
                if analysis is self._analysis:
                    self._paused = False
                    if self._lexicon is not None:
                        self._lexicon.keeper.close()
                    if not self._closed:  # or nothing would ever stop the thread
                        self._take(store, opened, highest)
                    return

    def _take(self, store: Store, opened: Opened, highest: int) -> None:
        """Have searches use an index of the present analysis from now on."""
        beside = Beside(self._analysis)
        try:
            keeper = Keeper(store, opened, beside, highest)
        except POSTINGS_ERRORS as error:  # its files were there a moment ago, and cannot be read
            if self._folder is None:
                raise
            keeper = Keeper(store, in_memory(self._folder, self._analysis, error), beside, highest)
        self._lexicon = Lexicon(self._analysis, keeper, beside)

    @property
    def lexicon(self) -> Lexicon:
        """What a search takes, once; raises the reason where nothing keeps it up to date any more."""
        if (lexicon := self._lexicon) is None:
            raise self._reason
        return lexicon

    @property
    def keeper(self) -> Keeper:
        """What keeps the index up to date; raises the reason where nothing does any more."""
        return self.lexicon.keeper

    @property
    def ready(self) -> bool:
        """Whether a search need not wait for the index of words."""
        lexicon = self._lexicon
        return lexicon is None or lexicon.keeper.ready

    @property
    def failed(self) -> bool:
        """Whether a fault of our own has ended the thread."""
        lexicon = self._lexicon
        return lexicon is not None and lexicon.keeper.failed

    @property
    def pending(self) -> int:
        """About how many documents the index lacks."""
        lexicon = self._lexicon
        return 0 if lexicon is None else lexicon.keeper.pending

    @property
    def failure(self) -> str | None:
        """Why the index could not be written last."""
        lexicon = self._lexicon
        return None if lexicon is None else lexicon.keeper.failure

    def admit(self, before: Changes, changes: Changes) -> None:
        """Do nothing: words are the disk's."""

    def expect(self, changes: Changes) -> None:
        """Do nothing: what is to be committed is read from the database."""

    def abandoned(self, changes: Changes) -> None:
        """Do nothing."""

    def applied(self, changes: Changes) -> None:
        """Have the index follow what was committed."""
        if changes.settings is not None and changes.words is not None:
            self._exchange(Analysis(changes.settings.language), changes.words)
        lexicon = self._lexicon
        came = [*(key for key, _ in changes.added), *changes.renamed]
        if lexicon is not None and (came or changes.removed):
            lexicon.keeper.notify(changes.removed, max(came, default=0))
            lexicon.keeper.pace(len(came))

    def _exchange(self, analysis: Analysis, name: str) -> None:
        """Begin an empty index of another analysis; searches that have begun go on with the one before."""
        with self._lock:
            if self._store is None or self._lexicon is None or self._closed:
                return
            self._lexicon.keeper.close()  # before its folder goes
            self._analysis = analysis
            folder = None if self._paused else self._folder  # after `pause` it may be another collection's
            self._take(self._store, begun(self._store, folder, name, analysis), self._lexicon.keeper.highest)

    def pause(self) -> None:
        """Leave the files alone."""
        with self._lock:
            self._paused = True
            if self._lexicon is not None:
                self._lexicon.keeper.close()

    def resume(self) -> None:
        """Go on after `pause`."""
        if self._store is not None:
            self._open(self._store)

    def close(self, reason: IndexRoomError | None = None) -> None:
        """Stop the thread; whoever searches later gets the reason."""
        with self._lock:
            self._closed, self._reason = True, reason or self._reason
        self.pause()
        self._lexicon = None  # and with it the mapped files
