"""Watches what the graph finds while there is nothing else to do, and acts where that is too little.

Some stored rows are drawn, each is moved some way off at random, and its ten nearest through the graph are compared
with the ten nearest of all rows: where more are missing than the target of recall allows, searches become wider, and
in the end leave the graph aside and compare every row. And each new node is looked for by its own row: the rows of one
that is not found are compared by every search from then on. What hardly any node leads to, as a snapshot's file tells,
is found through a small graph of its own, before it is judged how wide searches must be.
"""

import time

import numpy as np

from index.store.shared import RECALL
from index.view.captures import Keys, Moment, places
from index.view.graph import GRAPH_ROWS, Graph
from index.view.sampling import Sample, moved, nearest_scores, reached
from index.view.upkeep import SNAPSHOT_CHANGES
from index.view.vectors import Vectors
from index.view.verdicts import MOST_SAMPLES, verdict

NEAREST = 10
TOGETHER = 16  # rows that are drawn at once
# Comparing so many rows takes little more time than the widest search; of more the graph may miss more.
AFFORDABLE_ROWS = 200_000
WIDEST, WIDEST_OF_MANY = 1_024, 4_096  # 2.4 ms a search of 100,000 rows; 15 ms of a million, all of which take 60
FIRST_WIDTH, MOST_AT_FIRST = 128, 1_024
STEP = 1.5  # from a width to the next: a search takes about as much longer
CHANGED_SHARE = 0.05  # of the rows, after which the graph is another
MANY_ORPHANS = 0.002  # of the rows: so many more are missed, or found once they are rescued
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
        return rows > EXACT_ROWS and self._grown > max(SNAPSHOT_CHANGES, CHANGED_SHARE * rows)

    def see(self, graph: Graph, orphans: Keys) -> None:
        """Take in which nodes of a graph hardly any other leads to; none where they could not be looked for.

        Where they are many the graph is judged anew, after they are rescued.
        """
        self._grown = 0
        if graph is self._vectors.graph:
            new = np.setdiff1d(orphans, graph.rescued())
            graph.orphans.clear()
            graph.orphans.add(new)
            if len(new) > MANY_ORPHANS * len(self._vectors):
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
        """Have searches find nodes that hardly any other leads to, by a living row of each."""
        after, slots = self._vectors.found(self._vectors.capture()[0], None, orphans)
        nodes, firsts = np.unique(after.nodes[slots], return_index=True)
        sought = np.isin(nodes, orphans)
        if graph is self._vectors.graph and sought.any():
            graph.rescue(nodes[sought], after.rows[slots[firsts[sought]]])

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
        clock, first = self._vectors.clock, self._vectors.capture()[0]
        moment = Moment(clock, int(first.keys[-1]) if len(first.keys) else 0)
        capture, graph = self._vectors.capture(moment)
        there = capture.alive & capture.viewed
        drawn = self._random.integers(0, max(1, len(there)), 8 * TOGETHER if len(there) else 0)
        drawn = drawn[there[drawn]][:TOGETHER]
        if len(drawn) and not graph.busy:
            queries = np.stack([moved(capture.rows[slot], self._random) for slot in drawn])
            for query, wanted in zip(queries, nearest_scores(capture.rows, there, queries, NEAREST), strict=True):
                if self._compare(Sample(moment, capture, there, query, wanted), graph):
                    break  # the other queries are of searches as they were
        elif not there.any():
            self._finish(graph)

    def _compare(self, sample: Sample, graph: Graph) -> bool:
        """Note which share of a sample the graph reaches; return whether no more of them are to be compared."""
        share = self._share(sample, graph.search(sample.query, GRAPH_ROWS))
        if share is None:
            return True
        if graph.width > FIRST_WIDTH:
            narrower = self._share(sample, graph.search_within(sample.query, GRAPH_ROWS, narrower_than(graph.width)))
            if narrower is None:
                return True
            self._narrower.append(narrower)
        self._shares.append(share)
        return self._judge(graph)

    def _share(self, sample: Sample, nodes: Keys) -> float | None:
        """Return the share of what is wanted that these nodes reach; None where rows of the moment are forgotten."""
        after, slots = self._vectors.found(sample.capture, sample.moment, nodes)
        if after.generation != sample.capture.generation or not after.whole:
            return None
        return reached(after, slots[sample.there[slots]], sample.query, sample.wanted)

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
