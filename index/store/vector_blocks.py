"""Reads many vectors at once without a step of Python for each: SQLite puts a block's in a row, and one sum checks it.

What is not as it should be is read again row by row, which tells what is wrong.
"""

import zlib

import apsw
import numpy as np

from index.errors import DamagedError
from index.store.checksums import CRC_BITS
from index.store.queries import Keys, select, single
from index.store.running_checksum import running_checksum
from index.store.vector_rows import Vectors, checked_vectors

BLOCK_BYTES = 1 << 20  # of less than half of that each row costs more
# The last one is a row too many, if there is one.
BLOCK = (
    "SELECT count(*), sum(typeof(vector) = 'blob' AND typeof(crc) = 'integer'), "
    "CAST(group_concat(vector, '') AS BLOB), group_concat(crc) "
    "FROM (SELECT vector, crc FROM vectors WHERE key > ? AND key <= ? ORDER BY key LIMIT ?)"
)
ROWS = "SELECT key, vector, crc FROM vectors WHERE key > ? AND key <= ? ORDER BY key LIMIT ?"


def rows_together(ndim: int) -> int:
    """Return of how many rows a block is."""
    return max(1, BLOCK_BYTES // (4 * ndim))


def read_block(connection: apsw.Connection, keys: Keys, between: tuple[int, int], ndim: int) -> Vectors | None:
    """Return the vectors (n, ndim) after one key and up to another, or None where their keys (n,) are not these.

    Raises:
        DamagedError: the checksum of a vector differs.
    """
    bounds = *between, len(keys) + 1
    ((count, typed, content, checksums),) = select(connection, BLOCK, *bounds)
    if not count:
        return np.empty((0, ndim), np.float32) if not len(keys) else None
    if count == typed == len(keys) and is_whole(keys, content, checksums, ndim):
        return np.frombuffer(content, np.float32).reshape(len(keys), ndim)
    found, vectors = checked_vectors(select(connection, ROWS, *bounds), ndim)
    return vectors if len(found) == len(keys) and (found == keys).all() else None


def is_whole(keys: Keys, content: bytes, checksums: str, ndim: int) -> bool:
    """Say whether vectors in a row are those of the keys, by their checksums, in a row too."""
    if len(content) != 4 * ndim * len(keys):
        return False
    stored = np.fromstring(checksums, np.int64, sep=",")
    if (stored & CRC_BITS != stored).any():
        return False
    initial = (keys & CRC_BITS).astype(np.uint32)
    return zlib.crc32(content) == running_checksum(initial, stored.astype(np.uint32), 4 * ndim)


def misplaced(connection: apsw.Connection, wanted: int) -> DamagedError:
    """Return the error where the vectors are not those of so many passages."""
    lacking = wanted - int(single(connection, "SELECT count(*) FROM vectors"))
    what = f"{lacking} are missing" if lacking > 0 else f"{-lacking} are of no passage"
    if not lacking:
        what = "a key stands where it should not"
    return DamagedError(f"the vectors are damaged: {what}. Restore a backup")
