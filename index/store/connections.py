"""Connections to a collection's database: one that writes, some that read, and what SQLite's errors mean.

A reader sees the state of one commit for as long as its transaction lasts. In memory the same code runs on SQLite's
own file system in memory, where readers and the writer wait for each other instead.
"""

import contextlib
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw

from index.errors import ClosedError, DamagedError, IndexRoomError, StoppedError, StorageFullError, UnreadableError
from index.store.disk import Disk
from index.store.interruption import checkpoint, interruptible

READER_CACHE_KIB, WRITER_CACHE_KIB = 2_000, 16_000
MAX_READERS = 32  # most of which wait for their turn on a few processors
KEPT_READERS = 3  # that are free: each takes two descriptors

LOG_BYTES = 64 << 20  # to which a log is cut down after a long reader let it grow

UNWRITABLE = (apsw.FullError, apsw.ReadOnlyError, apsw.CantOpenError, apsw.IOError, apsw.PermissionsError)
BUSY = (apsw.BusyError, apsw.LockedError, apsw.ProtocolError, apsw.NoMemError)
DAMAGED = (apsw.CorruptError, apsw.NotADBError, apsw.SQLError, UnicodeDecodeError)

SURROUNDINGS = (
    *(apsw.FullError, apsw.CantOpenError, apsw.IOError, apsw.PermissionsError),
    *(apsw.BusyError, apsw.LockedError, apsw.ProtocolError, apsw.NoMemError),
)
# Of the errors of reading, those that tell of the content.
LOST = (apsw.SQLITE_IOERR_SHORT_READ, apsw.SQLITE_IOERR_DATA, apsw.SQLITE_IOERR_CORRUPTFS)

_memory_names = itertools.count()


class Database:
    """Where a collection's database is, and how to open it. `path` None keeps it in memory."""

    def __init__(self, path: Path | None, disk: Disk | None = None) -> None:
        self.path = path
        self._disk = disk or Disk()
        self._uri = f"file:/vecd-{next(_memory_names)}?vfs=memdb" if path is None else uri_of(path)

    def move(self, folder: Path) -> None:
        """Rename the folder that the database lies in. Raises OSError."""
        assert self.path is not None
        self._disk.rename(self.path.parent, folder)
        self.path = folder / self.path.name
        self._uri = uri_of(self.path)

    def connect(self, cache_kib: int) -> apsw.Connection:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        with storage_errors(self.path):
            connection = apsw.Connection(self._uri, flags=flags)
            connection.set_busy_timeout(self._disk.busy_ms)
            # A truncated mapped file would end the process with SIGBUS.
            for pragma in (f"cache_size=-{cache_kib}", "mmap_size=0", "cell_size_check=ON", "trusted_schema=OFF"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
        return connection

    def connect_writer(self) -> apsw.Connection:
        """Open the one connection that writes: a commit returns when it is on the disk."""
        connection = self.connect(WRITER_CACHE_KIB)
        with storage_errors(self.path):
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchall()[0][0]
            if self.path is not None and mode != "wal":
                connection.close()
                raise StorageFullError(f"{self.path} cannot be written: its file system takes no write-ahead log")
            for pragma in ("synchronous=FULL", "temp_store=MEMORY", f"journal_size_limit={LOG_BYTES}"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
        return connection


def empty_log(connection: apsw.Connection, busy_ms: int) -> None:
    """Move what the log holds into the database, and have the log begin anew, if no reader or the disk hinders that.

    What a kill in the middle of a batch, or a commit that failed, leaves behind the last commit carries the salts of
    the present round: behind a commit that is cut short it would look like commits that are lost.
    """
    connection.set_busy_timeout(0)
    with contextlib.suppress(apsw.Error):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.set_busy_timeout(busy_ms)


def uri_of(path: Path) -> str:
    """Return the only form in which SQLite gets a path: its bytes may be no UTF-8, and some of them mean something."""
    return path.absolute().as_uri()


class Readers:
    """A pool of connections that read, at most MAX_READERS at a time; the next one waits. From any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._free: list[apsw.Connection] = []
        self._turn = threading.Semaphore(MAX_READERS)
        self._lock = threading.Lock()
        self._closed = False

    @contextlib.contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """Lend a connection within a transaction: everything read in it is of one commit.

        What is read on it raises StoppedError where the watch of this thread says so.
        """
        checkpoint()
        with self._turn, reading_errors(self._database.path):
            connection = self._take()
            try:
                with interruptible(connection):
                    connection.execute("BEGIN; SELECT 1 FROM meta").fetchone()  # it begins with the first read
                    yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                self._give(connection)

    def _take(self) -> apsw.Connection:
        with self._lock:
            if self._closed:
                raise ClosedError("the index is closed")
            return self._free.pop() if self._free else self._database.connect(READER_CACHE_KIB)

    def move(self, folder: Path) -> None:
        """Rename the database's folder; connections that are open stay with their files. Raises OSError."""
        with self._lock:  # or a new connection could use the old path, which may be another database's by then
            self._database.move(folder)

    def _give(self, connection: apsw.Connection) -> None:
        with self._lock:
            if not self._closed and len(self._free) < KEPT_READERS:
                self._free.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close the connections that are free, and those that are lent as they come back."""
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
        for connection in free:
            connection.close()


@contextlib.contextmanager
def reading_errors(path: Path | None) -> Iterator[None]:
    """Do as `storage_errors` where nothing is written: what cannot be read raises UnreadableError."""
    try:
        with storage_errors(path):
            yield
    except StorageFullError as error:
        raise UnreadableError(f"{path} cannot be read ({error.__cause__})") from error


@contextlib.contextmanager
def storage_errors(path: Path | None) -> Iterator[None]:
    """Turn SQLite's errors about the disk into StorageFullError or DamagedError."""
    try:
        yield
    except Exception as error:  # `meaning` names those that are the disk's; every other one passes as it is
        meant = meaning(error, path)
        if meant is None:
            raise
        raise meant from error


def is_of_surroundings(error: BaseException) -> bool:
    """Say whether an error is of the disk, the system or other processes, and tells nothing of the data."""
    if isinstance(error, OSError):
        return True
    return isinstance(error, SURROUNDINGS) and getattr(error, "extendedresult", 0) not in LOST


def meaning(error: Exception, path: Path | None) -> IndexRoomError | None:
    """Return SQLite's error as one of the index's where it is about the disk or its users; else None."""
    if isinstance(error, apsw.InterruptError):
        return StoppedError("whoever asked for this waits no longer")
    if isinstance(error, UNWRITABLE):
        return StorageFullError(
            f"{path} cannot be read or written ({error}); what was acknowledged is there. "
            "Make room, or make it writable"
        )
    if isinstance(error, BUSY):
        return StorageFullError(f"{path} is taken for too long ({error}); what was acknowledged is there. Try again")
    # SQLError is a fault in our statement; but a table that is missing was lost.
    if isinstance(error, DAMAGED) and not (isinstance(error, apsw.SQLError) and "no such" not in str(error)):
        return DamagedError(
            f"{path} is damaged ({error}); stop the server, see what `python -m index doctor` says, "
            "and restore a backup with `python -m index restore`"
        )
    return None
