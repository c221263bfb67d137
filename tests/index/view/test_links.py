"""A graph's file without its vectors: from it and the rows that there are comes what USearch wrote, or nearly so."""

from pathlib import Path

import numpy as np

from index.view.captures import Capture
from index.view.graph import Graph, GraphParameters
from index.view.groups import Membership
from index.view.links import leave_vectors, with_vectors
from index.view.quantized import quantized
from tests.index.vectors import NDIM, clustered

COUNT = 4_000
NOBODY = Membership(*(np.empty(0, np.int64) for _ in range(3)))


def rows_of(keys: np.ndarray, rows: np.ndarray) -> Capture:
    return Capture(keys, rows.astype(np.float16), np.ones(len(keys), np.bool_), keys, keys)


def built(rows: Capture) -> tuple[Graph, Membership]:
    """A graph of the rows, and which of them share a node with another."""
    graph, nodes = Graph(GraphParameters(NDIM)), np.zeros(len(rows.keys), np.int64)
    done = 0
    while done < len(rows.keys):
        added = graph.add(rows.keys[done:], rows.rows[done:])
        nodes[done : done + len(added)] = added
        done += len(added)
    others = np.flatnonzero(nodes != rows.keys)
    return graph, Membership(rows.keys[others], nodes[others], np.empty(0, np.int64))


def stored(graph: Graph, folder: Path) -> tuple[bytes, bytes]:
    """The graph's file as USearch writes it, and what is left of it."""
    whole, left = folder / "whole", folder / "left"
    graph.write(whole)
    leave_vectors(whole, left)
    return whole.read_bytes(), left.read_bytes()


def test_no_vector_is_left_and_the_same_rows_give_the_same_file(tmp_path: Path) -> None:
    rows = rows_of(np.arange(1, COUNT + 1), clustered(COUNT, 1))
    graph, membership = built(rows)
    whole, left = stored(graph, tmp_path)
    founders = np.flatnonzero(np.isin(rows.keys, graph.keys()))
    vectors = [row.tobytes() for row in quantized(rows.rows[founders])]
    assert all(vector in whole for vector in vectors[::50])
    assert not any(vector in left for vector in vectors[::50])
    assert bytes(with_vectors(left, rows, membership)) == whole


def test_an_empty_graph_comes_back(tmp_path: Path) -> None:
    whole, left = stored(Graph(GraphParameters(NDIM)), tmp_path)
    assert bytes(with_vectors(left, rows_of(np.empty(0, np.int64), np.empty((0, NDIM))), NOBODY)) == whole


def test_searches_find_what_is_left_though_a_third_of_the_rows_have_gone(tmp_path: Path) -> None:
    rows = rows_of(np.arange(1, COUNT + 1), clustered(COUNT, 2))
    graph, membership = built(rows)
    gone = np.random.default_rng(3).random(COUNT) < 0.33
    kept = np.flatnonzero(~gone)
    living = rows_of(rows.keys[kept], rows.rows[kept])
    named = np.union1d(living.keys, membership.nodes[np.isin(membership.keys, living.keys)])
    graph.remove(np.setdiff1d(graph.keys(), named))
    _, left = stored(graph, tmp_path)
    again = Graph(GraphParameters(NDIM))
    again.read(with_vectors(left, living, membership))
    assert set(again.keys().tolist()) == set(graph.keys().tolist())
    queries = clustered(100, 4).astype(np.float16)
    shares = [len(np.intersect1d(again.search(one, 10), graph.search(one, 10))) / 10 for one in queries]
    assert np.mean(shares) > 0.95
