"""One process owns a data folder, as long as it lives: an advisory lock that the kernel drops however it dies.

The file says which process has it, and in which start of the machine the folder was opened last: what is mapped into
memory, as the index of a log is, is what a killed process left only until the machine is started anew.
"""

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType

from index.errors import FolderInUseError, StorageFullError
from index.store.disk import FILE_MODE
from index.store.layout import LOCK_FILE

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
OWNER_BYTES = 10  # of a fixed length, so that the file is never cut: a power cut leaves all of it or what was there


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
            owner = os.read(self._descriptor, 32).decode("ascii", "replace").partition("\n")[0].strip() or "unknown"
            os.close(self._descriptor)
            raise FolderInUseError(
                f"the data folder {folder} is in use by process {owner}; stop that one, or choose another folder"
            ) from error
        self._boot = boot_in(folder / LOCK_FILE)
        self._write(self._boot or present_boot(), flush=not self._boot)

    def opened(self) -> None:
        """Note that all is as this start of the machine has it."""
        if self._boot != (boot := present_boot()):
            self._write(boot, flush=True)

    def _write(self, boot: str, *, flush: bool) -> None:
        # On a full disk the lock holds all the same, and only what it tells others is missing.
        with contextlib.suppress(OSError):
            os.pwrite(self._descriptor, f"{os.getpid():<{OWNER_BYTES}}\n{boot}\n".encode(), 0)
            if flush:
                os.fsync(self._descriptor)

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


def present_boot() -> str:
    """Return what the present start of the machine is called, or nothing where it has no name."""
    with contextlib.suppress(OSError):
        return BOOT_ID.read_text("ascii").strip()
    return ""


def boot_in(lock: Path) -> str:
    """Return which start of the machine a lock's file names, or nothing where it names none."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return lock.read_text("ascii").partition("\n")[2].strip()
    return ""


def outlived_a_boot(folder: Path) -> bool:
    """Say whether the machine was started anew since a data folder was opened last, as far as that is known."""
    return boot_in(folder / LOCK_FILE) not in {"", present_boot()}
