"""Watches what the graph finds while there is nothing else to do, and acts where that is too little.

Some stored rows are drawn, each is moved some way off at random, and its ten nearest through the graph are compared
with the ten nearest of all rows: where too many are missing, searches become wider, and in the end leave the graph
aside and compare every row. And each new node is looked for by its own row: the rows of one that is not found are
compared by every search from then on.
"""

import time

import numpy as np
from numpy.typing import NDArray

from index.view.captures import Keys, places
from index.view.graph import GRAPH_ROWS, Graph
from index.view.scores import scores_at, scores_of
from index.view.vectors import Vectors

NEAREST = 10
SAMPLES, FEW_SAMPLES = 64, 16  # after few it is said already that the graph is bad
BAD_RECALL = 0.9
WIDEST = 1_024  # 2.4 ms a search of 100,000 rows, 3.4 ms of a million
# Comparing so many rows takes little more time than the widest search; of more the graph may miss some.
AFFORDABLE_ROWS = 200_000
# Below the first searches become wider, below the second every row is compared; then the same of many rows.
FEW_RECALL, MANY_RECALL = (0.995, 0.99), (0.98, 0.95)
CHANGED_SHARE = 0.05  # of the rows, after which the graph is another
CHECKED_NODES = 4  # at a time: 1 ms
BUSY_S, BUSY_RESTS = 0.5, 30  # between two samples while rows are added: that long, and times what one took
RESTS = 4  # times what a step took


class Watch:
    """Belongs to the thread that changes the graph. `recall` is what was found last, None before that is known."""

    def __init__(self, vectors: Vectors, seed: int = 0) -> None:
        self._vectors = vectors
        self._random = np.random.default_rng(seed)
        self._shares: list[float] = []
        self._judged: Graph | None = None
        self._changed, self._turns = 0, 0
        self._stepped_s, self._taken_s = time.monotonic(), 0.0
        self.recall: float | None = None

    def note(self, graph: Graph, keys: Keys, nodes: Keys) -> None:
        """Take in which rows were added, and their nodes."""
        self._changed += len(keys)
        graph.unchecked.add(nodes[nodes == keys])

    def rest_s(self) -> float | None:
        """Return how long to wait for the next step; None where there is none."""
        if not self._vectors.graph.unchecked and self.judged:
            return None
        return max(0.0, self._stepped_s + RESTS * self._taken_s - time.monotonic())

    @property
    def judged(self) -> bool:
        """Whether it is known how good the graph is."""
        rows = len(self._vectors)
        return not rows or (self._judged is self._vectors.graph and self._changed <= CHANGED_SHARE * rows)

    def step(self) -> None:
        """Do a piece of the work."""
        started_s, graph = time.monotonic(), self._vectors.graph
        if not self.judged and not (graph.unchecked and self._turns % 2):
            self._sample()
        elif graph.unchecked:
            self._check(graph, graph.unchecked.take(CHECKED_NODES))
        self._turns += 1
        self._stepped_s = time.monotonic()
        self._taken_s = self._stepped_s - started_s

    def step_at_times(self) -> None:
        """Draw a row now and then while there is other work: documents may come without an end."""
        started_s = time.monotonic()
        if started_s > self._stepped_s + max(BUSY_S, BUSY_RESTS * self._taken_s) and not self.judged:
            self._sample()
            self._stepped_s = time.monotonic()
            self._taken_s = self._stepped_s - started_s

    def _check(self, graph: Graph, nodes: Keys) -> None:
        """Look for nodes by their own rows."""
        capture, current = self._vectors.capture()
        if graph is not current or not len(capture.keys):
            return
        slots, there = places(capture.keys, nodes)
        slots = slots[there & (capture.nodes[slots] == nodes)]
        lost = [slot for slot in slots if capture.nodes[slot] not in graph.search(capture.rows[slot], NEAREST)]
        if lost:
            self._vectors.mark_unreached(graph, capture.keys[lost])

    def _sample(self) -> None:
        """Draw a row, and compare what the graph finds for it with what there is."""
        capture, graph = self._vectors.capture()
        there = capture.alive & capture.viewed
        drawn = self._random.integers(0, max(1, len(there)), 8 if len(there) else 0)
        drawn = drawn[there[drawn]]
        if len(drawn) and not graph.busy:
            query = moved(capture.rows[drawn[0]], self._random)
            every = np.where(there, scores_of(capture.rows, query), np.float32(-np.inf))
            edge = np.sort(np.partition(every, -min(NEAREST, len(every)))[-NEAREST:])
            wanted = edge[np.isfinite(edge)]
            after, slots = self._vectors.found(capture, None, graph.search(query, GRAPH_ROWS))
            hits = np.count_nonzero(scores_at(after.rows, slots, query) >= wanted[0])
            self._shares.append(min(1.0, float(hits) / len(wanted)))
        elif not there.any():
            self._finish(graph)
        if len(self._shares) >= SAMPLES or (len(self._shares) >= FEW_SAMPLES and np.mean(self._shares) < BAD_RECALL):
            self._judge(graph)

    def _judge(self, graph: Graph) -> None:
        self.recall, self._shares = float(np.mean(self._shares)), []
        wanted, least = FEW_RECALL if len(self._vectors) <= AFFORDABLE_ROWS else MANY_RECALL
        if self.recall < wanted and graph.width < WIDEST:
            graph.widen(2 * graph.width)
            return
        graph.trusted = self.recall >= least
        self._finish(graph)

    def _finish(self, graph: Graph) -> None:
        self._judged, self._changed = graph, 0


def moved(row: NDArray[np.float16], random: np.random.Generator) -> NDArray[np.float16]:
    """Return a row of length 1 that stands half a right angle off: what is asked for is seldom what is stored."""
    noise = random.normal(size=len(row))
    found = row.astype(np.float64) + noise / np.linalg.norm(noise)
    return np.asarray(found / np.linalg.norm(found), np.float16)
