"""What a database says of itself as a whole: its model and dimensions, and which snapshots belong to it."""

from typing import Any

import apsw

from index.errors import DamagedError

LACKS_MODEL = "the database does not say of which model its vectors are; restore a backup"


def read_meta(connection: apsw.Connection) -> dict[str, Any]:
    """Return what holds for the whole database: fingerprint, ndim, and reindexing while one is under way."""
    return {str(name): value for name, value in connection.execute("SELECT name, value FROM meta")}


def stored_ndim(connection: apsw.Connection) -> int:
    """Return how many numbers a vector has in this transaction: a reindexing may change that between two.

    Raises DamagedError.
    """
    found = connection.execute("SELECT value FROM meta WHERE name = 'ndim'").fetchone()
    if found is None or not isinstance(found[0], int):
        raise DamagedError(LACKS_MODEL)
    return found[0]


def write_meta(connection: apsw.Connection, **values: str | int) -> None:
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


def forget_snapshots(connection: apsw.Connection) -> None:
    """Have no snapshot count any more: their vectors are not those of the database, or none lies beside it."""
    connection.execute("DELETE FROM snapshots")


def forget_words(connection: apsw.Connection) -> None:
    """Have no index of words count any more: none lies beside the database."""
    connection.execute("DELETE FROM meta WHERE name = 'words'")
