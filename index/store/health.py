"""Checks a collection's database while it is in use."""

import apsw
import msgspec

from index.store import rows
from index.store.checks import CHECKS, problems_of
from index.store.connections import READER_CACHE_KIB, Database, reading_errors


class Health(msgspec.Struct, frozen=True):
    """What was looked at, and what is wrong with it: no problems, no damage."""

    documents: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def examine(database: Database) -> Health:
    """Check SQLite's structures, every row's checksum, every vector's length, and that the tables agree.

    Raises:
        UnreadableError: the disk cannot be read just now, which tells nothing of the data.
    """
    # A connection of its own, whose pages are those of the disk.
    connection = database.connect(READER_CACHE_KIB)
    try:
        with reading_errors(database.path):
            if not connection.in_transaction:
                connection.execute("BEGIN")
            return Health(count_or_none(connection) or 0, problems_of(connection, CHECKS))
    finally:
        connection.close()


def count_or_none(connection: apsw.Connection) -> int | None:
    """Return the number of documents, or None where damage hides it."""
    try:
        return rows.count(connection)
    except apsw.Error:
        return None
