"""Which rows a node of the graph stands for: rows that are equal, or nearly so, share one.

A graph in which many rows are nearly equal leads from each of them to its like and nowhere else, so that what is beside
them is never reached. Here each such group is one node, and a search compares all rows of the nodes that it finds. A
node is named by the key of the row that brought it, and stays when that row goes before the others.
"""

from array import array

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.view.captures import Capture, Flags, Keys, Slots, places
from index.view.quantized import BLUR

# Of 10,000 rows, half or 95% of them of 1, 10 or 200 templates (cosine 0.95 to 0.999 to the template), recall@10 on the
# others is 0.53 to 0.98 without groups, 0.85 to 0.99 with groups of 0.95, 0.985 to 1 with groups of 0.9.
GROUP_COSINE = 0.9

# Of CPython: a group's entry, its key and its array, and a slot in that with the room that it has grown by.
GROUP_BYTES, MEMBER_BYTES = 220, 9

Cosines = NDArray[np.float32]


def surely(rows: NDArray[np.float16], nearest: Keys, cosines: Cosines, known: Capture | None) -> Cosines:
    """Return the cosine of each new row with its nearest node, exactly where that decides whether it joins.

    Given are about what they are. Of a node whose own row is not among the known ones it is the least that it can be.
    """
    found = cosines - np.float32(BLUR)
    doubtful = np.flatnonzero(cosines >= GROUP_COSINE - BLUR)
    if known is None or not len(doubtful):
        return found
    slots, there = places(known.keys, nearest[doubtful])
    decided = doubtful[there]
    founders = known.rows[slots[there]].astype(np.float32)
    found[decided] = np.einsum("ij,ij->i", founders, rows[decided].astype(np.float32))
    return found


def nodes_of(keys: Keys, rows: NDArray[np.float16], nearest: Keys, cosines: Cosines) -> Keys:
    """Return the node of each new row: the nearest if that is near enough, one of these rows', or its own."""
    nodes = np.where(cosines >= GROUP_COSINE, nearest, keys)
    new = np.flatnonzero(cosines < GROUP_COSINE)
    if len(new) > 1:
        wide = rows[new].astype(np.float32)
        alike = wide @ wide.T
        if np.count_nonzero(alike >= GROUP_COSINE) > len(new):  # each is like itself; seldom are there others
            nodes[new] = led(keys[new], alike)
    return nodes


def led(keys: Keys, alike: NDArray[np.float32]) -> Keys:
    """Return the node of each of these rows, whose cosines with each other are given: the first ones lead."""
    nodes, leads = keys.copy(), np.ones(len(keys), np.bool_)
    for place in np.flatnonzero((np.tril(alike, -1) >= GROUP_COSINE).any(axis=1)):
        before = np.where(leads[:place], alike[place, :place], np.float32(-2))
        best = before.argmax()
        if before[best] >= GROUP_COSINE:
            nodes[place], leads[place] = keys[best], False
    return nodes


class Membership(msgspec.Struct, frozen=True):
    """Rows by key, ascending, with their nodes, and the nodes that the graph has and does not lead to: all int64."""

    keys: Keys
    nodes: Keys
    unreached: Keys


def membership_of(keys: Keys, nodes: Keys, unreached: Keys) -> Membership:
    """Return that of rows with these keys and nodes."""
    others = np.flatnonzero((nodes != 0) & (nodes != keys))
    return Membership(keys[others], nodes[others], unreached)


def looked_up(keys: Keys, membership: Membership) -> Keys:
    """Return the nodes of the rows with these keys, 0 for those it does not know."""
    found, there = places(membership.keys, keys)
    nodes = np.zeros(len(keys), np.int64)
    nodes[there] = membership.nodes[found[there]]
    return nodes


def adopted(keys: Keys, there: Keys, membership: Membership) -> Keys:
    """Return the nodes of the rows with these keys in a graph that has the nodes `there`, which ascend."""
    nodes = np.where(np.isin(keys, there), keys, 0)
    others = looked_up(keys, membership)
    others[~np.isin(others, there)] = 0
    nodes[others != 0] = others[others != 0]
    return nodes


class Groups:
    """Knows the nodes that stand for other rows than the one of their own key, by their slots. Holds no lock."""

    def __init__(self) -> None:
        self._slots: dict[int, array[int]] = {}
        self._members = 0

    @property
    def size_bytes(self) -> int:
        """The memory that they take."""
        return len(self._slots) * GROUP_BYTES + self._members * MEMBER_BYTES

    @classmethod
    def of(cls, keys: Keys, nodes: Keys) -> "Groups":
        """Return the groups of rows with these keys and nodes."""
        groups = cls()
        shared = np.unique(nodes[(nodes != 0) & (nodes != keys)])
        slots = np.flatnonzero(np.isin(nodes, shared) & (nodes != 0))
        slots = slots[np.argsort(nodes[slots], kind="stable")]
        ends = np.searchsorted(nodes[slots], shared, "right").tolist()
        for node, start, end in zip(shared.tolist(), [0, *ends], ends, strict=False):
            groups._slots[node] = array("q", slots[start:end].tobytes())
        groups._members = len(slots)
        return groups

    def add(self, keys: Keys, nodes: Keys, slots: Slots) -> None:
        """Note the nodes of the rows at these slots; keys and nodes are those of all rows."""
        for slot in slots[nodes[slots] != keys[slots]].tolist():
            node = int(nodes[slot])
            known = self._slots.get(node)
            if known is None:
                (own,), (there,) = places(keys, np.array([node]))
                self._slots[node] = known = array("q", [int(own)] if there and nodes[own] == node else [])
                self._members += len(known)
            known.append(slot)
            self._members += 1

    def rows(self, keys: Keys, nodes: Keys, wanted: Keys) -> Slots:
        """Return the slots of all rows that the wanted nodes stand for, in ascending order."""
        wanted = np.unique(wanted)
        slots, there = places(keys, wanted)
        single = slots[there]
        single = single[nodes[single] == wanted[there]]
        shared = [node for node in wanted.tolist() if node in self._slots]
        if not shared:
            return np.asarray(single)
        parts = [np.frombuffer(self._slots[node], np.int64) for node in shared]
        single = single[~np.isin(nodes[single], shared)]  # the groups' rows come first among the single ones, too
        # Each part ascends, or nearly so: merging is quicker than sorting.
        return np.sort(np.concatenate([single, *parts]), kind="stable")

    def deserted(self, wanted: Keys, alive: Flags) -> Keys:
        """Return which of these nodes, each of which lost a row, stand for no living row any more."""
        return np.array([node for node in wanted.tolist() if not self._lives(node, alive)], np.int64)

    def _lives(self, node: int, alive: Flags) -> bool:
        slots = self._slots.get(node)
        return slots is not None and bool(alive[np.frombuffer(slots, np.int64)].any())

    def forget(self, nodes: Keys) -> None:
        for node in nodes.tolist():
            self._members -= len(self._slots.pop(node, ()))
