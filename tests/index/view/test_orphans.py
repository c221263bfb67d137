"""Nodes that hardly any other leads to are told by the graph's file, and are found all the same."""

from pathlib import Path

import numpy as np
import pytest

from index.view.captures import Capture
from index.view.graph import Graph, GraphParameters
from index.view.graph_file import KEY_BYTES, LEVEL_BYTES, LINK_BYTES, SIZES, Bytes
from index.view.groups import Membership
from index.view.links import leave_vectors, with_vectors
from index.view.orphans import LEAST_LED, Lowest, adopt_orphans, orphans_of
from index.view.snapshots import append_company, read
from index.view.vectors import Vectors
from index.view.watch import EXACT_ROWS, Watch
from tests.index.vectors import NDIM, clustered

COUNT = 3_000
NONE = np.empty(0, np.int64)


@pytest.fixture(scope="module")
def crowded() -> tuple[Graph, Capture]:
    """A graph with few links, of which many nodes are left out."""
    graph = Graph(GraphParameters(NDIM, connectivity=3))
    vectors = Vectors(NDIM, graph)
    rows = clustered(COUNT, 5, clusters=30, spread=1.5)
    keys = np.arange(1, COUNT + 1)
    vectors.append(keys, rows)
    done = 0
    while done < COUNT:
        done += len(graph.add(keys[done:], rows[done:].astype(np.float16)))
    return graph, vectors.capture()[0]


def file_of(graph: Graph, folder: Path) -> Path:
    graph.write(folder / "whole")
    leave_vectors(folder / "whole", folder / "links")
    return folder / "links"


def lowest_of(path: Path) -> Lowest:
    content = path.read_bytes()
    count, _ = SIZES.unpack(content[: SIZES.size])
    return Lowest(np.frombuffer(content, np.uint8, offset=SIZES.size).copy(), count)


def slowly_led(lowest: Lowest) -> np.ndarray:
    found = np.zeros(len(lowest.starts), np.int64)
    for node in range(len(lowest.starts)):
        for target in lowest.of(np.array([node])).tolist():
            found[target] += 1
    return found


def test_how_many_lead_to_each_is_counted(crowded: tuple[Graph, Capture], tmp_path: Path) -> None:
    lowest = lowest_of(file_of(crowded[0], tmp_path))
    assert (lowest.led() == slowly_led(lowest)).all()
    assert (lowest.led() < LEAST_LED).any()


def test_orphans_are_told_by_their_keys(crowded: tuple[Graph, Capture], tmp_path: Path) -> None:
    path = file_of(crowded[0], tmp_path)
    lowest = lowest_of(path)
    found = orphans_of(path)
    assert 0 < len(found) == np.count_nonzero(lowest.led() < LEAST_LED)
    assert np.isin(found, crowded[0].keys()).all()


def test_orphans_get_neighbours_that_lead_to_them(crowded: tuple[Graph, Capture], tmp_path: Path) -> None:
    lowest = lowest_of(file_of(crowded[0], tmp_path))
    before, counts = lowest.led(), lowest.counts.copy()
    assert adopt_orphans(lowest.rest, len(before)) < np.count_nonzero(before < LEAST_LED) / 10
    after = Lowest(lowest.rest, len(before))
    assert (after.led() >= before).all()
    assert (after.led()[before >= LEAST_LED] == before[before >= LEAST_LED]).all()
    assert (after.counts >= counts).all()
    assert after.counts.max() <= after.most
    for node in np.flatnonzero(after.counts > counts)[:50].tolist():
        links = after.of(np.array([node]))
        assert len(set(links.tolist())) == len(links)
        assert node not in links


def test_a_graph_that_is_read_has_hardly_any(crowded: tuple[Graph, Capture], tmp_path: Path) -> None:
    graph, capture = crowded
    path = file_of(graph, tmp_path)
    before = orphans_of(path)
    read = Graph(graph.parameters)
    read.read(with_vectors(path.read_bytes(), capture, Membership(NONE, NONE, NONE)))
    assert len(before) > 100
    assert len(orphans_of(file_of(read, tmp_path))) < len(before) / 10
    assert (np.sort(read.keys()) == np.sort(graph.keys())).all()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_nodes_make_no_trouble(count: int, tmp_path: Path) -> None:
    graph = Graph(GraphParameters(NDIM))
    if count:
        graph.add(np.arange(1, count + 1), np.eye(NDIM, dtype=np.float16)[:count])
    path = file_of(graph, tmp_path)
    assert len(orphans_of(path)) == (count if count > 1 else 0)
    rest: Bytes = np.frombuffer(path.read_bytes(), np.uint8, offset=SIZES.size).copy()
    adopt_orphans(rest, count)


def test_what_is_rescued_is_found_until_it_is_removed(crowded: tuple[Graph, Capture], tmp_path: Path) -> None:
    _, capture = crowded
    graph = Graph(GraphParameters(NDIM))
    graph.add(capture.keys[:8], capture.rows[:8])
    graph.rescue(np.array([3, 4, 99]), capture.rows[[2, 3, 98]])
    assert sorted(graph.search(capture.rows[2], 1).tolist()).count(3) == 2
    assert 99 not in graph.search(capture.rows[98], 8)
    graph.remove([3])
    assert 3 not in graph.search(capture.rows[2], 8)
    assert 4 in graph.search(capture.rows[3], 1)


def watched(capture: Capture) -> tuple[Graph, Watch, np.ndarray]:
    """A graph of rows that a watch has judged already."""
    graph = Graph(GraphParameters(NDIM))
    vectors = Vectors(NDIM, graph)
    vectors.append(capture.keys[:COUNT], capture.rows[:COUNT])
    done, watch = 0, Watch(vectors)
    while done < COUNT:
        nodes = graph.add(capture.keys[done:], capture.rows[done:])
        vectors.assign(graph, capture.keys[done : done + len(nodes)], nodes)
        done += len(nodes)
    finish(watch)
    return graph, watch, np.sort(graph.keys())


def finish(watch: Watch) -> int:
    steps = 0
    while watch.rest_s() is not None:
        watch.step()
        steps += 1
    return steps


def test_many_orphans_are_rescued_before_the_graph_is_judged_anew(crowded: tuple[Graph, Capture]) -> None:
    graph, watch, nodes = watched(crowded[1])
    assert watch.judged
    watch.see(graph, nodes[:100])
    assert not watch.judged
    while graph.orphans:
        watch.step()
        assert not watch.judged
    assert sorted(graph.rescued()) == nodes[:100].tolist()
    finish(watch)
    assert watch.judged


def test_orphans_that_are_rescued_already_change_nothing(crowded: tuple[Graph, Capture]) -> None:
    graph, watch, nodes = watched(crowded[1])
    watch.see(graph, nodes[:100])
    finish(watch)
    watch.see(graph, nodes[:101])
    assert watch.judged
    assert graph.orphans.all().tolist() == [nodes[100]]
    watch.see(graph, nodes[:100])
    assert not graph.orphans


def test_an_orphan_whose_own_row_is_gone_is_rescued_by_another_of_its_rows() -> None:
    graph = Graph(GraphParameters(NDIM))
    vectors = Vectors(NDIM, graph)
    rows = np.repeat(np.eye(NDIM, dtype=np.float16)[:2], 2, axis=0)
    keys = np.arange(1, 5)
    vectors.append(keys, rows)
    vectors.assign(graph, keys, graph.add(keys, rows))
    vectors.discard([1])
    vectors.compact(graph, graph, vectors.clock)
    watch = Watch(vectors)
    watch.see(graph, np.array([1]))
    finish(watch)
    assert graph.rescued().tolist() == [1]
    assert graph.search(rows[0], 1).tolist() == [1, 1]


def test_orphans_are_looked_for_after_growth() -> None:
    vectors = Vectors(NDIM, Graph(GraphParameters(NDIM)))
    keys = np.arange(1, EXACT_ROWS + 10)
    vectors.append(keys, np.zeros((len(keys), NDIM), np.float16))
    watch = Watch(vectors)
    assert not watch.looks
    watch.note(vectors.graph, keys, keys)
    assert watch.looks
    watch.see(vectors.graph, NONE)
    assert not watch.looks


def test_a_snapshot_holds_the_orphans(crowded: tuple[Graph, Capture], tmp_path: Path) -> None:
    graph, watch, nodes = watched(crowded[1])
    watch.see(graph, nodes[:3])
    finish(watch)
    path = file_of(graph, tmp_path)
    append_company(path, graph, Membership(NONE, NONE, NONE), nodes[2:5])
    again = Graph(graph.parameters)
    read(again, path.read_bytes(), crowded[1])
    assert again.orphans.all().tolist() == nodes[:5].tolist()


def test_a_file_that_is_damaged_within_is_refused(crowded: tuple[Graph, Capture], tmp_path: Path) -> None:
    path = file_of(crowded[0], tmp_path)
    lowest = lowest_of(path)
    place = int(lowest.starts[5]) + KEY_BYTES + LEVEL_BYTES
    for offset in (0, LINK_BYTES):
        damaged = lowest_of(path).rest
        damaged[place + offset : place + offset + LINK_BYTES] = 0xEE
        with pytest.raises(RuntimeError):
            adopt_orphans(damaged, len(lowest.starts))
