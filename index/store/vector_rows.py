"""The statements on vectors, of which each passage has one, computed by a variant of the model.

Every vector carries a checksum, which is checked whenever it is read.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from index.documents.vector import Vector
from index.errors import DamagedError
from index.store.checksums import vector_checksum
from index.store.queries import Keys, array_of, select

PAGE_ROWS = 4096
GIVEN = "given"  # the variant of vectors that no model computed

Vectors = NDArray[np.float32]


def insert_vectors(connection: apsw.Connection, vectors: Iterable[tuple[int, Vector]], variant: int) -> None:
    """Write vectors by key, as those of this variant."""
    write_vectors(connection, "INSERT INTO vectors VALUES (?, ?, ?, ?)", vectors, variant)


def insert_fresh(connection: apsw.Connection, vectors: Iterable[tuple[int, Vector]], variant: int) -> None:
    """Write vectors of a reindexing by key."""
    write_vectors(connection, "INSERT OR REPLACE INTO fresh VALUES (?, ?, ?, ?)", vectors, variant)


def write_vectors(
    connection: apsw.Connection, statement: str, vectors: Iterable[tuple[int, Vector]], variant: int
) -> None:
    blobs = ((key, vector.tobytes()) for key, vector in vectors)
    connection.executemany(
        statement,
        [(key, variant, blob, vector_checksum(key, blob)) for key, blob in blobs],
    )


def fetch_vectors(connection: apsw.Connection, keys: Sequence[int] | Keys, ndim: int) -> tuple[Keys, Vectors]:
    """Return the keys (n,) that have a vector, and the vectors (n, ndim)."""
    query = "SELECT vectors.key, vector, crc FROM carray(?) AS wanted CROSS JOIN vectors ON vectors.key = wanted.value"
    found = connection.execute(query, (array_of(keys),)).fetchall() if len(keys) else []
    return checked_vectors(found, ndim)


def all_vectors(connection: apsw.Connection, ndim: int) -> Iterator[tuple[Keys, Vectors]]:
    """Yield all keys in ascending order, and their vectors, a page at a time; raises DamagedError."""
    query, last = "SELECT key, vector, crc FROM vectors WHERE key > ? ORDER BY key LIMIT ?", 0
    while rows := connection.execute(query, (last, PAGE_ROWS)).fetchall():
        keys, vectors = checked_vectors(rows, ndim)
        if (np.diff(keys, prepend=last) <= 0).any():  # which a damaged tree may give, and a graph would not take
            raise DamagedError("the vectors are damaged: a key stands where it should not. Restore a backup")
        last = int(keys[-1])
        yield keys, vectors


def checked_vectors(rows: Sequence[Any], ndim: int) -> tuple[Keys, Vectors]:
    """Return the rows' keys and vectors, or raise DamagedError."""
    for key, blob, crc in rows:
        if not isinstance(blob, bytes) or vector_checksum(key, blob) != crc or len(blob) != 4 * ndim:
            raise DamagedError(f"the vector with key {key} is damaged: its checksum differs. Restore a backup")
    keys = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    return keys, np.frombuffer(b"".join(row[1] for row in rows), np.float32).reshape(len(rows), ndim)


def variant_number(connection: apsw.Connection, name: str) -> int:
    """Return the number by which vectors name their variant; a new variant gets one."""
    for (number,) in select(connection, "SELECT number FROM variants WHERE name = ?", name):
        return int(number)
    connection.execute("INSERT INTO variants (name) VALUES (?)", (name,))
    return int(connection.last_insert_rowid())


def count_by_variant(connection: apsw.Connection) -> dict[str, int]:
    """Return how many vectors each variant computed, which reads the whole table."""
    counted = "SELECT variant, count(*) AS vectors FROM vectors GROUP BY variant"
    query = f"SELECT name, vectors FROM ({counted}) JOIN variants ON number = variant ORDER BY name"  # noqa: S608
    return {str(name): int(vectors) for name, vectors in select(connection, query)}


def count_others(connection: apsw.Connection, variant: int) -> dict[str, int]:
    """Return how many vectors each other variant computed.

    Reads the whole table only where there ever was another one, since `forget_variants` was last called.
    """
    known = select(connection, "SELECT name FROM variants WHERE number <> ? AND name <> ?", variant, GIVEN)
    names = {str(name) for (name,) in known}
    return {name: count for name, count in count_by_variant(connection).items() if name in names} if names else {}


def forget_variants(connection: apsw.Connection, variant: int) -> None:
    """Forget the names of other variants that computed no vector which is there."""
    connection.execute(
        "DELETE FROM variants WHERE number <> ? AND name <> ? AND number NOT IN (SELECT variant FROM vectors) "
        "AND number NOT IN (SELECT variant FROM fresh)",
        (variant, GIVEN),
    )
