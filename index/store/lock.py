"""One process owns a data folder, as long as it lives: an advisory lock that the kernel drops however it dies."""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from index.errors import FolderInUseError, StorageFullError
from index.store.disk import FILE_MODE
from index.store.layout import LOCK_FILE


class FolderLock:
    """Holds the folder from construction until close; raises FolderInUseError if another process has it."""

    def __init__(self, folder: Path) -> None:
        try:
            self._descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        except OSError as error:
            raise StorageFullError(f"the data folder {folder} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(self._descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise FolderInUseError(
                f"the data folder {folder} is in use by process {owner}; stop that one, or choose another folder"
            ) from error
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            pass  # a full disk: the lock holds all the same, and only the message to the next process lacks its number

    def __enter__(self) -> "FolderLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the folder go. The file stays: removing it would let two processes lock two files of one name."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
