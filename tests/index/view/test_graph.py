"""The graph while others add, search and remove: its nodes, what they find, and by how many threads it grows."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index.view.graph import GRAPH_ROWS, SHARED_NODES, Graph, GraphParameters
from tests.index.vectors import NDIM, clustered

ROWS = clustered(4_000, 1, spread=1.5).astype(np.float16)
KEYS = np.arange(1, len(ROWS) + 1)


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
def test_every_node_is_listed_while_others_are_added() -> None:
    graph, known = Graph(GraphParameters(NDIM)), [np.empty(0, np.int64)]

    def add() -> None:
        count = 0
        while count < len(KEYS):
            known.append(graph.add(KEYS[count:], ROWS[count:]))
            count += len(known[-1])

    adding = threading.Thread(target=add)
    adding.start()
    while adding.is_alive():
        assert not len(np.setdiff1d(np.concatenate(known), graph.keys()))
    adding.join()


def filled(graph: Graph, count: int, start: int = 0) -> None:
    while start < count:
        start += len(graph.add(KEYS[start:count], ROWS[start:count], threads=4))


def test_one_thread_takes_the_places_of_removed_nodes(tmp_path: Path) -> None:
    graph = Graph(GraphParameters(NDIM))
    filled(graph, len(KEYS) // 2)
    assert graph.shared_by(4) == (4 if len(graph) >= SHARED_NODES else 1)
    small = Graph(GraphParameters(NDIM))
    filled(small, 100)
    assert small.shared_by(4) == 1
    graph.remove(graph.keys()[:10])
    assert graph.shared_by(4) == 1
    graph.write(tmp_path / "graph")
    again = Graph(graph.parameters)
    again.read(np.fromfile(tmp_path / "graph", np.uint8))
    assert again.shared_by(4) == 1
    before = len(graph)
    filled(graph, len(KEYS), len(KEYS) // 2)
    assert len(graph) > before + 10
    assert graph.shared_by(4) == 4


@pytest.mark.usefixtures("hasty")
def test_what_several_threads_have_added_is_found_while_others_search_and_nodes_go() -> None:
    graph, ending, faults = Graph(GraphParameters(NDIM)), threading.Event(), list[BaseException]()
    nodes, gone = np.zeros(len(KEYS), np.int64), np.empty(0, np.int64)

    def search(seed: int) -> None:
        random = np.random.default_rng(seed)
        try:
            while not ending.is_set():
                found = graph.search(ROWS[random.integers(len(ROWS))], 10)
                assert len(set(found.tolist())) == len(found)
                assert np.isin(found, KEYS).all()
        except BaseException as error:  # noqa: BLE001 - the test's own thread raises it
            faults.append(error)

    searching = [threading.Thread(target=search, args=(seed,)) for seed in range(2)]
    for thread in searching:
        thread.start()
    done = 0
    while done < len(KEYS):
        added = graph.add(KEYS[done:], ROWS[done:], threads=4)
        nodes[done : done + len(added)] = added
        done += len(added)
        if len(gone) < done // 100 - 5:  # rarely, so that most are added by four
            going = np.setdiff1d(nodes[:done], gone)[:: max(1, done // 20)]
            graph.remove(going)
            gone = np.union1d(gone, going)
    ending.set()
    for thread in searching:
        thread.join()
    assert not faults
    living = np.setdiff1d(nodes, gone)
    assert np.array_equal(np.sort(graph.keys()), living)
    rows = ROWS[living - 1].astype(np.float32)
    hits = 0
    for query in clustered(100, 5).astype(np.float16):
        best = living[np.argsort(-(rows @ query.astype(np.float32)))[:10]]
        hits += len(np.intersect1d(graph.search(query, GRAPH_ROWS), best))
    assert hits >= 0.98 * 100 * 10
