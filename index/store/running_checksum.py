"""The CRC-32 of many pieces of one length in a row, from the checksums of the pieces: it checks all of them at once.

The CRC is linear: that of two pieces in a row is the first one's, moved on by as many bytes of zeros as the second one
has, plus the second one's, added without carry (crc32_combine of https://zlib.net/manual.html). Pure.
"""

import functools
import zlib

import numpy as np
from numpy.typing import NDArray

Sums = NDArray[np.uint32]
BITS, BYTES = 32, 4


def running_checksum(initial: Sums, checksums: Sums, length: int) -> int:
    """Return crc32 of all pieces in a row, where `checksums[i]` is crc32(piece i, `initial[i]`), both (n,) uint32.

    Each piece has `length` bytes. No single wrong piece leaves it as it is.
    """
    sums, level = checksums ^ moved(initial, tables(length, 0)), 0  # each piece's own, with nothing before it
    while len(sums) > 1:
        if len(sums) % 2:
            sums = np.concatenate([np.zeros(1, np.uint32), sums])  # nothing before the first is nothing
        sums = moved(sums[::2], tables(length, level)) ^ sums[1::2]
        level += 1
    return int(sums[0]) if len(sums) else 0


def moved(sums: Sums, by: Sums) -> Sums:
    """Return sums (n,) moved on, by the tables (4, 256) of that."""
    first, second, third, last = (by[place][(sums >> np.uint32(8 * place)) & np.uint32(255)] for place in range(BYTES))
    return np.asarray(first ^ second ^ third ^ last, np.uint32)


@functools.lru_cache(64)
def tables(length: int, level: int) -> Sums:
    """Return the tables (4, 256), one for each byte of a sum, that move it on by 2^level pieces of zeros."""
    if level:
        half = tables(length, level - 1)
        return tables_of(moved(moved(single_bits(), half), half))
    zeros = bytes(length)
    nothing = zlib.crc32(zeros)
    return tables_of(np.array([zlib.crc32(zeros, int(bit)) ^ nothing for bit in single_bits()], np.uint32))


def single_bits() -> Sums:
    return np.uint32(1) << np.arange(BITS, dtype=np.uint32)


def tables_of(images: Sums) -> Sums:
    """Return the tables of what becomes of each single bit (32,)."""
    found = np.zeros((BYTES, 256), np.uint32)
    for bit, image in enumerate(images):
        table, size = found[bit // 8], 1 << bit % 8
        table[size : 2 * size] = table[:size] ^ image
    return found
