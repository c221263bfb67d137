"""The index: collections by name in one data folder, which one process owns.

FOLDER/lock, FOLDER/collections/NAME/documents.sqlite and view-*.usearch beside it. A collection is dropped by renaming
its folder, which either has happened or not; what is left of one is removed at the next start.
"""

import re
import secrets
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from index.backup import back_up
from index.collection import Binding, Collection
from index.errors import ClosedError, CollectionNameError, IndexRoomError, StorageFullError, UnknownCollectionError
from index.lock import FolderLock
from index.snapshots import synchronize

DEFAULT = "default"
COLLECTIONS = "collections"
DROPPED = ".dropped-"
NAME = re.compile(r"[a-z0-9_-]{1,64}")
MAX_COLLECTIONS = 256


def nowhere(point: str) -> None:
    """Do nothing at a point at which a test may end the process."""


class Index:
    """Open from construction until close. `folder` None keeps everything in memory, and nothing when it ends."""

    def __init__(self, folder: Path | None, fingerprint: str, ndim: int, at: Callable[[str], None] = nowhere) -> None:
        self._binding = Binding(fingerprint, ndim)
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
        folder = None if self._folder is None else self._folder / COLLECTIONS / name
        if folder is not None:
            make(folder)
        collection = self._collections[name] = Collection(name, folder, self._binding, self._at)
        return collection

    def collection(self, name: str = DEFAULT) -> Collection:
        """Return the collection, or raise UnknownCollectionError."""
        with self._mutex:
            if self._closed:
                raise ClosedError("the index is closed")
            found = self._collections.get(check_name(name))
        if found is None:
            raise UnknownCollectionError(f"there is no collection {name!r}")
        return found

    def names(self) -> list[str]:
        """Return the names of all collections."""
        with self._mutex:
            return sorted(self._collections)

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
        """Remove a collection and its documents; the default one is empty again afterwards."""
        with self._mutex:
            found = self._collections.pop(check_name(name), None)
            if found is None:
                raise UnknownCollectionError(f"there is no collection {name!r}")
            found.close()
            if self._folder is not None:
                away = self._folder / COLLECTIONS / f"{DROPPED}{secrets.token_hex(8)}"
                (self._folder / COLLECTIONS / name).rename(away)
                synchronize(self._folder / COLLECTIONS)
                shutil.rmtree(away, ignore_errors=True)
            if name == DEFAULT:
                self._open(DEFAULT)

    def backup(self, target: Path) -> None:
        """Write a copy of every collection's database to a new folder, while everything goes on."""
        for name in self.names():
            back_up(self.collection(name).store.database, target / COLLECTIONS / name)

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
