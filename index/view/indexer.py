"""The thread that keeps the graph up to date with the vectors: adds, removes, rebuilds and snapshots.

A document counts as stored long before it is in the graph, since exact search answers for all rows that are not. So a
fresh start without a snapshot, a bulk ingest and a replay are one case: rows that the graph lacks.
"""

import threading
import time
from collections.abc import Callable

import numpy as np

from index.errors import IndexRoomError
from index.store.connections import is_of_surroundings
from index.store.rests import Rests
from index.store.shared import Shared
from index.view.captures import NONE, Capture, Keys, Slots
from index.view.crew import Crew
from index.view.graph import Graph, GraphParameters
from index.view.groups import Membership
from index.view.loading import Loading
from index.view.pace import Pace
from index.view.snapshots import Snapshots
from index.view.upkeep import dead_share, is_much, much_of
from index.view.vectors import Vectors
from index.view.watch import Watch

SNAPSHOT_S = 300.0
CLOSING_CHANGES = 500  # it takes less time to replay fewer than to write a whole snapshot
BATCH_ROWS = 512  # 60 to 300 ms; what waits in between, removals among it, takes 0.1 ms
PENDING_ROWS = 20_000  # as many rows as a search may have to look at beside the graph: 1.3 ms

Assign = Callable[[Graph, Keys, Keys], None]


class Indexer:
    """The only one that changes the graph.

    `failed` says that a fault of our own ended the thread; searches stay right, and grow slower.
    """

    def __init__(self, vectors: Vectors, snapshots: Snapshots | None, shared: Shared, loading: Loading) -> None:
        self._vectors, self._snapshots, self._loading = vectors, snapshots, loading
        self._shared = shared
        self.watch = Watch(vectors, shared.recall)
        self._crew, self._pace = Crew(), Pace()
        self._wake = threading.Condition()
        self._work, self._closing, self._caught_up = True, False, False
        self._changes, self._unsaved, self._saved_s = 0, 0, time.monotonic()  # unsaved: when saving failed
        self._asked, self._leave_snapshot, self._saving = False, True, False
        self._hindered: str | None = None
        self._unwritten: str | None = None
        self._rests = Rests()
        self.rebuilds, self.failed = 0, False
        self._thread = threading.Thread(target=self._run, name="index-view", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> str | None:
        """Why the graph cannot be kept up to date, or the last snapshot could not be written."""
        return self._hindered or self._unwritten

    def notify(self) -> None:
        """Say that rows came or went."""
        with self._wake:
            self._work, self._caught_up = True, False
            self._wake.notify_all()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the graph has every row; return whether it has."""
        with self._wake:
            self._wake.wait_for(lambda: self._caught_up or self._closing or self.failed, timeout_s)
            return self._caught_up

    def pace(self, rows: int, others_wait: Callable[[], bool], *, lone: bool = False) -> float:
        """Hold up the writer of so many rows while the graph is far behind; return for how long (s).

        A snapshot ends that, since the writer has to record it, as does all that keeps the graph from growing.
        """
        if not rows or self._lets_go():
            return 0.0
        with self._wake:
            return self._pace.hold(self._wake, self._lets_go, others_wait, self._pace.longest_s(rows, lone=lone))

    def _lets_go(self) -> bool:
        stands = self._closing or self.failed or self._saving or self._hindered is not None or not self._loading.done
        return stands or self._vectors.pending <= PENDING_ROWS

    def close(self, *, leave_snapshot: bool = True) -> None:
        """Stop within one piece of work, and leave a snapshot if much has changed since the last."""
        with self._wake:
            self._closing = True
            self._leave_snapshot &= leave_snapshot
            self._wake.notify_all()
        self._thread.join()

    def checkpoint(self) -> None:
        """Have a snapshot written as soon as the graph has every row."""
        with self._wake:
            self._asked = True
        self.notify()

    def _run(self) -> None:
        try:
            while not self._followed():
                with self._wake:
                    self._wake.wait_for(lambda: self._closing, self._rests.next_s())
                    self._work = True
        except BaseException:  # the thread's outermost frame: `failed` must show it
            with self._wake:
                self.failed = True
                self._wake.notify_all()
            self._shared.report()
            raise

    def _followed(self) -> bool:
        """Follow until it is closed; return whether it is, or the surroundings hinder it."""
        try:
            self._follow()
        except Exception as error:  # the surroundings' error is told; every other one ends the thread
            if not is_of_surroundings(error):
                raise
            self._hindered = f"the graph cannot be kept up to date: {error}"
            return self._closing
        return True

    def _follow(self) -> None:
        if not self._loading.run(lambda: self._closing):
            return
        self._vectors.graph.measure()
        while True:
            with self._wake:
                rested = not self._wake.wait_for(lambda: self._work or self._closing, self._rest_s())
                self._work = False
                if self._closing:
                    break
            if rested and self._until_snapshot_s() != 0:
                if self._snapshots is not None and self.watch.looks:
                    self._save_if(0)
                else:
                    self.watch.step()
                continue
            self._catch_up()
            self._vectors.graph.measure()
            self._hindered = None
            self._rests.reset()
            with self._wake:
                asked, self._asked = self._asked, False
            self._save_if(0 if asked else much_of(len(self._vectors)))
            with self._wake:
                self._caught_up = not self._work
                self._wake.notify_all()
        self._changes += self._unsaved
        if self._leave_snapshot:
            self._save_if(0 if self._asked else CLOSING_CHANGES)

    def _rest_s(self) -> float | None:
        """Return how long there is nothing to do, unless somebody calls."""
        waits = [wait for wait in (self._until_snapshot_s(), self.watch.rest_s()) if wait is not None]
        return min(waits, default=None)

    def _until_snapshot_s(self) -> float | None:
        if not self._changes + self._unsaved or self._snapshots is None:
            return None
        return max(0.0, self._saved_s + SNAPSHOT_S - time.monotonic())

    def _catch_up(self) -> None:
        while not self._closing:
            self._sweep()
            capture, graph = self._vectors.capture()
            if is_much(graph.tombstones, len(graph) + graph.tombstones):
                self._rebuild(graph.parameters)
                continue
            if is_much(self._vectors.dead, len(capture.keys), dead_share(bounded=bool(self._shared.bound.most_bytes))):
                self._vectors.compact(graph, graph, self._vectors.clock)
                continue
            pending = capture.first_missing(BATCH_ROWS)
            if not len(pending):
                return
            started_s = time.monotonic()
            added = self._add(graph, capture, pending, self._vectors.assign)
            self.watch.step_at_times()
            self._pace.note(added, time.monotonic() - started_s)
            self._changes += added
            self._save_if(much_of(len(self._vectors)))

    def _sweep(self) -> None:
        """Remove from the graph the nodes all of whose rows are gone."""
        graph, deserted = self._vectors.release()  # first: a search under way looks again at what is not in the graph
        if len(deserted):
            graph.remove(deserted)
            self._changes += len(deserted)

    def _add(self, graph: Graph, capture: Capture, slots: Slots, assign: Assign) -> int:
        """Give the rows at these slots their nodes until it is to close; return how many have one."""
        keys, rows, count = capture.keys[slots], capture.rows[slots], 0
        while count < len(keys) and not self._closing:
            with self._shared.crowd() as several:
                threads = self._crew.threads(self._shared.cores, self._vectors.searched_s) if several else 1
                nodes = graph.add(keys[count:], rows[count:], capture, threads)
            added = keys[count : count + len(nodes)]
            assign(graph, added, nodes)
            self.watch.note(graph, added, nodes)
            count += len(nodes)
            with self._wake:
                self._wake.notify_all()
        return count

    def _rebuild(self, parameters: GraphParameters) -> None:
        """Build a graph without tombstones beside the old one, which answers meanwhile; then exchange them."""
        since = self._vectors.clock
        capture, old = self._vectors.capture()
        fresh, regrouped = Graph(parameters), np.zeros(len(capture.keys), np.int64)
        fresh.widen(old.width)

        def assign(_: Graph, keys: Keys, nodes: Keys) -> None:
            regrouped[np.searchsorted(capture.keys, keys)] = nodes

        for start in range(0, len(capture.keys), BATCH_ROWS):
            batch = np.arange(start, min(start + BATCH_ROWS, len(capture.keys)))
            batch = batch[capture.alive[batch]]
            self._add(fresh, capture, batch, assign)
            self._sweep()
        membership = Membership(capture.keys, regrouped, NONE)
        if not self._closing and self._vectors.compact(old, fresh, since, membership):
            self._changes = much_of(len(self._vectors))
            self.rebuilds += 1

    def _save_if(self, changes: int) -> None:
        due = self._changes >= changes or self._until_snapshot_s() == 0
        if self._snapshots is None or not due:
            return
        self._tell_saving(on=True)
        graph, orphans = self._vectors.graph, NONE
        try:
            with self._shared.saving:
                orphans = self._snapshots.save(self._vectors)
            self._unwritten, self._unsaved = None, 0
        except (IndexRoomError, OSError) as error:
            self._unwritten = str(error)
            self._unsaved += self._changes
        finally:
            self._tell_saving(on=False)
            self.watch.see(graph, orphans)
        self._changes, self._saved_s = 0, time.monotonic()

    def _tell_saving(self, *, on: bool) -> None:
        with self._wake:
            self._saving = on
            self._wake.notify_all()
