"""The index: collections by name in one data folder, which one process owns. `store/layout.py` says what lies where."""

import contextlib
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

from index.collection import Collection
from index.descriptors import check_room
from index.documents.vector import Model
from index.errors import ClosedError, CollectionNameError, IndexRoomError, StorageFullError, UnknownCollectionError
from index.mending import Mender, replaced, retired
from index.stats import CollectionStats
from index.store.backup import back_up
from index.store.clock import Clock
from index.store.departure import Departure, remove, stored_names
from index.store.disk import Disk, cannot_be_made, opening_errors
from index.store.layout import (
    COLLECTIONS,
    DEFAULT_COLLECTION,
    MAX_COLLECTIONS,
    check_collection_name,
)
from index.store.lock import FolderLock
from index.store.shared import Shared


class Index:
    """Open from construction until close. `folder` None keeps everything in memory, and nothing when it ends.

    Vectors are those of the model with this fingerprint; `variant` says which form of it computes them, which is kept
    with each vector and decides nothing. The default collection is always there.
    """

    def __init__(
        self,
        folder: Path | None,
        fingerprint: str,
        ndim: int,
        variant: str = "",
        disk: Disk | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._model = Model(fingerprint, ndim, variant)
        self._disk = disk or Disk()
        self._clock = clock or Clock()
        self._folder = folder
        self._collections: dict[str, Collection] = {}
        self._mutex = threading.Lock()
        self._closed = self._stranded = False
        self._lock: FolderLock | None = None
        self.mender = Mender(self)
        self._shared = Shared(self.mender.report)
        names = {DEFAULT_COLLECTION}
        try:
            if folder is not None:
                self._disk.make_durable_folder(folder)
                self._lock = FolderLock(folder)
                self._disk.make_durable_folder(folder / COLLECTIONS)
                with opening_errors(folder):
                    names |= stored_names(folder, self._disk)
            for name in sorted(names):
                self._open(name)
            if self._lock is not None:
                self._lock.opened()
        except BaseException:  # whatever it was, nothing else closes what is open already
            self.close()
            raise

    def _open(self, name: str) -> Collection:
        try:
            self._collections[name] = found = self._opened(name)
        except OSError as error:
            raise StorageFullError(f"the collection {name!r} cannot be opened: {error.strerror}") from error
        return found

    def _opened(self, name: str) -> Collection:
        """Return a collection that nobody finds yet. Raises OSError too."""
        folder = self._folder_of(name)
        if folder is None or folder.exists():
            return Collection(name, folder, self._model, self._disk, self._clock, self._shared)
        return self._make(name, folder)

    def _folder_of(self, name: str) -> Path | None:
        return None if self._folder is None else self._folder / COLLECTIONS / name

    def _make(self, name: str, folder: Path) -> Collection:
        """Return a new collection once its name is on the disk; where that fails, nothing is left of it."""
        self._disk.make_folder(folder)
        try:
            collection = Collection(name, folder, self._model, self._disk, self._clock, self._shared)
            try:
                for path in (folder, *folder.parents[:2]):
                    self._disk.synchronize(path)
            except OSError as error:
                collection.discard()
                raise cannot_be_made(folder, error) from error
        except BaseException:  # whatever it was, an empty folder would be a collection at the next start
            remove(folder, self._disk)
            raise
        return collection

    def collection(self, name: str = DEFAULT_COLLECTION) -> Collection:
        """Return the collection, or raise UnknownCollectionError. Never waits, not even for one that is being made."""
        if self._closed:
            raise ClosedError("the index is closed")
        found = self._collections.get(check_collection_name(name))
        if found is None:
            raise UnknownCollectionError(f"there is no collection {name!r}")
        return found

    def names(self) -> list[str]:
        """Return the names of all collections in order. Never waits."""
        return sorted(list(self._collections))  # noqa: C414 - the copy is one step, during which none is added

    def stats(self) -> list[CollectionStats]:
        """Return the state of each collection, by name. Never waits."""
        return sorted((one.stats() for one in list(self._collections.values())), key=lambda stats: stats.name)

    def collections(self) -> Mapping[str, Collection]:
        """Return the collections by name. Never waits."""
        return dict(self._collections)

    def renew(self, found: Collection) -> None:
        """Open a collection anew from its database, in the place of the object that has lost a thread."""
        with self._mutex:
            if self._closed or self._stranded or self._collections.get(found.name) is not found:
                return
            if self._folder is None:
                raise ClosedError("what is kept in memory alone cannot be opened anew")
            retired(found)
            self._collections[found.name] = self._opened(found.name)
            replaced(found)

    def count_others(self) -> dict[str, dict[str, int]]:
        """Return how many vectors each variant but the present one computed, by collection, where there are any.

        Collections of another model are left out. Reads all vectors of those where another variant has ever written.
        """
        own = [(name, one) for name, one in sorted(self._collections.items()) if not one.foreign]
        return {name: found for name, one in own if (found := one.store.reads.count_others())}

    @property
    def well(self) -> bool:
        """Whether no thread has ended by a fault of our own, and no collection is away from its place. Never waits."""
        return not self._stranded and all(collection.well for collection in list(self._collections.values()))

    def create(self, name: str) -> Collection:
        """Return the collection, made if it is not there."""
        check_collection_name(name)
        with self._mutex:
            if self._closed:
                raise ClosedError("the index is closed")
            if name in self._collections:
                return self._collections[name]
            if len(self._collections) >= MAX_COLLECTIONS:
                raise CollectionNameError(f"there are {MAX_COLLECTIONS} collections already, which is the most")
            if self._folder is not None:
                check_room(len(self._collections) + 1)
            return self._open(name)

    def drop(self, name: str) -> None:
        """Remove a collection and its documents; the default one is there again afterwards, and empty.

        Raises:
            StorageFullError: the disk does not take it; everything is as it was, or the message says what is unknown.
        """
        with self._mutex:
            found = self.collection(name)
            found.pause()  # or it would write its snapshots to a folder that is another collection's by then
            home = self._folder_of(name)
            departure = None if home is None else Departure(home, found.store.readers, self._disk)
            fresh = self._replaced(found, departure)
            if fresh is None:
                del self._collections[name]
            else:
                self._collections[name] = fresh
            found.discard()
            if departure is not None:
                shutil.rmtree(departure.away, ignore_errors=True)

    def _replaced(self, found: Collection, departure: Departure | None) -> Collection | None:
        """Put a collection away and open what takes its place, if anything does; or leave everything as it was."""
        fresh = None
        try:
            if departure is not None:
                departure.begin()
            if found.name == DEFAULT_COLLECTION:
                fresh = self._opened(DEFAULT_COLLECTION)
            if departure is not None:
                departure.complete()
        except BaseException as error:  # whatever it was, the collection is back in its place or takes no more writes
            if fresh is not None:
                fresh.discard()
            undone = self._bring_back(found, departure)
            if not isinstance(error, OSError | IndexRoomError):
                raise
            reason = error.strerror if isinstance(error, OSError) else error
            what = "cannot be dropped" if undone else "takes no more writes; whether it is dropped is unknown"
            raise StorageFullError(f"the collection {found.name!r} {what}: {reason}") from error
        return fresh

    def _bring_back(self, found: Collection, departure: Departure | None) -> bool:
        """Undo what was done of a drop. Where that fails, and False is returned, nothing more is written.

        The next start brings the collection back, unless all was done but to flush the name that says it is dropped.
        """
        try:
            if departure is not None:
                departure.undo()
        except OSError:
            self._stranded = True
            found.discard()
            return False
        found.resume()
        return True

    def backup(self, target: Path) -> None:
        """Write a copy of every collection's database to a new folder, while reading and writing continue.

        A collection that is dropped meanwhile may be left out.
        """
        if self._closed:
            raise ClosedError("the index is closed")
        for name in self.names():
            folder = target / COLLECTIONS / name
            while (found := self._collections.get(name)) is not None:
                try:
                    back_up(found.store.database, folder, self._disk)
                    break
                except IndexRoomError:
                    if self._collections.get(name) is found:
                        raise
                    with contextlib.suppress(OSError):
                        folder.rmdir()

    def close(self) -> None:
        """Stop all collections in order, then let the folder go."""
        self._closed = True
        self.mender.close()
        with self._mutex:
            for collection in self._collections.values():
                collection.close()
            if self._lock is not None:
                self._lock.close()
