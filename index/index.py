"""The index: collections by name in one data folder, which one process owns. `store/layout.py` says what lies where."""

import contextlib
import threading
from functools import partial
from pathlib import Path

from index.collection import Collection
from index.descriptors import check_room
from index.documents.vector import Model
from index.dropping import Drop
from index.errors import ClosedError, CollectionNameError, IndexRoomError, StorageFullError, UnknownCollectionError
from index.mending import Mender, replaced, retired
from index.stats import CollectionStats
from index.store.backup import back_up
from index.store.clock import Clock
from index.store.departure import remove, stored_names
from index.store.disk import Disk, cannot_be_made, opening_errors
from index.store.layout import (
    COLLECTIONS,
    DEFAULT_COLLECTION,
    MAX_COLLECTIONS,
    check_collection_name,
)
from index.store.lock import FolderLock
from index.store.shared import RECALL, Shared, usable_cores


class Index:
    """Open from construction until close. `folder` None keeps everything in memory, and nothing when it ends.

    Vectors are those of the model with this fingerprint; `variant` says which form of it computes them, which is kept
    with each vector and decides nothing. The default collection is always there.
    `recall` is the share of the ten nearest documents that searches by vector must find, between 0 and 1.
    """

    def __init__(  # noqa: PLR0913 - of these a caller gives few: the disk and the clock are for tests
        self,
        folder: Path | None,
        fingerprint: str,
        ndim: int,
        variant: str = "",
        disk: Disk | None = None,
        clock: Clock | None = None,
        *,
        recall: float = RECALL,
    ) -> None:
        self._model = Model(fingerprint, ndim, variant)
        self._disk = disk or Disk()
        self._clock = clock or Clock()
        self._folder = folder
        self._collections: dict[str, Collection] = {}
        self._mutex = threading.Lock()
        self._between: dict[str, Drop] = {}  # the drops that the disk let neither succeed nor be undone
        self._closed = False
        self._lock: FolderLock | None = None
        self.mender = Mender(self)
        self._shared = Shared(self.mender.report, recall)
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

    def use_cores(self, count: int) -> None:
        """Have graphs built by so many cores at most, of those that this process may run on."""
        self._shared.cores = max(1, min(count, usable_cores()))

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

    def ailing(self) -> list[Collection]:
        """Return the collections that have lost a thread, or are between being there and being dropped. Never waits."""
        return [one for name, one in list(self._collections.items()) if name in self._between or not one.well]

    def renew(self, found: Collection) -> None:
        """Open an ailing collection anew from its database, in the place of the object that it was. Raises OSError."""
        with self._mutex:
            if self._closed or self._collections.get(found.name) is not found:
                return
            if self._folder is None:
                raise ClosedError("what is kept in memory alone cannot be opened anew")
            if (drop := self._between.get(found.name)) is not None:
                drop.undo()
            retired(found)
            self._collections[found.name] = self._opened(found.name)
            self._between.pop(found.name, None)
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
        return not self.ailing()

    def create(self, name: str) -> Collection:
        """Return the collection, made if it is not there."""
        check_collection_name(name)
        with self._mutex:
            if self._closed:
                raise ClosedError("the index is closed")
            if name in self._collections:
                self._check_whole(name)
                return self._collections[name]
            if len(self._collections) >= MAX_COLLECTIONS:
                raise CollectionNameError(f"there are {MAX_COLLECTIONS} collections already, which is the most")
            if self._folder is not None:
                check_room(len(self._collections) + 1)
            return self._open(name)

    def _check_whole(self, name: str) -> None:
        if name in self._between:
            raise StorageFullError(f"the collection {name!r} is not back yet from a drop that failed; try again")

    def drop(self, name: str) -> None:
        """Remove a collection and its documents; the default one is there again afterwards, and empty.

        Raises:
            StorageFullError: the disk does not take it; everything is as it was, or the message says what is unknown.
        """
        with self._mutex:
            found = self.collection(name)
            self._check_whole(name)
            drop = Drop(found, self._folder_of(name), self._disk)
            try:
                fresh = drop.run(partial(self._opened, name) if name == DEFAULT_COLLECTION else None)
            except BaseException:  # whatever it was, somebody has to finish it
                if drop.between:
                    self._between[name] = drop
                    self.mender.report()
                raise
            if fresh is None:
                del self._collections[name]
            else:
                self._collections[name] = fresh
            drop.clear()

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
            for drop in self._between.values():  # the disk may have come round since it was tried last
                with contextlib.suppress(OSError):
                    drop.undo()
            for collection in self._collections.values():
                collection.close()
            if self._lock is not None:
                self._lock.close()
