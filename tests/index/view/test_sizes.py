"""What is told of the memory of rows and graph is what they take."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index import Index
from index.view.groups import Groups
from index.view.sizes import needed_bytes, node_bytes, row_bytes
from tests.index.harness import document, open_index

# Prints what a graph takes by the system's account, and by its own.
GROWING = """
import ctypes, gc, sys
from pathlib import Path
import numpy as np
from index.view.graph import Graph, GraphParameters

def taken():
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return 1024 * int(line.split()[1])

def grow(first, count):
    rows = np.random.default_rng(first).normal(size=(count, 384)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    keys, rows, done = np.arange(first, first + count), rows.astype(np.float16), 0
    while done < count:
        done += len(graph.add(keys[done:], rows[done:]))

graph = Graph(GraphParameters(384))
grow(1, 500)
before = taken()
graph.measure()
told = graph.size_bytes
grow(501, 8_000)
after = taken()
graph.measure()
print(after - before, graph.size_bytes - told)
"""


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process takes")
def test_a_graph_takes_what_it_says() -> None:
    done = subprocess.run([sys.executable, "-c", GROWING], capture_output=True, text=True, check=True, timeout=120)
    taken, told = map(int, done.stdout.split())
    assert told == pytest.approx(taken, rel=0.1)


def filled(folder: Path, seeds: range, count: int = 200) -> Index:
    index = open_index(folder)
    seed = [seeds[number % len(seeds)] for number in range(count)]
    index.collection().put_many([document(str(number), one) for number, one in enumerate(seed)]).result()
    assert index.collection().wait_until_viewed(20)
    return index


def test_documents_need_about_what_is_told_of_them(tmp_path: Path) -> None:
    index = filled(tmp_path, range(200))
    stats = index.collection().stats()
    assert stats.nodes == 200
    assert stats.needed_bytes == pytest.approx(stats.memory_bytes, rel=0.1)
    index.close()


def test_those_that_share_nodes_are_counted_with_their_groups(tmp_path: Path) -> None:
    index = filled(tmp_path, range(2))
    stats, vectors = index.collection().stats(), index.collection().memory.vectors
    assert stats.nodes == 2
    assert stats.needed_bytes == needed_bytes(vectors.capture()[0].rows.shape[1], 200, 2)
    assert vectors.size_bytes > 200 * row_bytes(vectors.capture()[0].rows.shape[1])
    index.close()


def test_groups_that_are_forgotten_take_nothing() -> None:
    keys, nodes = np.arange(1, 7), np.array([1, 1, 1, 4, 4, 6])
    groups = Groups()
    groups.add(keys, nodes, np.arange(6))
    assert groups.size_bytes == Groups.of(keys, nodes).size_bytes > 0
    groups.forget(np.array([1, 4, 6]))
    assert groups.size_bytes == 0


def test_a_document_needs_its_row_and_a_node_at_most() -> None:
    assert needed_bytes(384, 3, 9) == 3 * (row_bytes(384) + node_bytes(384))
    assert needed_bytes(384, 3, 1) == 3 * row_bytes(384) + node_bytes(384)
    assert row_bytes(384) + node_bytes(384) == pytest.approx(1_450, rel=0.02)
