"""The vectors of a collection in memory, as float16 rows in the order of their keys: 79 MB for 100,000 of 384.

Rows are appended before the commit that brings them, marked as gone after the commit that removes them, and compacted
now and then. So a search that notes the clock, begins to read the database and then captures finds every row that the
database shows, and the database says which rows are documents. `nodes` says where each row stands in the graph.
"""

import math
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager

import numpy as np
from numpy.typing import NDArray

from index.view.captures import NONE, Capture, Flags, Keys, Moment, Slots, allocated, copy_into, raised, with_room
from index.view.departures import Departures
from index.view.graph import Graph
from index.view.groups import Groups, Membership, adopted, looked_up, membership_of
from index.view.sizes import row_bytes

Many = Sequence[int] | Keys
Floats = NDArray[np.floating]

FIRST_CAPACITY = 1024
GRACE_S = 10.0  # searches that began before a row went can still find it for so long


class Vectors:
    """Written by the writer's thread, compacted by the indexer's, captured by any.

    `pending` counts the rows that the graph lacks, `dead` those that are gone and still take room. `several` says
    whether some documents have more than one row. `version` changes with every change. `clock` counts removals: rows
    that went after it showed a number can be found again. `searched_s` is when a search last asked (monotonic).
    """

    def __init__(
        self, ndim: int, graph: Graph, grace_s: float = GRACE_S, lock: AbstractContextManager[object] | None = None
    ) -> None:
        self._ndim = ndim
        self._graph = graph
        self._lock = lock or threading.Lock()
        self._count, self._expected = 0, 0  # expected: how many of the last rows wait for their commit
        self._all = allocated(FIRST_CAPACITY, ndim)
        self._generation, self._settled = 0, 0
        self._groups = Groups()
        self._left: list[Slots] = []  # rows that went, whose nodes may stand for no living row now
        self._departures = Departures(grace_s)
        self.version, self.clock, self.searched_s = 0, 0, -math.inf
        self.dead, self.pending = 0, 0
        self.several, self._lent = False, False  # lent: captures have the flags of now
        self.unreached = NONE  # nodes that the graph has and does not lead to

    def __len__(self) -> int:
        return self._count - self._expected - self.dead

    @property
    def graph(self) -> Graph:
        """The graph of now."""
        return self._graph

    @property
    def size_bytes(self) -> int:
        """The memory that the rows and their groups take, without what is allocated and was never touched."""
        return self._count * row_bytes(self._ndim) + self._groups.size_bytes

    def capture(self, moment: Moment | None = None) -> tuple[Capture, Graph]:
        """Return the rows of now or of a moment, and the graph. Rows without a document may be among them.

        Rows that are expected are those of a moment alone whose database shows them.
        """
        with self._lock:
            return self._capture(moment), self._graph

    def _capture(self, moment: Moment | None) -> Capture:
        if moment is None:
            return self._first(self._count - self._expected)
        self.searched_s = time.monotonic()
        count = int(np.searchsorted(self._all.keys[: self._count], moment.highest_key, "right"))
        alive, returned = self._alive_after(moment.clock, count)
        return self._first(count, alive, returned, moment.clock >= self._departures.forgotten)

    def found(self, capture: Capture, moment: Moment | None, nodes: Keys) -> tuple[Capture, Slots]:
        """Return the moment's rows as of now, and the slots of those that these nodes and the unreached stand for."""
        with self._lock:
            after = capture if self.version == capture.version else self._capture(moment)
            every = self._first(self._count)
            slots = self._groups.rows(every.keys, every.nodes, np.append(nodes, self.unreached))
        slots = slots[: np.searchsorted(slots, len(after.keys))]
        return after, slots[after.alive[slots]]

    def _alive_after(self, since: int, count: int) -> tuple[Flags, Slots]:
        returned = self._departures.after(since)
        returned = returned[returned < count]
        self._lent = True
        return raised(self._all.alive[:count], returned), returned

    def _first(self, count: int, alive: Flags | None = None, returned: Slots = NONE, whole: bool = True) -> Capture:
        every, kept = self._all, slice(count)
        alive = every.alive[kept] if alive is None else alive
        known = self._settled, returned, self._generation, self.version, whole
        return Capture(every.keys[kept], every.rows[kept], alive, every.nodes[kept], every.owners[kept], *known)

    def append(self, keys: Many, rows: Floats, owners: Keys | None = None, *, expected: bool = False) -> None:
        """Add rows (n, ndim) whose keys ascend, and are higher than any before.

        `owners` are their documents; without them each row is a document of its own. `expected` rows wait for `confirm`
        or `withdraw`.
        """
        keys = np.asarray(keys, np.int64)
        owners = keys if owners is None else owners
        with self._lock:
            end = self._count + len(keys)
            self._all = with_room(self._all, self._count, end)
            self._all.take(slice(self._count, end), keys, rows, owners)
            self._count, self.several = end, self.several or bool((owners != keys).any())
            self._expected += len(keys)
            self.version += 1
        if not expected:
            self.confirm()

    def confirm(self) -> None:
        """Keep the rows that are expected: their commit is done."""
        with self._lock:
            self.pending, self._expected, self.version = self.pending + self._expected, 0, self.version + 1

    def withdraw(self) -> None:
        """Take back the rows that are expected: nobody has seen them, and the next ones take their room."""
        with self._lock:
            self._count, self._expected, self.version = self._count - self._expected, 0, self.version + 1

    def begin(self, rows: Capture, count: int) -> None:
        """Take arrays whose first rows, so many, are all that there are: they are alive, and the graph has none yet."""
        with self._lock:
            self._all, self._count, self._expected, self.pending = rows, count, 0, count
            self.several = bool((rows.owners[:count] != rows.keys[:count]).any())
            self.version += 1

    def discard(self, documents: Sequence[int]) -> None:
        """Mark the rows of documents as gone; those that are not there are left alone."""
        if not len(documents):
            return
        with self._lock:
            gone, _ = self._first(self._count).slots_of(np.unique(np.asarray(documents, np.int64)))
            if self._lent:  # captures show what was alive at their moment
                self._all, self._lent = self._all.with_own_flags(), False
            self._all.alive[gone] = False
            self.dead += len(gone)
            self.pending -= int(np.count_nonzero(self._all.nodes[gone] == 0))
            self._left.append(gone)
            self.clock += 1
            self.version += 1
            self._departures.add(self.clock, gone)

    def _recount(self) -> None:
        now = self._first(self._count - self._expected)
        self.version += 1
        self._settled = now.settled_after(0)
        self.dead = len(now.keys) - int(np.count_nonzero(now.alive))
        self.pending = int(np.count_nonzero(now.alive & (now.nodes == 0)))

    def assign(self, graph: Graph, keys: Keys, nodes: Keys) -> None:
        """Note which nodes of the graph stand for these rows; nothing if another graph was taken meanwhile."""
        with self._lock:
            if graph is not self._graph:
                return
            every = self._first(self._count)
            slots = np.searchsorted(every.keys, keys)
            self.pending -= int(np.count_nonzero(every.alive[slots] & (every.nodes[slots] == 0)))
            every.nodes[slots] = nodes
            self._groups.add(every.keys, every.nodes, slots)
            self._left.append(slots[~every.alive[slots]])
            self._settled = every.settled_after(self._settled)
            self.version += 1

    def release(self) -> tuple[Graph, Keys]:
        """Return the graph, and those of its nodes that stand for no living row: no row names them from now on."""
        with self._lock:
            every = self._first(self._count)
            named, self._left = np.unique(every.nodes[np.concatenate([NONE, *self._left])]), []
            deserted = self._groups.deserted(named[named != 0], every.alive)
            if len(deserted):
                every.nodes[self._groups.rows(every.keys, every.nodes, deserted)] = 0
                self._groups.forget(deserted)
                self.unreached = np.setdiff1d(self.unreached, deserted)
                self.version += 1
            return self._graph, deserted

    def mark_unreached(self, graph: Graph, nodes: Keys) -> None:
        """Have every search look at the rows of these nodes, since the graph does not lead to them."""
        with self._lock:
            if graph is self._graph:
                self.unreached = np.union1d(self.unreached, nodes[np.isin(nodes, self._all.nodes[: self._count])])

    def membership(self) -> Membership:
        """Return which rows belong to nodes of other rows, and which nodes are unreached."""
        with self._lock:
            return membership_of(self._all.keys[: self._count], self._all.nodes[: self._count], self.unreached)

    def compact(self, old: Graph, new: Graph, since: int, regrouped: Membership | None = None) -> bool:
        """Leave out the rows that went before the clock showed `since`, and take the new graph instead of the old one.

        Without `regrouped`, which names the nodes of all rows of the new graph, rows keep their nodes. False, and
        nothing done, where another graph was taken meanwhile.
        """
        with self._lock:
            if old is not self._graph:
                return False
            now = self._first(self._count)
            kept = np.flatnonzero(self._alive_after(since, self._count)[0])
            smaller = allocated(max(FIRST_CAPACITY, len(kept) * 9 // 8), self._ndim)
            nodes = now.nodes[kept] if regrouped is None else looked_up(now.keys[kept], regrouped)
            copy_into(smaller, Capture(now.keys[kept], now.rows[kept], now.alive[kept], nodes, now.owners[kept]))
            groups, dead = Groups.of(now.keys[kept], nodes), len(kept) - int(np.count_nonzero(now.alive[kept]))
            self._departures.compact(since, kept)
            self._all, self._count, self._graph, self.dead = smaller, len(kept), new, dead  # at once: others count
            self._regroup(groups, self.unreached if regrouped is None else NONE)
        self._remove_foreign(new)
        return True

    def _regroup(self, groups: Groups, unreached: Keys) -> None:
        now, self._groups = self._first(self._count), groups
        self._left = [np.flatnonzero(~now.alive & (now.nodes != 0))]
        self.unreached, self._generation = unreached, self._generation + 1
        self._recount()

    def _remove_foreign(self, graph: Graph) -> None:
        """Remove the nodes that no row names: theirs went too long ago for anything else to know of them."""
        there = graph.keys()
        with self._lock:
            named = self._all.nodes[: self._count] if graph is self._graph else there
        graph.remove(np.setdiff1d(there, named))

    def adopt(self, graph: Graph, membership: Membership) -> None:
        """Take a graph that was read from a file: note its rows, and remove the nodes of those not here.

        Rows may come and go meanwhile; of a graph before it they have no nodes. Called by the thread that compacts.
        """
        there, before = np.sort(graph.keys()), self.capture()[0]
        nodes = adopted(before.keys, there, membership)
        groups = Groups.of(before.keys, nodes)
        with self._lock:
            self._all.nodes[: len(nodes)] = nodes
            self._graph = graph
            self._regroup(groups, membership.unreached)
        self._remove_foreign(graph)
