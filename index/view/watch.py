"""Watches what the graph finds while there is nothing else to do, and acts where that is too little.

Some stored rows are drawn, each is moved some way off at random, and its ten nearest through the graph are compared
with the ten nearest of all rows: where more are missing than the target of recall allows, searches become wider, and
in the end leave the graph aside and compare every row. And each new node is looked for by its own row: the rows of one
that is not found are compared by every search from then on.
"""

import time

import numpy as np
from numpy.typing import NDArray

from index.store.shared import RECALL
from index.view.captures import Capture, Keys, Slots, places
from index.view.graph import GRAPH_ROWS, Graph
from index.view.sampling import nearest_scores
from index.view.scores import scores_at
from index.view.vectors import Vectors
from index.view.verdicts import MOST_SAMPLES, verdict

NEAREST = 10
# How far, by the row's own length: of a million rows 0.950, 0.976 and 0.979 are found for such with widths of 256, 512
# and 1,024, 0.964, 0.976 and 0.981 for other sentences, 0.947, 0.969 and 0.972 for rows moved by 1.
MOVED = 0.5
TOGETHER = 16  # rows that are drawn at once
SAME = np.float32(2e-6)  # by which one product differs that is summed in two ways
# Comparing so many rows takes little more time than the widest search; of more the graph may miss more.
AFFORDABLE_ROWS = 200_000
WIDEST, WIDEST_OF_MANY = 1_024, 4_096  # 2.4 ms a search of 100,000 rows; 15 ms of a million, all of which take 60
FIRST_WIDTH, MOST_AT_FIRST = 128, 1_024
STEP = 1.5  # from a width to the next: a search takes about as much longer
CHANGED_SHARE = 0.05  # of the rows, after which the graph is another
EXACT_ROWS = 20_000  # of fewer no search goes through the graph
CHECKED_NODES, RESCUED_NODES = 4, 16  # at a time: 1 ms, 2 ms
BUSY_S, BUSY_RESTS = 0.5, 30  # between two samples while rows are added: that long, and times what one took
RESTS = 4  # times what a step took


class Watch:
    """Belongs to the thread that changes the graph. `recall` is what was found last, None before that is known.

    `target` is the share of the nearest that searches must find.
    """

    def __init__(self, vectors: Vectors, target: float = RECALL, seed: int = 0) -> None:
        self._vectors = vectors
        self.target = target
        self._random = np.random.default_rng(seed)
        self._shares: list[float] = []
        self._narrower: list[float] = []  # of the same samples, by a step narrower
        self._widened, self._first_width = vectors.graph, 0
        self._judged: Graph | None = None
        self._changed, self._turns = 0, 0
        self._grown = 0  # since it was looked for orphans
        self._stepped_s, self._taken_s = time.monotonic(), 0.0
        self.recall: float | None = None
        self._begin_wide(vectors.graph)

    def note(self, graph: Graph, keys: Keys, nodes: Keys) -> None:
        """Take in which rows were added, and their nodes."""
        self._changed += len(keys)
        self._grown += len(keys)
        graph.unchecked.add(nodes[nodes == keys])
        self._begin_wide(graph)

    @property
    def looks(self) -> bool:
        """Whether so many rows came since it was looked for orphans that they have to be looked for first."""
        rows = len(self._vectors)
        return rows > EXACT_ROWS and self._grown > CHANGED_SHARE * rows

    def see(self, graph: Graph, orphans: Keys) -> None:
        """Take in which nodes of a graph no other leads to."""
        self._grown = 0
        if graph is self._vectors.graph and len(orphans):
            graph.orphans.add(orphans)
            self._judged, self._shares, self._narrower = None, [], []

    def _begin_wide(self, graph: Graph) -> None:
        """Widen searches as rows become many, before it is known what they find: later they may become narrower."""
        if graph is not self._widened:  # one that was loaded or built anew has its own width, and was not looked at
            self._widened, self._first_width, self._shares, self._narrower = graph, 0, [], []
        if (width := first_width(len(self._vectors))) > self._first_width:
            self._first_width = width
            if graph.width < width:
                graph.widen(width)
                self._shares, self._narrower = [], []

    def rest_s(self) -> float | None:
        """Return how long to wait for the next step; None where there is none."""
        graph = self._vectors.graph
        if not (graph.unchecked or graph.orphans) and self.judged:
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
        self._begin_wide(graph)
        rescues = bool(graph.orphans)
        if rescues:
            self._rescue(graph, graph.orphans.take(RESCUED_NODES))
        elif not self.judged and not (graph.unchecked and self._turns % 2):
            self._sample()
        elif graph.unchecked:
            self._check(graph, graph.unchecked.take(CHECKED_NODES))
        self._turns += 1
        self._stepped_s = time.monotonic()
        self._taken_s = (self._stepped_s - started_s) / (RESTS if rescues else 1)  # searches miss them until then

    def step_at_times(self) -> None:
        """Draw rows now and then while there is other work: documents may come without an end."""
        started_s = time.monotonic()
        if started_s > self._stepped_s + max(BUSY_S, BUSY_RESTS * self._taken_s) and not self.judged:
            self._sample()
            self._stepped_s = time.monotonic()
            self._taken_s = self._stepped_s - started_s

    def _rescue(self, graph: Graph, orphans: Keys) -> None:
        """Have searches find nodes that hardly any other leads to."""
        capture, current = self._vectors.capture()
        slots, there = places(capture.keys, orphans)
        if graph is current and there.any():
            graph.rescue(orphans[there], capture.rows[slots[there]])

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
        """Draw some rows, and compare what the graph finds for them with what there is."""
        capture, graph = self._vectors.capture()
        there = capture.alive & capture.viewed
        drawn = self._random.integers(0, max(1, len(there)), 8 * TOGETHER if len(there) else 0)
        drawn = drawn[there[drawn]][:TOGETHER]
        if len(drawn) and not graph.busy:
            queries = np.stack([moved(capture.rows[slot], self._random) for slot in drawn])
            for query, wanted in zip(queries, nearest_scores(capture.rows, there, queries, NEAREST), strict=True):
                if self._compare(capture, graph, query, wanted):
                    break  # the other queries are of searches as they were
        elif not there.any():
            self._finish(graph)

    def _compare(self, capture: Capture, graph: Graph, query: NDArray[np.float16], wanted: NDArray[np.float32]) -> bool:
        """Note which share of the wanted scores the graph reaches; return whether that decided anything."""
        after, slots = self._vectors.found(capture, None, graph.search(query, GRAPH_ROWS))
        self._shares.append(reached(after, slots, query, wanted))
        if graph.width > FIRST_WIDTH:
            nodes = graph.search_within(query, GRAPH_ROWS, narrower_than(graph.width))
            after, slots = self._vectors.found(capture, None, nodes)
            self._narrower.append(reached(after, slots, query, wanted))
        return self._judge(graph)

    def _judge(self, graph: Graph) -> bool:
        """Act on what is known from the samples, if it is enough to tell; return whether it is."""
        rows = len(self._vectors)
        aim, least = aims(self.target, rows)
        widest = WIDEST if rows <= AFFORDABLE_ROWS else WIDEST_OF_MANY
        at_widest = graph.width >= widest
        found, mean = verdict(self._shares, least if at_widest else aim), float(np.mean(self._shares))
        if found is None and len(self._shares) < MOST_SAMPLES:
            return False
        narrower = verdict(self._narrower, aim)
        self.recall, self._shares, self._narrower = mean, [], []
        if at_widest:
            graph.trusted = found is not False
        elif found is False or (found is None and mean < aim):
            graph.widen(min(widest, int(graph.width * STEP)))
            return True
        else:
            graph.trusted = True
        if narrower:
            graph.widen(narrower_than(graph.width))
        else:
            self._finish(graph)
        return True

    def _finish(self, graph: Graph) -> None:
        self._judged, self._changed = graph, 0


def aims(target: float, rows: int) -> tuple[float, float]:
    """Return below which recall searches become wider, and below which they compare every row.

    Of few rows less may be missing than the target says, a quarter and half as much, since it costs them little.
    """
    missing = 1 - target
    return (1 - missing / 4, 1 - missing / 2) if rows <= AFFORDABLE_ROWS else (target, target)


def first_width(rows: int) -> int:
    """Return how wide searches of so many rows begin: twice the rows need about twice the width."""
    width = FIRST_WIDTH
    while width < MOST_AT_FIRST and rows > AFFORDABLE_ROWS * width // FIRST_WIDTH:
        width *= 2
    return width


def narrower_than(width: int) -> int:
    return max(FIRST_WIDTH, int(width / STEP))


def reached(capture: Capture, slots: Slots, query: NDArray[np.float16], wanted: NDArray[np.float32]) -> float:
    """Return the share of the wanted scores, which ascend, that rows at these slots reach."""
    hits = np.count_nonzero(scores_at(capture.rows, slots, query) >= wanted[0] - SAME)
    return min(1.0, float(hits) / len(wanted))


def moved(row: NDArray[np.float16], random: np.random.Generator) -> NDArray[np.float16]:
    """Return a row of length 1 that stands MOVED off: what is asked for is seldom what is stored."""
    noise = random.normal(size=len(row))
    found = row.astype(np.float64) + MOVED * noise / np.linalg.norm(noise)
    return np.asarray(found / np.linalg.norm(found), np.float16)
