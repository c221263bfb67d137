"""The statements on documents that expire. Each looks at the index of those that do, and at nothing where none does."""

from collections.abc import Sequence

import apsw

from index.errors import DamagedError
from index.store.queries import array_of, select, single


def first_expiry(connection: apsw.Connection) -> int | None:
    """Return the earliest instant at which a document expires, None where none does; raises DamagedError."""
    found = single(connection, "SELECT min(expires) FROM docs WHERE expires IS NOT NULL")
    if not isinstance(found, int | None):
        raise DamagedError("the documents are damaged: one expires at what is no instant. Restore a backup")
    return found


def expired_keys(connection: apsw.Connection, now_ms: int, limit: int) -> list[int]:
    """Return documents that have expired, those first that did first."""
    query = "SELECT key FROM docs WHERE expires <= ? ORDER BY expires LIMIT ?"
    return [int(key) for (key,) in select(connection, query, now_ms, limit)]


def count_expired(connection: apsw.Connection, now_ms: int) -> int:
    """Return how many documents have expired and are there still."""
    return int(single(connection, "SELECT count(*) FROM docs WHERE expires <= ?", now_ms))


def count_expired_of(connection: apsw.Connection, keys: Sequence[int], now_ms: int) -> int:
    """Return how many of these documents have expired."""
    if not keys or not count_expired(connection, now_ms):
        return 0
    query = "SELECT count(*) FROM carray(?) AS wanted CROSS JOIN docs ON docs.key = wanted.value WHERE expires <= ?"
    ((count,),) = connection.execute(query, (array_of(keys), now_ms))
    return int(count)
