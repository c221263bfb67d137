"""The graph's nodes, listed while others are added."""

import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from index.view.graph import Graph, GraphParameters
from tests.index.vectors import NDIM, clustered

ROWS = clustered(4_000, 1).astype(np.float16)
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
