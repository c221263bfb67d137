"""The rows in memory and their view while several threads change them, each interleaving stepped through by hand."""

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np
import pytest
from numpy.typing import NDArray

from index import Query
from index.view.captures import NONE, Capture, Moment
from index.view.graph import Graph, GraphParameters
from index.view.groups import Membership
from index.view.scores import best, scores_at, scores_of
from index.view.upkeep import TOMBSTONES_LEAST
from index.view.vectors import Vectors
from tests.index.harness import document, open_index
from tests.index.vectors import NDIM, clustered, one

ROWS = clustered(8, 1)


class PrecededLock:
    """A lock before which, the next time that anybody takes it, something else is done first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.first: Callable[[], object] | None = None

    def __enter__(self) -> None:
        first, self.first = self.first, None
        if first is not None:
            first()
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


def test_a_row_that_comes_while_others_are_compacted_away_stands_once() -> None:
    lock = PrecededLock()
    vectors = Vectors(NDIM, Graph(GraphParameters(NDIM)), lock=lock)
    vectors.append(range(1, 7), ROWS[:6])
    vectors.discard([1, 2, 3])
    lock.first = lambda: vectors.compact(vectors.graph, Graph(GraphParameters(NDIM)), vectors.clock)
    vectors.append([7], ROWS[6:7])
    capture, _ = vectors.capture()
    assert capture.keys.tolist() == [4, 5, 6, 7]
    assert (capture.rows == ROWS[3:7].astype(np.float16)).all()
    assert (len(vectors), vectors.pending) == (4, 4)


def test_rows_are_counted_while_others_are_compacted_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks how many there are does not wait for it."""
    vectors, counted = Vectors(NDIM, Graph(GraphParameters(NDIM))), list[int]()
    vectors.append(range(1, 9), ROWS)
    vectors.discard([1, 2, 3, 4, 5, 6])
    settled = Capture.settled_after

    def counting(capture: Capture, since: int) -> int:
        counted.append(len(vectors))
        return settled(capture, since)

    monkeypatch.setattr(Capture, "settled_after", counting)
    assert vectors.compact(vectors.graph, vectors.graph, vectors.clock)
    assert counted == [2]
    assert len(vectors) == 2


def test_rows_are_counted_whatever_happens_to_them() -> None:
    view = Graph(GraphParameters(NDIM))
    vectors = Vectors(NDIM, view)
    vectors.append(range(1, 9), ROWS)
    view.add(np.arange(1, 5), ROWS[:4].astype(np.float16))
    vectors.assign(view, np.arange(1, 5), np.arange(1, 5))
    vectors.assign(view, np.arange(1, 5), np.arange(1, 5))
    vectors.discard([1, 5, 5, 99])
    vectors.discard([1])
    assert (len(vectors), vectors.dead, vectors.pending) == (6, 2, 3)
    assert vectors.release()[1].tolist() == [1]
    assert vectors.release()[1].tolist() == []
    assert vectors.pending == 3
    vectors.assign(view, np.arange(5, 9), np.array([6, 6, 7, 8]))
    assert vectors.pending == 0
    assert vectors.compact(view, Graph(GraphParameters(NDIM)), vectors.clock, Membership(NONE, NONE, NONE))
    assert (len(vectors), vectors.dead, vectors.pending) == (6, 0, 6)


def test_what_a_search_must_look_at_beside_the_view() -> None:
    view = Graph(GraphParameters(NDIM))
    vectors = Vectors(NDIM, view)
    vectors.append(range(1, 9), ROWS)
    moment = Moment(vectors.clock, 8)
    assert vectors.capture(moment)[0].missing().tolist() == list(range(8))
    vectors.assign(view, np.arange(1, 7), np.arange(1, 7))
    assert vectors.capture(moment)[0].missing().tolist() == [6, 7]
    vectors.discard([2, 7])
    vectors.release()
    vectors.append([9], ROWS[:1])
    assert vectors.capture(moment)[0].missing().tolist() == [1, 6, 7]
    assert vectors.capture()[0].missing().tolist() == [7, 8]
    assert vectors.capture(Moment(vectors.clock, 8))[0].missing().tolist() == [7]


def test_scattered_rows_and_stretches_score_alike() -> None:
    rows, query = ROWS.astype(np.float16), ROWS[0].astype(np.float16)
    every = scores_of(rows, query)
    for slots in ([], [3], [0, 7], [2, 3, 5], list(range(8))):
        assert (scores_at(rows, np.array(slots, np.int64), query) == every[slots]).all()
    assert best(every, 3).tolist() == np.argsort(-every)[:3].tolist()
    assert best(every, 99).tolist() == np.argsort(-every).tolist()


def test_documents_replaced_without_end_reach_the_view_once_each() -> None:
    """Each replacement leaves a tombstone, so views are rebuilt and rows compacted while others come."""
    index = open_index(None)
    collection = index.collection()
    collection.put_many([document(str(n), n) for n in range(20)]).result()
    for _ in range(2 * TOMBSTONES_LEAST + 500):
        collection.put(document("it", 1000)).result()
    assert collection.wait_until_viewed(60)
    assert index.well
    assert collection.stats().rebuilds >= 1
    assert collection.health().problems == ()
    index.close()


class FailingGraph(Graph):
    """Holds what another graph holds, and takes no more."""

    @classmethod
    def like(cls, graph: Graph, file: Path) -> "FailingGraph":
        graph.write(file)
        failing = cls(graph.parameters)
        failing.read(np.fromfile(file, np.uint8))
        return failing

    def add(
        self, keys: NDArray[np.int64], rows: NDArray[np.float16], known: Capture | None = None, threads: int = 1
    ) -> NDArray[np.int64]:
        raise RuntimeError("a fault")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_searches_stay_right_without_the_thread_that_builds_the_view(tmp_path: Path) -> None:
    index = open_index(None)
    collection = index.collection()
    collection.put_many([document(str(n), n, n=n) for n in range(3_000)]).result()
    assert collection.wait_until_viewed(60)
    assert index.well
    vectors = collection.memory.vectors
    vectors.adopt(FailingGraph.like(vectors.graph, tmp_path / "graph"), vectors.membership())
    collection.put(document("new", 7_000, n=7_000)).result()
    collection.wait_until_viewed(60)
    assert not index.well
    assert collection.stats().state == "failed"
    collection.put(document("3", 8_000, n=3)).result()
    collection.delete("4").result()
    for seed, id_ in ((7_000, "new"), (8_000, "3"), (5, "5")):
        assert collection.search(Query(vector=one(seed), top_k=1))[0].id == id_
        assert collection.search(Query(vector=one(seed), top_k=1, filter={"n": {"$gte": 0}}))[0].id == id_
    assert "4" not in {hit.id for hit in collection.search(Query(vector=one(4), threshold=-1, top_k=50))}
    index.close()
    assert not index.well


def test_closing_is_no_fault() -> None:
    index = open_index(None)
    collection = index.collection()
    index.close()
    assert index.well
    assert collection.well


def test_rows_that_went_long_before_the_view_was_taken_are_not_in_it() -> None:
    vectors = Vectors(NDIM, Graph(GraphParameters(NDIM)), grace_s=-1.0)  # forgotten at once
    vectors.append(range(1, 5), ROWS[:4])
    view = Graph(GraphParameters(NDIM))
    view.add(np.arange(1, 5), ROWS[:4].astype(np.float16))
    since = vectors.clock
    vectors.discard([1, 2])
    every = np.arange(1, 5)
    assert vectors.compact(vectors.graph, view, since, Membership(every, every, NONE))
    assert sorted(view.keys()) == [3, 4]
    assert (len(view), view.tombstones) == (2, 2)


def test_a_moment_that_memory_has_forgotten_says_so() -> None:
    vectors = Vectors(NDIM, Graph(GraphParameters(NDIM)), grace_s=0.0)
    vectors.append(range(1, 5), ROWS[:4])
    moment = Moment(vectors.clock, 4)
    assert vectors.capture(moment)[0].whole
    vectors.discard([1])
    vectors.discard([2])
    assert not vectors.capture(moment)[0].whole
    assert vectors.capture(Moment(vectors.clock, 4))[0].whole


class NotingGraph(Graph):
    """Notes how many rows it has whenever it lets searches go first."""

    def __init__(self, max_removed_rows: int) -> None:
        super().__init__(GraphParameters(NDIM), max_removed_rows=max_removed_rows)
        self.turns: list[int] = []

    def wait_for_searches(self) -> None:
        self.turns.append(len(self))


def test_many_rows_are_removed_in_pieces_between_which_searches_go() -> None:
    view = NotingGraph(max_removed_rows=2)
    view.add(np.arange(1, 5), ROWS[:4].astype(np.float16))
    view.add(np.arange(5, 9), ROWS[4:].astype(np.float16))
    count = len(view)
    view.turns.clear()
    view.remove(view.keys())
    assert view.turns == list(range(count, 0, -2))
    assert (len(view), view.tombstones) == (0, count)


def test_no_thread_begins_after_closing() -> None:
    index = open_index(None)
    memory = index.collection().memory
    memory.close()
    before = memory.indexer
    memory.load()
    assert memory.indexer is before
    index.close()


def test_a_capture_shows_what_was_alive_when_it_was_taken() -> None:
    vectors = Vectors(NDIM, Graph(GraphParameters(NDIM)))
    vectors.append(np.arange(1, 9), ROWS)
    moment = Moment(vectors.clock, 8)
    before, _ = vectors.capture(moment)
    vectors.discard([3])
    again, _ = vectors.capture(moment)
    after, _ = vectors.capture(Moment(vectors.clock, 8))
    vectors.discard([5])
    assert before.alive.tolist() == [True] * 8
    assert again.alive.tolist() == [True] * 8
    assert after.alive.tolist() == [True, True, False, True, True, True, True, True]
    assert np.flatnonzero(~vectors.capture()[0].alive).tolist() == [2, 4]
