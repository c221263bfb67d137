"""The thread that keeps the index of words up to date with the database, from which it reads what the index lacks.

A fresh start without an index, a bulk ingest and what a kill cut off are one case: documents with higher keys than the
index has. Keys ascend and are never reused, so what is there is always a first part of the documents.
"""

import threading
from collections.abc import Sequence

from index.errors import IndexRoomError
from index.store.rests import Rests
from index.store.rows import highest_key
from index.store.store import Store
from index.words.beside import Beside, page_of_texts
from index.words.erasing import Erasing
from index.words.opening import Opened
from index.words.postings import POSTINGS_ERRORS
from index.words.reading import Reading

LINGER_S = 1.0  # a commit takes two flushes of the disk: writes share it
LINGER_DOCUMENTS = 2_000
COMMIT_DOCUMENTS, COMMIT_CHARACTERS = 20_000, 32_000_000
PAGE_DOCUMENTS = 500
BESIDE_DOCUMENTS = 5_000  # as many as a search may have to score beside the index; it waits while there are more
PACE_S = 0.001  # how long a document that is written waits at most for the index to catch up
REST_S = 10.0  # after so long without a change the threads of the index that write are stopped


class Keeper:
    """The only one that changes the index. `failure` says why that could not be written last.

    `failed` says that a fault of our own ended the thread. Either way searches stay right, and grow slower. It writes
    when it has one of the turns that all collections share.
    """

    def __init__(self, store: Store, opened: Opened, beside: Beside, highest: int) -> None:
        self._readers = store.readers
        self._disk = store.disk
        self._shared = store.shared
        self._turns = store.shared.words
        self._rests = Rests()
        self._postings = opened.postings
        self._beside = beside
        self._erasing = Erasing(opened.postings, store.readers, store.disk)
        self._reading = opened.postings.reading(opened.last_key)
        self._removed = list(opened.removed)
        self._highest = highest
        self._wake = threading.Condition()
        self._closing, self._asked, self._resting, self._refused = False, 0, True, False
        self._in_memory = opened.failure
        self._attempts, self._refused_attempt = 0, 0
        self.failure = opened.failure
        self.failed = False
        self._thread = threading.Thread(target=self._run, name="index-words", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        """About how many documents the index lacks, counted by keys."""
        return max(0, self._highest - self._reading.last_key)

    @property
    def highest(self) -> int:
        """The highest key that was ever used, as far as it was told."""
        return self._highest

    @property
    def ready(self) -> bool:
        """Whether `current` does not wait."""
        return self.pending <= BESIDE_DOCUMENTS or self._stuck

    def current(self) -> Reading:
        """Return what the index has now, once that is nearly everything that is committed."""
        if not self.ready:
            with self._wake:
                self._wake.wait_for(lambda: self.ready)
        return self._reading

    @property
    def _stuck(self) -> bool:
        return self._ended or (self._refused and self._resting)

    @property
    def _ended(self) -> bool:
        return self._closing or self.failed

    @property
    def _work(self) -> bool:
        return bool(self._removed) or self._highest > self._reading.last_key

    def notify(self, removed: Sequence[int], highest: int) -> None:
        """Say which documents were removed by a commit, and the highest key it used."""
        with self._wake:
            self._removed += removed
            self._highest = max(self._highest, highest)
            self._wake.notify_all()

    def pace(self, documents: int) -> None:
        """Hold up the writer of so many documents while the index is far behind."""
        if not self.ready:
            with self._wake:
                self._wake.wait_for(lambda: self.ready, documents * PACE_S)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Have the index catch up at once, and wait until it has; return whether it has."""
        with self._wake:
            self._asked += 1
            self._wake.notify_all()
            attempts = self._attempts
            try:
                self._wake.wait_for(
                    lambda: (not self._work and self._resting) or self._ended or self._refused_attempt > attempts,
                    timeout_s,
                )
            finally:
                self._asked -= 1
            return not self._work

    def close(self) -> None:
        """Stop after what is under way; what the index lacks by then is read at the next start."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._turns.look()
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._wait_for_work():
                if not self._turns.take(self, self._look_up, lambda: self._closing) or self._closing:
                    continue
                self._catch_up()
                if self._erasing.rest_s == 0 and not (self._refused and self._work):
                    self._erase()
        except BaseException:  # the thread's outermost frame: `failed` must show it
            with self._wake:
                self.failed = True
                self._wake.notify_all()
            self._shared.report()
            raise
        finally:
            self._postings.stop()
            self._turns.give(self)

    def _look_up(self) -> None:
        """See at once that another collection waits for its turn."""
        with self._wake:
            self._wake.notify_all()

    def _wait_for_work(self) -> bool:
        """Wait until there is something to do, and a while for more of it; return whether to go on."""
        with self._wake:
            self._resting = True
            self._wake.notify_all()
            if self._refused:
                self._wake.wait_for(lambda: self._closing or self._asked, self._rests.next_s())
            until_s = self._erasing.rest_s
            rest_s = REST_S if until_s is None else min(REST_S, until_s)
            self._wake.wait_for(lambda: self._work or self._closing or self._turns.wanted, rest_s)
            idle = not (self._work or self._closing or self._erasing.rest_s == 0)
        if idle or self._turns.wanted:
            self._postings.rest()
            self._turns.give(self)
        with self._wake:
            self._wake.wait_for(lambda: self._work or self._closing, self._erasing.rest_s)
            if self._work:
                self._wake.wait_for(lambda: self._closing or self._asked or self.pending >= LINGER_DOCUMENTS, LINGER_S)
            self._resting = False
            return not self._closing

    def _catch_up(self) -> None:
        while self._work and not self._closing:
            with self._wake:
                removed, self._removed = self._removed, []
                self._attempts += 1
            try:
                last_key = self._add(removed)
                reading = self._postings.reading(last_key)
                if removed:
                    self._erasing.note()
            except (IndexRoomError, MemoryError, *POSTINGS_ERRORS) as error:
                self._fail(error, removed)
                return
            self._succeed(reading)
            self._beside.forget(last_key)
            if self._erasing.rest_s == 0 or self._turns.wanted:  # writes without an end put off neither
                return

    def _succeed(self, reading: Reading) -> None:
        with self._wake:
            self._reading, self.failure, self._refused = reading, self._in_memory, False
            self._rests.reset()
            self._wake.notify_all()

    def _fail(self, error: Exception, removed: Sequence[int]) -> None:
        self._postings.stop()
        self._turns.give(self)
        self._erasing.give_up()
        with self._wake:
            self._removed = [*removed, *self._removed]
            self.failure, self._refused = f"the words cannot be kept up to date: {error}", True
            self._refused_attempt = self._attempts
            self._wake.notify_all()

    def _erase(self) -> None:
        """Write again what shares its segment with removed documents."""
        try:
            self._erasing.write(lambda: self._closing or self.pending >= LINGER_DOCUMENTS)
            self._succeed(self._postings.reading(self._reading.last_key))
            self._erasing.finish()
        except (IndexRoomError, MemoryError, *POSTINGS_ERRORS) as error:
            self._fail(error, ())

    def _add(self, removed: Sequence[int]) -> int:
        """Commit removals and the documents that follow; return the key up to which they are there."""
        last_key, documents, characters = self._reading.last_key, 0, 0
        self._postings.remove(removed)
        while documents < COMMIT_DOCUMENTS and characters < COMMIT_CHARACTERS and not self._closing:
            with self._readers.reading() as connection:
                page = page_of_texts(connection, last_key, PAGE_DOCUMENTS)
                highest = highest_key(connection)
            if self._refused:  # what was refused may have been committed all the same
                self._postings.remove([key for key, _ in page])
            for key, text in page:
                self._postings.add(key, text)
                characters += len(text)
            documents += len(page)
            last_key = page[-1][0] if page else last_key
            if len(page) < PAGE_DOCUMENTS:
                last_key = highest
                break
        self._disk.reach("before_words")
        self._postings.commit()
        self._disk.reach("after_words")
        return last_key
