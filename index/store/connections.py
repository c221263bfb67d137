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
from index.store.disk import Disk, make_closed
from index.store.idle import IdleConnections
from index.store.interruption import checkpoint, interruptible

READER_CACHE_KIB, WRITER_CACHE_KIB = 2_000, 16_000
MAX_READERS = 32  # most of which wait for their turn on a few processors

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

# The log's index in shared memory, 32 kB beside the database, finds no room.
NO_ROOM_FOR_INDEX = (apsw.SQLITE_IOERR_SHMSIZE, apsw.SQLITE_IOERR_SHMMAP)
# With this file system the index of the log is in the process's own memory, and no other process can read.
ALONE = "unix-excl"

_memory_names = itertools.count()


class Database:
    """Where a collection's database is, and how to open it. `path` None keeps it in memory."""

    def __init__(self, path: Path | None, disk: Disk | None = None) -> None:
        self.path = path
        self._disk = disk or Disk()
        self._vfs: str | None = None
        self._lock = threading.Lock()
        self._uri = f"file:/vecd-{next(_memory_names)}?vfs=memdb" if path is None else uri_of(path)

    def move(self, folder: Path) -> None:
        """Rename the folder that the database lies in. Raises OSError."""
        with self.staying() as path:
            self._disk.rename(path.parent, folder)
            self.path = folder / path.name
            self._uri = uri_of(self.path)

    @contextlib.contextmanager
    def staying(self) -> Iterator[Path]:
        """Lend the path, which is the database's until it is given back; later it may be another's."""
        with self._lock:
            assert self.path is not None
            yield self.path

    def connect(self, cache_kib: int) -> apsw.Connection:
        with storage_errors(self.path):
            return self._connect(cache_kib)

    def _connect(self, cache_kib: int) -> apsw.Connection:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        if self.path is not None:
            with contextlib.suppress(OSError):  # SQLite says what is wrong
                make_closed(self.path)  # what lies beside it gets its mode
        connection = apsw.Connection(self._uri, flags=flags, vfs=self._vfs)
        connection.set_busy_timeout(self._disk.busy_ms)
        with closed_on_error(connection):
            # A truncated mapped file would end the process with SIGBUS.
            set_all(connection, f"cache_size=-{cache_kib}", "mmap_size=0", "cell_size_check=ON", "trusted_schema=OFF")
        return connection

    def connect_writer(self) -> apsw.Connection:
        """Open the one connection that writes: a commit returns when it is on the disk.

        What a full disk holds can be read all the same, and written as soon as there is room.
        """
        with storage_errors(self.path):
            try:
                return self._connect_writer()
            except apsw.IOError as error:
                if getattr(error, "extendedresult", 0) not in NO_ROOM_FOR_INDEX or self._vfs is not None:
                    raise
                self._vfs = ALONE
                connection = self._connect_writer()
            assert self.path is not None
            # Nobody else has it, and it counts what is no more.
            self._disk.discard(self.path.with_name(f"{self.path.name}-shm"))
            return connection

    def _connect_writer(self) -> apsw.Connection:
        connection = self._connect(WRITER_CACHE_KIB)
        with closed_on_error(connection):
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchall()[0][0]
            if self.path is not None and mode != "wal":
                raise StorageFullError(f"{self.path} cannot be written: its file system takes no write-ahead log")
            set_all(
                connection,
                *("synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY", f"journal_size_limit={LOG_BYTES}"),
            )
            # What could not be opened to write for want of a descriptor SQLite may have opened to read, for good.
            with contextlib.suppress(apsw.BusyError):
                connection.execute("BEGIN IMMEDIATE; ROLLBACK").fetchall()
        return connection


def set_all(connection: apsw.Connection, *pragmas: str) -> None:
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}").fetchall()


@contextlib.contextmanager
def closed_on_error(connection: apsw.Connection) -> Iterator[None]:
    """Close a connection that cannot be used: its files must not be open when they are opened in another way."""
    try:
        yield
    except BaseException:  # whatever it was
        connection.close()
        raise


def uri_of(path: Path) -> str:
    """Return the only form in which SQLite gets a path: its bytes may be no UTF-8, and some of them mean something."""
    return path.absolute().as_uri()


class Readers:
    """A pool of connections that read, at most MAX_READERS at a time; the next one waits. From any thread.

    Those that are free stay open among the `idle` ones of all collections, for a while.
    """

    def __init__(self, database: Database, idle: IdleConnections | None = None) -> None:
        self._database = database
        self._idle = idle or IdleConnections()
        self._turn = threading.Semaphore(MAX_READERS)
        self._lock = threading.Lock()
        self._closed: IndexRoomError | None = None

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
            if self._closed is not None:
                raise self._closed
            if (found := self._idle.take(self)) is not None:
                return found
            try:
                return self._database.connect(READER_CACHE_KIB)
            except StorageFullError:  # for want of a descriptor, perhaps
                self._idle.close_all()
                return self._database.connect(READER_CACHE_KIB)

    def move(self, folder: Path) -> None:
        """Rename the database's folder; connections that are open stay with their files. Raises OSError."""
        with self._lock:  # or a new connection could use the old path, which may be another database's by then
            self._database.move(folder)

    def _give(self, connection: apsw.Connection) -> None:
        with self._lock:
            if self._closed is None:
                self._idle.give(self, connection)
                return
        connection.close()

    def close(self, reason: IndexRoomError | None = None) -> None:
        """Close the connections that are free, and those that are lent as they come back."""
        with self._lock:
            self._closed = reason or ClosedError("the index is closed")
            self._idle.close(self)


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
    if isinstance(error, OSError | MemoryError | StorageFullError | UnreadableError):
        return True
    if isinstance(error, RuntimeError) and "start new thread" in str(error):  # Python's, where the system has no more
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
