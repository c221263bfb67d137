"""Opens the database of a stopped folder so that not a byte of the folder changes, whatever SQLite does.

What a killed process left in the write-ahead log is read, and stays there. SQLite believes that it may write, since it
reads such a log in no other way; each write is refused at the file. What SQLite wants besides is kept in memory, so
that no other folder is needed, and SQLite never sees the file's name, which may be of any bytes. The folder's lock must
be held.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import apsw

BASE = "unix"
CACHE_KIB = 64_000


class ScratchFile:
    """A file in memory. Locks are granted, since no other process uses the folder. The methods have SQLite's names."""

    def __init__(self) -> None:
        self._content = bytearray()

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        return bytes(self._content[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._content.extend(bytes(max(0, offset - len(self._content))))
        self._content[offset : offset + len(data)] = data

    def xTruncate(self, size: int) -> None:  # noqa: N802
        del self._content[size:]

    def xFileSize(self) -> int:  # noqa: N802
        return len(self._content)

    def xClose(self) -> None:  # noqa: N802
        self._content.clear()

    def xSync(self, _: int) -> None:  # noqa: N802
        return

    def xLock(self, _: int) -> None:  # noqa: N802
        return

    def xUnlock(self, _: int) -> None:  # noqa: N802
        return

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xFileControl(self, _: int, __: int) -> bool:  # noqa: N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return 4096

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return 0


class ReadFile(ScratchFile):
    """A file of the folder, open for reading."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        return os.pread(self._descriptor, amount, offset)

    def xFileSize(self) -> int:  # noqa: N802
        return os.fstat(self._descriptor).st_size

    def xClose(self) -> None:  # noqa: N802
        os.close(self._descriptor)

    def xWrite(self, _: bytes, __: int) -> None:  # noqa: N802
        raise apsw.ReadOnlyError("this file is only looked at")

    def xTruncate(self, _: int) -> None:  # noqa: N802
        raise apsw.ReadOnlyError("this file is only looked at")


class ReadingFiles(apsw.VFS):
    """Opens a database, and what lies beside it, for reading. To SQLite the database has the name of this object."""

    def __init__(self, database: Path) -> None:
        self.name = f"vecd-read-only-{secrets.token_hex(8)}"
        self._database = database
        super().__init__(self.name, BASE)

    def _path_of(self, name: str) -> Path:
        """Return the file that SQLite means: the database, or one whose name is that and an ending."""
        return self._database.with_name(f"{self._database.name}{name.removeprefix(self.name)}")

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        return name

    def xAccess(self, name: str, _: int) -> bool:  # noqa: N802
        return self._path_of(name).exists()

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> ScratchFile:  # type: ignore[override]  # noqa: N802
        known = name.filename() if isinstance(name, apsw.URIFilename) else name
        flags[1] = flags[0]
        if known is not None and (path := self._path_of(known)).exists():
            return ReadFile(path)
        if flags[0] & apsw.SQLITE_OPEN_MAIN_DB:
            raise apsw.CantOpenError(f"{self._database} is not there")
        return ScratchFile()

    def xDelete(self, *_: object) -> None:  # noqa: N802
        raise apsw.ReadOnlyError("this file is only looked at")


@contextlib.contextmanager
def read_only(path: Path) -> Iterator[apsw.Connection]:
    """Lend a connection to a database that no other process has open. Raises apsw.Error and OSError."""
    files = ReadingFiles(path.resolve())
    try:
        connection = apsw.Connection(files.name, flags=apsw.SQLITE_OPEN_READWRITE, vfs=files.name)
        try:
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            # With the lock to itself SQLite keeps the log's index in memory, instead of in a file beside the database.
            pragmas = ("locking_mode=EXCLUSIVE", "temp_store=MEMORY", f"cache_size=-{CACHE_KIB}", "mmap_size=0")
            for pragma in (*pragmas, "cell_size_check=ON"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            yield connection
        finally:
            connection.close(force=True)
    finally:
        files.unregister()
