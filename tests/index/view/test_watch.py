"""What the graph finds is watched: what it does not reach is compared besides, and a bad one is left aside."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.search.planner import Planner
from index.store.connections import Database, Readers
from index.view.captures import NONE, Moment
from index.view.graph import Graph, GraphParameters
from index.view.groups import Membership
from index.view.links import leave_vectors
from index.view.snapshots import append_company, read
from index.view.vectors import Vectors
from index.view.watch import FEW_SAMPLES, SAMPLES, WIDEST, Watch
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


def watched(graph: Graph) -> tuple[Vectors, Watch]:
    vectors = Vectors(NDIM, graph)
    vectors.append(KEYS, ROWS)
    watch = Watch(vectors)
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
    for _ in range(2 * SAMPLES):
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
    for _ in range(2 * FEW_SAMPLES + 2):
        watch.step()
    assert graph.width > 128


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
