"""What stands where in the file that USearch writes of a graph.

How many vectors there are of how many bytes, as two uint32, and the vectors. Then the rest: a head of 64 bytes, five
uint64 of which the second and third are the most links of a node above the lowest level and on it, a level (int16) for
each node, and the nodes: a key (uint64) and a level again, then for each level how many links there are and room for
the most, uint32 each.
"""

import struct

import numpy as np
from numpy.typing import NDArray

from index.view.captures import Keys, Slots

SIZES = struct.Struct("<2I")
HEAD_BYTES, COUNTS = 64, struct.Struct("<5Q")
KEY_BYTES, LEVEL_BYTES, LINK_BYTES = 8, 2, 4
OTHER = "it is no file of this version of USearch's"

Bytes = NDArray[np.uint8]


def starts_of(rest: Bytes, count: int) -> Slots:
    """Return where each node stands."""
    nodes, most, most_lowest, _, _ = COUNTS.unpack(rest[HEAD_BYTES : HEAD_BYTES + COUNTS.size].tobytes())
    if nodes != count:
        raise RuntimeError(OTHER)
    place = HEAD_BYTES + COUNTS.size
    levels = np.frombuffer(rest, "<i2", count, place).astype(np.int64)
    least = KEY_BYTES + LEVEL_BYTES + LINK_BYTES * (1 + most_lowest)
    ends = place + LEVEL_BYTES * count + np.cumsum(least + levels * LINK_BYTES * (1 + most))
    if ends[-1] != len(rest):
        raise RuntimeError(OTHER)
    return np.concatenate([[place + LEVEL_BYTES * count], ends[:-1]])


def keys_at(rest: Bytes, starts: Slots) -> Keys:
    return np.asarray(rest[starts[:, None] + np.arange(KEY_BYTES)].view("<i8").ravel(), np.int64)
