"""What int8 rows tell is near enough to what the rows themselves tell, and a search through them finds as much."""

import statistics

import numpy as np
import usearch.index

from index.view.captures import Capture
from index.view.graph import GRAPH_ROWS, Graph, GraphParameters
from index.view.quantized import BLUR, STEPS, cosines_from, quantized
from tests.index.vectors import NDIM, Rows, clustered, unit

COUNT, NDIM_OF_MANY = 6_000, 128
ROWS = clustered(COUNT, 1, NDIM_OF_MANY, clusters=600)
QUERIES = clustered(200, 2, NDIM_OF_MANY, clusters=600)


def found_of(nodes: np.ndarray, query: Rows, count: int = 10) -> float:
    """How much of the nearest rows is among these nodes, once they are ordered by the rows themselves."""
    scores = ROWS @ query
    edge = np.partition(scores, -count)[-count]
    return float(np.count_nonzero(scores[nodes - 1] >= edge)) / count


def captured(rows: np.ndarray) -> Capture:
    keys = np.arange(1, len(rows) + 1)
    return Capture(keys, rows, np.ones(len(rows), np.bool_), np.zeros(len(rows), np.int64), keys)


def nodes_in(rows: np.ndarray, known: Capture | None) -> np.ndarray:
    """The nodes of these rows in a graph of their own, where only the rows that are known are looked at."""
    graph, nodes = Graph(GraphParameters(rows.shape[1])), np.empty(0, np.int64)
    keys = np.arange(1, len(rows) + 1)
    while len(nodes) < len(rows):
        nodes = np.append(nodes, graph.add(keys[len(nodes) :], rows[len(nodes) :], known))
    return nodes


def test_products_of_int8_rows_are_within_the_blur() -> None:
    steps = quantized(ROWS.astype(np.float16)).astype(np.float32)
    apart = np.abs(steps[:1000] @ steps[1000:].T / STEPS**2 - ROWS[:1000] @ ROWS[1000:].T)
    assert apart.max() < BLUR


def test_distances_are_those_that_the_library_tells() -> None:
    graph = usearch.index.Index(ndim=NDIM_OF_MANY, metric="ip", dtype="i8")
    steps = quantized(ROWS[:50].astype(np.float16))
    graph.add(np.arange(50), steps)
    found = graph.search(steps[0], 50, exact=True)
    told = cosines_from(found.distances)
    assert np.allclose(told, ROWS[found.keys.astype(np.int64)] @ ROWS[0], atol=BLUR)


def test_no_component_turns_into_its_opposite() -> None:
    row = np.zeros(NDIM, np.float16)
    row[3] = 1.01  # as long as a vector may be, and a little more
    assert quantized(row)[3] == STEPS
    assert quantized(-row)[3] == -STEPS


def test_a_graph_of_int8_rows_finds_no_less_than_one_of_bfloat16_did() -> None:
    keys = np.arange(1, COUNT + 1)
    parameters = GraphParameters(NDIM_OF_MANY)
    graph = Graph(parameters)
    done = 0
    while done < COUNT:
        done += len(graph.add(keys[done:], ROWS[done:].astype(np.float16), threads=2))
    before = usearch.index.Index(
        ndim=NDIM_OF_MANY, metric="cos", dtype="bf16", connectivity=parameters.connectivity, expansion_search=128
    )
    before.add(keys.astype(np.uint64), ROWS, threads=1)
    halves = QUERIES.astype(np.float16)
    now = statistics.fmean(
        [found_of(graph.search(half, GRAPH_ROWS), row) for half, row in zip(halves, QUERIES, strict=True)]
    )
    then = statistics.fmean(
        found_of(before.search(row, GRAPH_ROWS, threads=1).keys.astype(np.int64), row) for row in QUERIES
    )
    assert len(graph) == COUNT
    assert now >= min(then, 0.999) - 0.002
    assert now > 0.98


def test_rows_share_a_node_by_their_own_cosine_and_not_by_the_blurred_one() -> None:
    random = np.random.default_rng(4)
    ndim, count = 384, 400
    founders = unit(random.normal(size=(count, ndim)).astype(np.float32))
    aside = random.normal(size=(count, ndim)).astype(np.float32)
    aside = unit(aside - np.sum(aside * founders, axis=1, keepdims=True) * founders)
    wanted = random.uniform(0.88, 0.92, (count, 1)).astype(np.float32)
    rows = unit(np.concatenate([founders, wanted * founders + np.sqrt(1 - wanted**2) * aside])).astype(np.float16)
    known = captured(rows)
    exact = np.einsum("ij,ij->i", rows[:count].astype(np.float32), rows[count:].astype(np.float32))
    assert (nodes_in(rows, known)[count:] == known.keys[:count]).tolist() == (exact >= 0.9).tolist()
    unknown = nodes_in(rows, None)[count:] == known.keys[:count]
    assert not unknown[exact < 0.9].any()
    assert unknown[exact > 0.9 + 2 * BLUR].all()
