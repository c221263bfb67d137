"""Reads a database that a server may be writing to, as one more reader: of one commit, and without the folder's lock.

The connection cannot write. The last connection to close that could would move the write-ahead log into the database
and remove it by name, and by then the name may belong to another database.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import apsw

from index.commands.damaged_log import lost_commits
from index.commands.errors import CommandError
from index.errors import DamagedError, NewerSchemaError
from index.store.connections import Database, is_of_surroundings, uri_of
from index.store.disk import BUSY_MS
from index.store.schema import MIGRATIONS, look_present, version

LOST = "See what `python -m index doctor` says; without a backup, `export --skip-damaged` saves what can be read"


class ReadDatabase(Database):
    """A database that is only read: every connection is within a transaction from the beginning."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file = path

    def connect(self, cache_kib: int) -> apsw.Connection:
        """Open a connection and begin to read; what it sees is of one commit until it is closed."""
        if not self._file.is_file():
            message = f"{self._file} is not there; the collection was dropped, or damaged: see `python -m index doctor`"
            raise CommandError(message)
        if problem := lost_commits(self._file):
            raise CommandError(f"{self._file}: {problem}; nothing was read. {LOST}")
        with reading_errors(self._file):
            connection = apsw.Connection(uri_of(self._file), flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
            try:
                connection.set_busy_timeout(BUSY_MS)
                for pragma in (f"cache_size=-{cache_kib}", "mmap_size=0", "cell_size_check=ON", "trusted_schema=OFF"):
                    connection.execute(f"PRAGMA {pragma}").fetchall()
                connection.execute("BEGIN; SELECT 1 FROM sqlite_schema").fetchall()
                check_version(connection, self._file)
            except BaseException:  # whatever it was, nothing else closes what is open already
                connection.close()
                raise
        return connection

    @contextlib.contextmanager
    def reading(self, cache_kib: int) -> Iterator[apsw.Connection]:
        """Lend a connection; SQLite's errors become those of `reading_errors`."""
        connection = self.connect(cache_kib)
        try:
            with reading_errors(self._file):
                yield connection
        finally:
            connection.close(force=True)


def check_version(connection: apsw.Connection, path: Path) -> None:
    """Raise where the tables are of a newer version, or are not there; those of an older one look like the present."""
    found = version(connection)
    if found > len(MIGRATIONS):
        raise NewerSchemaError(
            f"{path} was written by a newer vecd (schema {found}; this one knows {len(MIGRATIONS)}); use that version"
        )
    if not found:
        message = f"{path} has no tables yet: the process that was making it ended. The next start of the server does"
        raise CommandError(message)
    look_present(connection)


def reason_of(error: BaseException) -> str:
    """Return SQLite's message with the error's name, which says more where the message is "not an error"."""
    return "the disk is full" if isinstance(error, apsw.FullError) else f"{type(error).__name__}: {error}"


@contextlib.contextmanager
def reading_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about a file that is read into CommandError or DamagedError, which say what to do."""
    try:
        yield
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError) as error:
        message = (
            f"{path} cannot be read ({error}): a reader needs to write beside it, into {path.name}-shm. Run this as "
            "the user that the server runs as; from a read-only place, copy the data folder elsewhere first"
        )
        raise CommandError(message) from error
    except apsw.BusyError as error:
        message = f"{path} is busy ({error}); try again"
        raise CommandError(message) from error
    except (apsw.Error, UnicodeDecodeError) as error:
        if is_of_surroundings(error):
            message = f"{path} cannot be read: {reason_of(error)}; nothing is known to be damaged"
            raise CommandError(message) from error
        raise DamagedError(
            f"{path} is damaged ({error}); stop the server and see what `python -m index doctor` says"
        ) from error
