"""A collection's folder on its way out: under a name that says so until the drop is sure, then as a dropped one.

The first step is undone by the next start, the second one is the drop.
"""

import secrets
import shutil
from pathlib import Path

from index.errors import IndexRoomError
from index.store.connections import Readers
from index.store.disk import Disk
from index.store.layout import COLLECTIONS, DROPPED, LEAVING, contents_of


class Departure:
    """Of the folder of a database that is open; every step raises OSError.

    Where neither the flush of the last step nor its undoing can be done, the drop is done unless a power cut undoes it.
    """

    def __init__(self, home: Path, readers: Readers, disk: Disk) -> None:
        self._home = home
        self._readers = readers
        self._disk = disk
        self._leaving = home.with_name(f"{LEAVING}{home.name}.{secrets.token_hex(8)}")
        self._dropped = False
        self.away = home.with_name(f"{DROPPED}{secrets.token_hex(8)}")

    def begin(self) -> None:
        """Make room for another collection of the name."""
        self._move(self._leaving)

    def complete(self) -> None:
        """Drop the collection."""
        self._move(self.away)

    def undo(self) -> None:
        """Bring the folder back; what is in its place by now goes. What failed may be tried again."""
        self._dropped = self._dropped or self.away.exists()
        replaced = None
        if self.away.exists() or self._leaving.exists():
            replaced = put_aside(self._home, self._disk)
            self._readers.move(self._home)
        if self._dropped:  # of the other name the next start knows what it means
            self._disk.synchronize(self._home.parent)
        if replaced is not None:
            shutil.rmtree(replaced, ignore_errors=True)

    def _move(self, folder: Path) -> None:
        self._readers.move(folder)
        self._disk.synchronize(folder.parent)


def put_aside(folder: Path, disk: Disk) -> Path | None:
    """Mark a folder as dropped, if it is there; return where it is then."""
    if not folder.exists():
        return None
    aside = folder.with_name(f"{DROPPED}{secrets.token_hex(8)}")
    disk.rename(folder, aside)
    return aside


def settle(folder: Path, disk: Disk) -> None:
    """Undo the drops in a data folder that were not completed, and remove what is left of the others.

    All names are on the disk before: of a drop that a power cut undoes everything must be there, and what is written
    to a collection that a killed process made must be found. Raises OSError.
    """
    for name, path in contents_of(folder).collections.items():
        if path.name != name:
            put_aside(path.with_name(name), disk)
            disk.rename(path, path.with_name(name))
    disk.synchronize(folder / COLLECTIONS)
    for path in contents_of(folder).dropped:
        shutil.rmtree(path, ignore_errors=True)


def remove(folder: Path, disk: Disk) -> None:
    """Remove a folder, or mark it as dropped at least, for the next start to remove: to rename takes no descriptor."""
    try:
        aside = put_aside(folder, disk)
    except OSError:
        aside = folder
    if aside is not None:
        shutil.rmtree(aside, ignore_errors=True)


def stored_names(folder: Path, disk: Disk) -> set[str]:
    """Return the names of the collections in a folder, once drops are undone or done. Raises OSError."""
    contents = contents_of(folder)
    if contents.strangers:
        raise IndexRoomError(f"{contents.strangers[0]} is no collection of vecd; move it out of the data folder")
    settle(folder, disk)
    return set(contents.collections)
