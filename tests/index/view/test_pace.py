"""Writers are held up while the graph is far behind: as long as it takes for what they brought, and no longer."""

import errno
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from index.store.shared import Shared
from index.view.graph import Graph, GraphParameters
from index.view.indexer import Indexer
from index.view.loading import Loading
from index.view.pace import LONE_S, LONGEST_S, SLACK, USUAL_ROW_S, Pace
from index.view.vectors import Vectors
from tests.index.harness import entry, open_index
from tests.index.vectors import NDIM, clustered

PENDING = 20
LONG_S = 30.0


class GatedGraph(Graph):
    """Adds a few rows at a time when it is let, or fails as the surroundings do."""

    def __init__(self) -> None:
        super().__init__(GraphParameters(NDIM))
        self.gate = threading.Semaphore(0)
        self.full = False

    def add(self, keys: NDArray[np.int64], rows: NDArray[np.float16], *rest: Any) -> NDArray[np.int64]:
        assert self.gate.acquire(timeout=LONG_S)
        if self.full:
            raise OSError(errno.ENOMEM, "no memory")
        return super().add(keys[:4], rows[:4], *rest)


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph that is so slow, as far as it is known, that nothing but itself ends a wait."""
    monkeypatch.setattr("index.view.indexer.PENDING_ROWS", PENDING)
    monkeypatch.setattr("index.view.pace.USUAL_ROW_S", LONG_S)
    monkeypatch.setattr("index.view.pace.SLACK", 1e9)  # what it measures of these few rows is as good as nothing
    monkeypatch.setattr("index.view.pace.LONGEST_S", LONG_S)


@pytest.fixture
def graph() -> GatedGraph:
    return GatedGraph()


@pytest.fixture
def vectors(graph: GatedGraph) -> Vectors:
    return Vectors(NDIM, graph)


@pytest.fixture
def indexer(patience: None, graph: GatedGraph, vectors: Vectors) -> Iterator[Indexer]:
    loading = Loading(vectors, None)
    made = Indexer(vectors, None, Shared(), loading)
    assert loading.wait(LONG_S)  # nobody is held up before
    yield made
    graph.gate.release(10_000)
    made.close()


def write(vectors: Vectors, indexer: Indexer, count: int) -> None:
    first = len(vectors) + 1
    vectors.append(range(first, first + count), clustered(count, first))
    indexer.notify()


def test_who_is_not_far_ahead_is_not_held_up(graph: GatedGraph, vectors: Vectors, indexer: Indexer) -> None:
    write(vectors, indexer, PENDING)
    assert indexer.pace(PENDING, lambda: False) == 0
    assert vectors.pending == PENDING


def test_who_is_ahead_waits_until_no_more_rows_than_these_wait(
    graph: GatedGraph, vectors: Vectors, indexer: Indexer
) -> None:
    graph.gate.release(3)
    for _ in range(5):
        write(vectors, indexer, 12)
        graph.gate.release(3)
        indexer.pace(12, lambda: False)
        assert vectors.pending <= PENDING
    write(vectors, indexer, 40)
    held = list[float]()
    writer = threading.Thread(target=lambda: held.append(indexer.pace(40, lambda: False)))
    writer.start()
    graph.gate.release(40)
    writer.join(LONG_S)
    assert held
    assert held[0] > 0
    assert vectors.pending <= PENDING


def test_who_only_removes_is_not_held_up(graph: GatedGraph, vectors: Vectors, indexer: Indexer) -> None:
    write(vectors, indexer, 10 * PENDING)
    assert indexer.pace(0, lambda: False) == 0


def test_a_graph_that_cannot_grow_holds_nobody_up(graph: GatedGraph, vectors: Vectors, indexer: Indexer) -> None:
    write(vectors, indexer, 10 * PENDING)
    graph.full = True
    held = list[float]()
    writer = threading.Thread(target=lambda: held.append(indexer.pace(200, lambda: False)))
    writer.start()
    graph.gate.release()
    until_hindered(indexer)
    assert indexer.pace(200, lambda: False) == 0
    graph.full = False
    graph.gate.release(10_000)
    writer.join(LONG_S)
    assert held


def until_hindered(indexer: Indexer) -> None:
    for _ in range(int(LONG_S * 100)):
        if indexer.failure is not None:
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never was hindered")


def test_one_that_is_closed_holds_nobody_up(graph: GatedGraph, vectors: Vectors, indexer: Indexer) -> None:
    write(vectors, indexer, 10 * PENDING)
    graph.gate.release(10_000)
    indexer.close()
    write(vectors, indexer, 10 * PENDING)
    assert indexer.pace(200, lambda: False) == 0


def test_others_who_wait_to_write_wait_no_longer_than_for_one_document(
    graph: GatedGraph, vectors: Vectors, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.view.pace.LONE_S", 0.0)
    write(vectors, indexer, 10 * PENDING)
    graph.gate.release(1)
    indexer.pace(200, lambda: True)
    assert vectors.pending > PENDING


def test_a_wait_is_as_long_as_what_was_measured_says() -> None:
    pace = Pace()
    assert pace.longest_s(100) == pytest.approx(100 * USUAL_ROW_S * SLACK)
    pace.note(1_000, 4.0)
    assert pace.longest_s(100) == pytest.approx(0.4 * SLACK)
    for _ in range(20):
        pace.note(1_000, 1.0)
    assert 0.1 * SLACK <= pace.longest_s(100) < 0.2 * SLACK  # what was slow is forgotten
    pace.note(0, 1.0)
    assert pace.longest_s(0) == 0


def test_no_wait_lasts_for_ever_and_none_of_one_document_long() -> None:
    pace = Pace()
    pace.note(10, 60.0)
    assert pace.longest_s(16_384, lone=True) == LONE_S
    assert pace.longest_s(64) == LONGEST_S


def test_who_was_held_up_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.view.indexer.PENDING_ROWS", 10)
    index = open_index(tmp_path)
    collection = index.collection()
    slow = collection.put_many([entry(str(number), [number]) for number in range(400)])
    slow.result(LONG_S)
    assert slow.held_s > 0
    assert collection.stats().held_s == slow.held_s
    assert collection.wait_until_viewed(LONG_S)
    quick = collection.put(entry("one", [1]))
    quick.result(LONG_S)
    assert quick.held_s == 0
    index.close()
