"""What the graph finds is watched: what it does not reach is compared besides, and a bad one is left aside."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index import Index
from index.search.planner import Planner
from index.store.connections import Database, Readers
from index.view.captures import NONE, Moment
from index.view.graph import Graph, GraphParameters
from index.view.groups import Membership
from index.view.links import leave_vectors
from index.view.snapshots import append_company, read
from index.view.vectors import Vectors
from index.view.verdicts import LOOKS
from index.view.watch import WIDEST, WIDEST_OF_MANY, Watch, aims, first_width
from tests.index.harness import document, open_index
from tests.index.vectors import NDIM, clustered

COUNT = 400
ROWS = clustered(COUNT, 1, clusters=COUNT, spread=2.0)
KEYS = np.arange(1, COUNT + 1)


class ForgetfulGraph(Graph):
    """Never names the nodes that it is told to hide."""

    def __init__(self, hidden: Callable[[int], bool]) -> None:
        super().__init__(GraphParameters(NDIM))
        self.hidden = hidden

    def search(self, query: NDArray[np.float16], count: int, width: int = 0) -> NDArray[np.int64]:
        found = super().search(query, count, width)
        return found[[not self.hidden(node) for node in found.tolist()]]


class NarrowGraph(Graph):
    """Finds of the nearest nodes a share only, the more the wider the search is."""

    def __init__(self, found_by: Callable[[int], float]) -> None:
        super().__init__(GraphParameters(NDIM))
        self.found_by = found_by
        self.random = np.random.default_rng(3)

    def search_within(self, query: NDArray[np.float16], count: int, width: int) -> NDArray[np.int64]:
        found = super().search_within(query, count, width)
        return found[self.random.random(len(found)) < self.found_by(width)]


def watched(graph: Graph, target: float = 0.98) -> tuple[Vectors, Watch]:
    vectors = Vectors(NDIM, graph)
    vectors.append(KEYS, ROWS)
    watch = Watch(vectors, target)
    done = 0
    while done < COUNT:
        nodes = graph.add(KEYS[done:], ROWS[done:].astype(np.float16))
        added = KEYS[done : done + len(nodes)]
        vectors.assign(graph, added, nodes)
        watch.note(graph, added, nodes)
        done += len(nodes)
    return vectors, watch


def work(watch: Watch) -> int:
    """Do all steps that there are, and return how many there were."""
    steps = 0
    while watch.rest_s() is not None:
        watch.step()
        steps += 1
        assert steps < 10_000
    return steps


def nearest(vectors: Vectors, number: int) -> int:
    planner = Planner(Readers(Database(None)), vectors, exact_rows=0)
    found = planner.nearest(ROWS[number], Moment(vectors.clock, COUNT), 1)
    assert found is not None
    return int(found[0].rows[0])


def test_a_good_graph_is_trusted_and_then_let_alone() -> None:
    graph = Graph(GraphParameters(NDIM))
    vectors, watch = watched(graph)
    assert watch.recall is None
    work(watch)
    assert watch.judged
    assert watch.recall is not None
    assert watch.recall >= 0.99
    assert (graph.trusted, graph.width, len(vectors.unreached)) == (True, 128, 0)
    assert work(watch) == 0


def test_nodes_that_the_graph_does_not_lead_to_are_found_all_the_same() -> None:
    graph = ForgetfulGraph(lambda node: node % 100 == 7)
    vectors, watch = watched(graph)
    assert nearest(vectors, 106) != 107
    work(watch)
    assert vectors.unreached.tolist() == [7, 107, 207, 307]
    assert [nearest(vectors, number) for number in (6, 106, 206, 306)] == [7, 107, 207, 307]
    assert graph.trusted
    vectors.discard([107])
    vectors.release()
    assert vectors.unreached.tolist() == [7, 207, 307]


def test_nodes_that_nobody_has_looked_for_are_looked_for_by_the_next_watch() -> None:
    graph = ForgetfulGraph(lambda node: node % 100 == 7)
    vectors, watch = watched(graph)
    for _ in range(4):
        watch.step()
    work(Watch(vectors))
    assert vectors.unreached.tolist() == [7, 107, 207, 307]
    assert not graph.unchecked


def test_nodes_that_nobody_has_looked_for_are_in_a_snapshot(tmp_path: Path) -> None:
    graph = ForgetfulGraph(lambda node: node % 100 == 7)
    vectors, watch = watched(graph)
    for _ in range(4):
        watch.step()
    assert 0 < len(graph.unchecked.all()) < COUNT
    path = tmp_path / "graph"
    graph.write(path)
    leave_vectors(path, tmp_path / "snapshot")
    append_company(tmp_path / "snapshot", graph, vectors.membership())
    fresh = Graph(GraphParameters(NDIM))
    read(fresh, (tmp_path / "snapshot").read_bytes(), vectors.capture()[0])
    assert fresh.unchecked.all().tolist() == graph.unchecked.all().tolist()


def test_a_graph_that_misses_much_is_left_aside_and_taken_again_when_it_is_good() -> None:
    graph = ForgetfulGraph(lambda node: node % 3 == 0)
    vectors, watch = watched(graph)
    graph.widen(WIDEST // 2)
    for _ in range(8 * LOOKS[0]):
        watch.step()
    assert (graph.trusted, graph.width) == (False, WIDEST)
    assert nearest(vectors, 8) == 9
    graph.hidden = lambda _: False
    watch.note(graph, KEYS, KEYS)  # as if all had come anew
    work(watch)
    assert graph.trusted


def test_it_is_said_early_that_a_graph_is_bad() -> None:
    graph = ForgetfulGraph(lambda node: node % 2 == 0)
    _, watch = watched(graph)
    for _ in range(2 * LOOKS[0] + 2):
        watch.step()
    assert graph.width > 128


@pytest.mark.parametrize(("target", "width"), [(0.8, 288), (0.92, 432), (0.98, 648)])
def test_searches_become_as_wide_as_the_target_needs(target: float, width: int) -> None:
    graph = NarrowGraph({128: 0.8, 192: 0.9, 288: 0.97, 432: 0.992, 648: 1.0}.__getitem__)
    _, watch = watched(graph, target)
    graph.unchecked.take(COUNT)
    work(watch)
    assert (graph.trusted, graph.width) == (True, width)
    assert watch.recall is not None
    assert watch.recall >= aims(target, COUNT)[0]


def test_a_graph_that_cannot_reach_the_target_is_left_aside_for_that_target_alone() -> None:
    for target, trusted in ((0.9, True), (0.98, False)):
        graph = NarrowGraph(lambda _: 0.97)
        graph.widen(WIDEST)
        _, watch = watched(graph, target)
        graph.unchecked.take(COUNT)
        work(watch)
        assert graph.trusted == trusted


def test_searches_that_are_wider_than_needed_become_narrower() -> None:
    graph = NarrowGraph(lambda width: 1.0 if width >= 256 else 0.5)
    graph.widen(1_024)
    _, watch = watched(graph)
    graph.unchecked.take(COUNT)
    work(watch)
    assert (graph.trusted, graph.width) == (True, 302)


def test_searches_of_many_rows_begin_wide_and_few_rows_may_miss_less() -> None:
    assert [first_width(rows) for rows in (0, 200_000, 200_001, 800_000, 1_000_000, 10_000_000)] == [
        128, 128, 256, 512, 1_024, 1_024
    ]  # fmt: skip
    assert first_width(10_000_000) < WIDEST_OF_MANY
    assert aims(0.98, 100_000) == pytest.approx((0.995, 0.99))
    assert aims(0.98, 1_000_000) == (0.98, 0.98)


def test_the_target_of_an_index_reaches_its_watches(tmp_path: Path) -> None:
    index = Index(tmp_path, "model", NDIM, recall=0.9)
    assert index.collection().stats().recall_target == 0.9
    assert index.create("another").memory.indexer.watch.target == 0.9  # type: ignore[union-attr]
    index.close()


def test_a_graph_that_was_exchanged_is_looked_at_anew() -> None:
    graph = Graph(GraphParameters(NDIM))
    vectors, watch = watched(graph)
    work(watch)
    fresh = Graph(GraphParameters(NDIM))
    assert vectors.compact(graph, fresh, vectors.clock, Membership(NONE, NONE, NONE))
    assert not watch.judged
    watch.step()
    nodes = np.concatenate([fresh.add(KEYS[at : at + 1], ROWS[at : at + 1].astype(np.float16)) for at in range(COUNT)])
    vectors.assign(fresh, KEYS, nodes)
    work(watch)
    assert watch.judged


@pytest.mark.parametrize("count", [0, 1, 5])
def test_few_rows_are_no_trouble(count: int) -> None:
    index = open_index(None)
    collection = index.collection()
    collection.put_many([document(str(n), n) for n in range(count)]).result()
    assert collection.wait_until_viewed(60)
    watch = Watch(collection.memory.vectors)
    work(watch)
    assert index.well
    assert not collection.stats().exact
    index.close()


def test_a_graph_whose_rows_have_all_gone_is_no_trouble() -> None:
    graph = Graph(GraphParameters(NDIM))
    vectors, watch = watched(graph)
    vectors.discard(KEYS.tolist())
    assert vectors.compact(graph, graph, vectors.clock)
    assert not len(vectors.capture()[0].keys)
    for _ in range(20):
        watch.step()
