"""Nodes of a graph that hardly any other node leads to, as its file tells: searches miss them, however wide they are.

A node whose neighbours have found nearer ones is left out of their links: of a million rows nothing leads to two in a
hundred, and one or two nodes to six more.
The file is what `graph_file.py` describes.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.view.captures import Keys, Slots
from index.view.graph_file import (
    COUNTS,
    HEAD_BYTES,
    KEY_BYTES,
    LEVEL_BYTES,
    LINK_BYTES,
    OTHER,
    SIZES,
    Bytes,
    keys_at,
    starts_of,
)

PIECE_NODES = 8_192  # 2 ms, in which other threads have to wait
NEIGHBOURS = 4  # whose neighbours are tried too
LEAST_LED = 3  # nodes that lead to one, or it is an orphan

Links = NDArray[np.int64]


class Lowest:
    """The links of the lowest level in the bytes (uint8) of a file behind its vectors; some are added there.

    `counts` (nodes,) int64 are how many a node has, `most` how many it may have. Raises RuntimeError where the bytes
    are of another shape.
    """

    def __init__(self, rest: Bytes, count: int) -> None:
        self.rest = rest
        self.starts = starts_of(rest, count)
        self.most = int(COUNTS.unpack(rest[HEAD_BYTES : HEAD_BYTES + COUNTS.size].tobytes())[2])
        self._places = self.starts + KEY_BYTES + LEVEL_BYTES
        parts = [self._read(piece, 1)[:, 0] for piece in pieces(count)]
        self.counts = np.concatenate([np.empty(0, np.int64), *parts])
        if len(self.counts) and self.counts.max() > self.most:
            raise RuntimeError(OTHER)

    def _read(self, nodes: Slots, width: int) -> Links:
        """Return the first so many numbers that nodes begin with: how many links there are, and the links."""
        found = self.rest[self._places[nodes][:, None] + np.arange(LINK_BYTES * width)]
        return np.asarray(found.view("<u4"), np.int64)

    def links(self, nodes: Slots) -> Links:
        """Return the nodes (nodes, most) that these lead to, -1 behind the last."""
        rows = self._read(nodes, 1 + self.most)
        found = np.where(np.arange(self.most) < rows[:, :1], rows[:, 1:], -1)
        if found.size and found.max() >= len(self.starts):
            raise RuntimeError(OTHER)
        return found

    def of(self, nodes: Slots) -> Links:
        """Return all nodes that these lead to, as often as they do."""
        found = self.links(nodes)
        return np.asarray(found[found >= 0])

    def add(self, nodes: Slots, targets: Slots) -> None:
        """Have nodes, each there once, that have room lead to others."""
        links = self._places[nodes] + LINK_BYTES * (1 + self.counts[nodes])
        self.counts[nodes] += 1
        self._write(links, targets)
        self._write(self._places[nodes], self.counts[nodes])

    def _write(self, places: Slots, numbers: Links) -> None:
        written = numbers.astype("<u4").view(np.uint8).reshape(-1, LINK_BYTES)
        self.rest[places[:, None] + np.arange(LINK_BYTES)] = written

    def led(self) -> Slots:
        """Return how many nodes lead to each."""
        found = np.zeros(len(self.starts), np.int64)
        for piece in pieces(len(self.starts)):
            found += np.bincount(self.of(piece), minlength=len(found))
        return found


def pieces(count: int) -> list[Slots]:
    return [np.arange(start, min(start + PIECE_NODES, count)) for start in range(0, count, PIECE_NODES)]


def orphans_of(path: Path) -> Keys:
    """Return the keys of the orphans in a file without vectors. Raises OSError."""
    with path.open("rb") as file:
        count, _ = SIZES.unpack(file.read(SIZES.size))
    if count < 2:
        return np.empty(0, np.int64)
    rest = np.memmap(path, np.uint8, "r", SIZES.size)  # nobody else knows of the file yet
    lowest = Lowest(rest, count)
    return orphans_in(lowest, lowest.led())[1]


def orphans_in(lowest: Lowest, led: Slots) -> tuple[Slots, Keys]:
    """Return the orphans and their keys, where so many lead to each node. Places of removed nodes are none."""
    found = np.flatnonzero(led < LEAST_LED)
    keys = keys_at(lowest.rest, lowest.starts[found]) if len(found) else np.empty(0, np.int64)
    return found[keys >= 0], keys[keys >= 0]


def adopt_orphans(rest: Bytes, count: int) -> int:
    """Have more nodes lead to orphans; return how many orphans are left.

    What leads to one is first what it leads to itself, the nearest first, and then what that leads to.
    """
    if count < 2:
        return 0
    lowest = Lowest(rest, count)
    led = lowest.led()
    orphans, _ = orphans_in(lowest, led)
    for piece in (orphans[start : start + PIECE_NODES] for start in range(0, len(orphans), PIECE_NODES)):
        near = lowest.links(piece)
        adopt(lowest, led, piece, near)
        for step in range(NEIGHBOURS):
            left = np.flatnonzero((led[piece] < LEAST_LED) & (near[:, step] >= 0))
            adopt(lowest, led, piece[left], lowest.links(near[left, step]))
    return int(np.count_nonzero(led[orphans] < LEAST_LED))


def adopt(lowest: Lowest, led: Slots, orphans: Slots, near: Links) -> None:
    """Have nodes that have room, of those near each orphan (orphans, most), lead to it until enough do."""
    for column in near.T:
        wants = np.flatnonzero((led[orphans] < LEAST_LED) & (column >= 0) & (column != orphans))
        wants = wants[lowest.counts[column[wants]] < lowest.most]
        wants = wants[np.unique(column[wants], return_index=True)[1]]  # each takes one at a time
        if len(wants):
            nodes, targets = column[wants], orphans[wants]
            new = (lowest.links(nodes) != targets[:, None]).all(axis=1)
            lowest.add(nodes[new], targets[new])
            led[targets[new]] += 1
