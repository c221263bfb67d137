"""The index: collections by name in one data folder, which one process owns.

FOLDER/lock, FOLDER/collections/NAME/documents.sqlite and view-*.usearch beside it. A collection is dropped by renaming
its folder, which either has happened or not; what is left of one is removed at the next start.
"""

import contextlib
import re
import secrets
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from index.backup import back_up
from index.collection import Collection
from index.errors import ClosedError, CollectionNameError, IndexRoomError, StorageFullError, UnknownCollectionError
from index.lock import FolderLock
from index.reindex import Target
from index.snapshots import synchronize
from index.stats import CollectionStats

DEFAULT = "default"
COLLECTIONS = "collections"
DROPPED = ".dropped-"
NAME = re.compile(r"[a-z0-9_-]{1,64}")
MAX_COLLECTIONS = 256


def nowhere(point: str) -> None:
    """Do nothing at a point at which a test may end the process."""


class Index:
    """Open from construction until close. `folder` None keeps everything in memory, and nothing when it ends.

    Vectors are those of the model with this fingerprint; `variant` says which form of it computes them, which is kept
    with each and decides nothing.
    """

    def __init__(
        self,
        folder: Path | None,
        fingerprint: str,
        ndim: int,
        variant: str = "",
        at: Callable[[str], None] = nowhere,
    ) -> None:
        self._binding = Target(fingerprint, ndim, variant)
        self._at = at
        self._folder = folder
        self._collections: dict[str, Collection] = {}
        self._mutex = threading.Lock()
        self._closed = False
        self._lock: FolderLock | None = None
        names = {DEFAULT}
        try:
            if folder is not None:
                make(folder)
                self._lock = FolderLock(folder)
                make(folder / COLLECTIONS)
                names |= stored_names(folder)
            for name in sorted(names):
                self._open(name)
        except BaseException:  # whatever it was, nobody will close what is open already
            self.close()
            raise

    def _open(self, name: str) -> Collection:
        folder = self._folder_of(name)
        if folder is None or folder.exists():
            found = Collection(name, folder, self._binding, self._at)
        else:
            found = self._make(name, folder)
        self._collections[name] = found
        return found

    def _folder_of(self, name: str) -> Path | None:
        return None if self._folder is None else self._folder / COLLECTIONS / name

    def _make(self, name: str, folder: Path) -> Collection:
        """Return a new collection once its name is on the disk; where that fails, nothing is left of it."""
        make(folder)
        try:
            collection = Collection(name, folder, self._binding, self._at)
            try:
                for path in (folder, *folder.parents[:2]):
                    synchronize(path)
            except OSError as error:
                collection.close()
                raise StorageFullError(f"the folder {folder} cannot be made: {error.strerror}") from error
        except BaseException:  # whatever it was, an empty folder would be a collection at the next start
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return collection

    def collection(self, name: str = DEFAULT) -> Collection:
        """Return the collection, or raise UnknownCollectionError. Never waits, not even for one that is being made."""
        if self._closed:
            raise ClosedError("the index is closed")
        found = self._collections.get(check_name(name))
        if found is None:
            raise UnknownCollectionError(f"there is no collection {name!r}")
        return found

    def names(self) -> list[str]:
        """Return the names of all collections. Never waits."""
        return sorted(list(self._collections))  # noqa: C414 - the copy is one step, in which nobody adds another

    def stats(self) -> list[CollectionStats]:
        """Return what each collection is, by name. Never waits."""
        return sorted((one.stats() for one in list(self._collections.values())), key=lambda stats: stats.name)

    @property
    def well(self) -> bool:
        """Say whether no thread that writes or builds a view has died of a fault. Never waits."""
        return all(collection.well for collection in list(self._collections.values()))

    def create(self, name: str) -> Collection:
        """Return the collection, made if it is not there."""
        check_name(name)
        with self._mutex:
            if self._closed:
                raise ClosedError("the index is closed")
            if name in self._collections:
                return self._collections[name]
            if len(self._collections) >= MAX_COLLECTIONS:
                raise CollectionNameError(f"there are {MAX_COLLECTIONS} collections already, which is the most")
            return self._open(name)

    def drop(self, name: str) -> None:
        """Remove a collection and its documents; the default one is empty again afterwards.

        Raises:
            StorageFullError: the disk does not take it; everything is as it was.
        """
        with self._mutex:
            found = self.collection(name)
            found.rest()  # it would write its snapshots to a folder that is another collection's by then
            away = self._put_away(found)
            found.discard()
            if away is not None:
                shutil.rmtree(away, ignore_errors=True)

    def _put_away(self, found: Collection) -> Path | None:
        """Take a collection out of the index and out of its folder, or leave both; return where its files are."""
        home, away = self._folder_of(found.name), None
        try:
            if home is not None:
                away = home.with_name(f"{DROPPED}{secrets.token_hex(8)}")
                found.store.readers.move(away)
                synchronize(home.parent)
            if found.name == DEFAULT:
                self._open(DEFAULT)
            else:
                del self._collections[found.name]
        except (OSError, IndexRoomError) as error:
            if home is not None and away is not None and away.exists():
                found.store.readers.move(home)
            found.resume()
            reason = error.strerror if isinstance(error, OSError) else error
            raise StorageFullError(f"the collection {found.name!r} cannot be dropped: {reason}") from error
        return away

    def backup(self, target: Path) -> None:
        """Write a copy of every collection's database to a new folder, while everything goes on.

        A collection that is dropped meanwhile may be left out.
        """
        if self._closed:
            raise ClosedError("the index is closed")
        for name, found in list(self._collections.items()):
            folder = target / COLLECTIONS / name
            try:
                back_up(found.store.database, folder)
            except IndexRoomError:
                if self._collections.get(name) is found:
                    raise
                with contextlib.suppress(OSError):
                    folder.rmdir()

    def close(self) -> None:
        """Stop all collections in order, then let the folder go."""
        with self._mutex:
            self._closed = True
            for collection in self._collections.values():
                collection.close()
            if self._lock is not None:
                self._lock.close()


def check_name(name: str) -> str:
    """Return the name if a collection may have it."""
    if not NAME.fullmatch(name):
        raise CollectionNameError(f"a collection's name is 1 to 64 of a-z, 0-9, - and _; {name[:80]!r} is not")
    return name


def make(folder: Path) -> None:
    """Have a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFullError(f"the folder {folder} cannot be made: {error.strerror}") from error


def stored_names(folder: Path) -> set[str]:
    """Return the names of the collections in a folder, and remove what is left of dropped ones."""
    names = set()
    for path in (folder / COLLECTIONS).iterdir():
        if path.name.startswith(DROPPED):
            shutil.rmtree(path, ignore_errors=True)
        elif NAME.fullmatch(path.name):
            names.add(path.name)
        else:
            raise IndexRoomError(f"{path} is no collection of vecd; move it out of the data folder")
    return names
