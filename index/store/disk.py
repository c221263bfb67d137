"""What the index does to files and folders beside SQLite's own work: so that a power cut takes nothing along."""

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from index.errors import StorageFullError

BUSY_MS = 10_000
ERASED_S = 30.0
PIECE_BYTES = 1 << 20
OTHERS_FOLDER = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL)
FOLDER_MODE, FILE_MODE = 0o700, 0o600  # of what is made here


class Disk:
    """Handed to all that write. A test hands in one that refuses, takes notes, or ends the process at a point.

    `busy_ms` is how long a database that another process has locked is waited for, `erased_s` how long what is deleted
    may lie in files before work begins that removes it.
    """

    busy_ms = BUSY_MS
    erased_s = ERASED_S

    def reach(self, point: str) -> None:
        """Do nothing, at a named point between two steps."""

    def rename(self, path: Path, target: Path) -> None:
        """Raises OSError."""
        path.rename(target)

    def synchronize(self, path: Path) -> None:
        """Flush a file, or the names in a folder, to the disk. Raises OSError."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def discard(self, path: Path) -> None:
        """Remove a file if that can be done."""
        with contextlib.suppress(OSError):
            path.unlink()

    def make_folder(self, folder: Path) -> None:
        """Make a folder, and those above it, where they are not there, closed to others. Raises StorageFullError."""
        try:
            for path in (*reversed(folder.parents), folder):
                if not path.exists():
                    path.mkdir(FOLDER_MODE, exist_ok=True)
            folder.mkdir(exist_ok=True)  # which says what is wrong where a file is there
        except OSError as error:
            raise cannot_be_made(folder, error) from error

    def make_durable_folder(self, folder: Path) -> None:
        """Do the same, and flush their names to the disk, whoever made them. Raises StorageFullError.

        A name that is there may be of a process that was killed before it was flushed.
        """
        try:
            folder = folder.absolute()
            missing = [path for path in (folder, *folder.parents) if not path.exists()]
            self.make_folder(folder)
            for path in names_up_to_the_mount(folder):
                try:
                    self.synchronize(path.parent)
                except OSError as error:  # where we may not do that, we have not made it either
                    if path in missing or error.errno not in OTHERS_FOLDER:
                        raise
        except OSError as error:
            raise cannot_be_made(folder, error) from error


def names_up_to_the_mount(folder: Path) -> Iterator[Path]:
    """Yield a folder and those above it whose names are in the same file system. Raises OSError."""
    for path in (folder, *folder.parents):
        if path.is_mount():
            return
        yield path


def make_closed(path: Path) -> None:
    """Make an empty file that nobody else may read, where there is none. Raises OSError.

    A file that is there is not opened: to close it would let go of the locks that SQLite holds on it in this process.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))


def cannot_be_made(folder: Path, error: OSError) -> StorageFullError:
    return StorageFullError(f"the folder {folder} cannot be made: {error.strerror}")


def digest_of(path: Path) -> str:
    """Return a file's sha256 in hexadecimal. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


@contextlib.contextmanager
def opening_errors(folder: Path | None) -> Iterator[None]:
    """Turn the disk's errors into StorageFullError: whoever opens an index is told of them so."""
    try:
        yield
    except OSError as error:
        raise StorageFullError(f"{error.filename or folder} cannot be opened: {error.strerror}") from error
