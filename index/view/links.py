"""A graph's file without its vectors: they are the database's, so that none of a document that is gone lies in a file.

A removed node keeps its links; searches pass through it, so it gets the row of a neighbour. Where hardly any node leads
to another one, some are made to.
"""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.store.disk import PIECE_BYTES, make_closed
from index.view.captures import Capture, Keys, Slots, places
from index.view.graph_file import KEY_BYTES, LEVEL_BYTES, LINK_BYTES, OTHER, SIZES, Bytes, keys_at, starts_of
from index.view.groups import Membership
from index.view.orphans import adopt_orphans
from index.view.quantized import quantized

PIECE_ROWS = 1_024  # widened they stay in the cache
PASSES = 8  # by each of which removed nodes get the row of a neighbour that has one


def leave_vectors(path: Path, target: Path) -> None:
    """Write to the target what is in USearch's file but its vectors. Raises OSError."""
    make_closed(target)
    with path.open("rb") as source, target.open("wb") as file:
        sizes = source.read(SIZES.size)
        count, size_bytes = SIZES.unpack(sizes)
        file.write(sizes)
        source.seek(count * size_bytes, os.SEEK_CUR)
        while piece := source.read(PIECE_BYTES):
            file.write(piece)


def with_vectors(content: bytes | memoryview, rows: Capture, membership: Membership) -> Bytes:
    """Return USearch's file of what `leave_vectors` wrote, with the rows (n, ndim) that there are now.

    Raises:
        RuntimeError: the content is of another shape.
    """
    count, size_bytes = SIZES.unpack(content[: SIZES.size])
    rest = np.frombuffer(content, np.uint8, offset=SIZES.size)
    if not count:
        return np.frombuffer(content, np.uint8)
    if len(rows.keys) and size_bytes != rows.rows.shape[1]:
        raise RuntimeError(OTHER)
    starts = starts_of(rest, count)
    slots = slots_of(keys_at(rest, starts), rows, membership)
    passed_on(rest, starts, slots)
    whole = np.empty(len(content) + count * size_bytes, np.uint8)
    whole[: SIZES.size] = np.frombuffer(content, np.uint8, SIZES.size)
    vectors, links = whole[SIZES.size : -len(rest)].view(np.int8).reshape(count, size_bytes), whole[-len(rest) :]
    links[:] = rest
    if len(rows.keys):
        put_steps(vectors, rows.rows, slots)
        adopt_orphans(links, count)
    else:
        vectors[:] = 0
    return whole


def slots_of(keys: Keys, rows: Capture, membership: Membership) -> Slots:
    """Return the slot of a row that each node stands for, -1 where there is none any more."""
    found, there = places(rows.keys, keys)
    slots = np.where(there, found, -1)
    members, living = places(rows.keys, membership.keys)
    nodes, first = np.unique(membership.nodes[living], return_index=True)
    standing, shared = places(nodes, keys)
    taken = np.flatnonzero(~there & shared)
    slots[taken] = members[living][first][standing[taken]]
    return np.asarray(slots, np.int64)


def passed_on(rest: Bytes, starts: Slots, slots: Slots) -> None:
    """Give each node without a row that of a neighbour; of any other node where no neighbour has one."""
    for _ in range(PASSES):
        lacking = np.flatnonzero(slots < 0)
        if not len(lacking):
            return
        given = [from_neighbours(rest, int(starts[node]), slots) for node in lacking]
        slots[lacking] = given
    slots[slots < 0] = max(0, int(slots.max()))


def from_neighbours(rest: Bytes, start: int, slots: Slots) -> int:
    place = start + KEY_BYTES + LEVEL_BYTES
    (count,) = np.frombuffer(rest, "<u4", 1, place)
    known = slots[np.frombuffer(rest, "<u4", count, place + LINK_BYTES)]
    known = known[known >= 0]
    return int(known[0]) if len(known) else -1


def put_steps(vectors: NDArray[np.int8], rows: NDArray[np.float16], slots: Slots) -> None:
    """Write the rows at these slots (n,) as the graph has them into vectors (n, ndim)."""
    for start in range(0, len(slots), PIECE_ROWS):
        vectors[start : start + PIECE_ROWS] = quantized(rows[slots[start : start + PIECE_ROWS]])
