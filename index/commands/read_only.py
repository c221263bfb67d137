"""Opens the database of a stopped folder so that not a byte of the folder changes, whatever SQLite does.

What a killed process left in the write-ahead log is read, and stays there. SQLite believes that it may write, since
FTS5 checks itself only in a transaction that writes; each write is refused at the file. The folder's lock must be held.
"""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import apsw

BASE = "unix"
CACHE_KIB = 64_000
SCRATCH = (
    apsw.SQLITE_OPEN_READWRITE
    | apsw.SQLITE_OPEN_CREATE
    | apsw.SQLITE_OPEN_EXCLUSIVE
    | apsw.SQLITE_OPEN_DELETEONCLOSE
    | apsw.SQLITE_OPEN_TEMP_DB
)


class ReadFile(apsw.VFSFile):
    """A file of the folder, open for reading; locks are granted, since no other process uses the folder."""

    def __init__(self, name: apsw.URIFilename | str, flags: list[int]) -> None:
        given, flags[1] = [apsw.SQLITE_OPEN_READONLY | kind(flags[0]), 0], flags[0]
        super().__init__(BASE, name, given)

    def xLock(self, _: int) -> None:  # noqa: N802 - SQLite's name
        return

    def xUnlock(self, _: int) -> None:  # noqa: N802 - SQLite's name
        return

    def xCheckReservedLock(self) -> bool:  # noqa: N802 - SQLite's name
        return False

    def xWrite(self, *_: object) -> None:  # noqa: N802 - SQLite's name
        raise apsw.ReadOnlyError("this file is only looked at")

    def xTruncate(self, *_: object) -> None:  # noqa: N802 - SQLite's name
        raise apsw.ReadOnlyError("this file is only looked at")


def kind(flags: int) -> int:
    """Return those of the flags that say what a file is for, which SQLite wants back."""
    return flags & (apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL)


class ReadingFiles(apsw.VFS):
    """Opens for reading what is there. What SQLite wants beside it, a log or room to sort, is a temporary file."""

    def __init__(self, name: str) -> None:
        super().__init__(name, BASE)

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if name is not None and path is not None and Path(path).exists():
            return ReadFile(name, flags)
        if flags[0] & apsw.SQLITE_OPEN_MAIN_DB:
            raise apsw.CantOpenError(f"{path} is not there")
        flags[1] = flags[0]
        return apsw.VFSFile(BASE, None, [SCRATCH, 0])

    def xDelete(self, *_: object) -> None:  # noqa: N802 - SQLite's name
        raise apsw.ReadOnlyError("this file is only looked at")


@contextlib.contextmanager
def read_only(path: Path) -> Iterator[apsw.Connection]:
    """Lend a connection to a database that no other process has open. Raises apsw.Error where it cannot be opened."""
    name = f"vecd-read-only-{secrets.token_hex(8)}"
    files = ReadingFiles(name)
    try:
        connection = apsw.Connection(str(path.resolve()), flags=apsw.SQLITE_OPEN_READWRITE, vfs=name)
        try:
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            # With the lock to itself SQLite keeps the log's index in memory, instead of in a file beside the database.
            for pragma in ("locking_mode=EXCLUSIVE", f"cache_size=-{CACHE_KIB}", "mmap_size=0", "cell_size_check=ON"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            yield connection
        finally:
            connection.close(force=True)
    finally:
        files.unregister()
