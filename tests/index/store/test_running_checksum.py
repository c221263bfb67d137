"""The checksum of pieces in a row, from their own, is zlib's of all their bytes."""

import zlib

import numpy as np
import pytest

from index.store.running_checksum import running_checksum

RANDOM = np.random.default_rng(1)


@pytest.mark.parametrize("length", [1, 128, 1536])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 64, 100])
def test_it_is_that_of_the_bytes_whatever_each_piece_began_with(count: int, length: int) -> None:
    pieces = [RANDOM.bytes(length) for _ in range(count)]
    initial = RANDOM.integers(0, 1 << 32, count).astype(np.uint32)
    checksums = [zlib.crc32(piece, int(first)) for piece, first in zip(pieces, initial, strict=True)]
    assert running_checksum(initial, np.array(checksums, np.uint32), length) == zlib.crc32(b"".join(pieces))


def test_no_single_piece_can_be_wrong_or_begin_with_something_else() -> None:
    pieces = [RANDOM.bytes(64) for _ in range(9)]
    initial = np.arange(1, 10, dtype=np.uint32)
    checksums = np.array([zlib.crc32(piece, first) for first, piece in enumerate(pieces, 1)], np.uint32)
    whole = zlib.crc32(b"".join(pieces))
    for place in range(9):
        for array in (initial, checksums):
            array[place] ^= 1
            assert running_checksum(initial, checksums, 64) != whole
            array[place] ^= 1
    assert running_checksum(initial, checksums, 64) == whole
