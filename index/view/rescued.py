"""A small graph of the nodes that hardly any leads to in the large one. Called where nothing else uses either."""

import numpy as np
import usearch.index
from numpy.typing import NDArray

from index.view.captures import NONE, Keys
from index.view.sizes import node_bytes

# What a search looks at here: so many nodes, or one for so many that it looks at in the large graph.
FEWEST_NODES, SHARE = 32, 8


class Rescued:
    """Nodes by key with their steps (n, ndim) int8. The small graph is made like the large one."""

    def __init__(self, shape: dict[str, object]) -> None:
        self._shape = shape
        self._graph: usearch.index.Index | None = None

    @property
    def size_bytes(self) -> int:
        """The memory that it takes."""
        return 0 if self._graph is None else len(self._graph) * node_bytes(self._graph.ndim)

    def keys(self) -> Keys:
        """Return all nodes, in no order."""
        return NONE if self._graph is None else np.asarray(self._graph.keys[:], np.int64)

    def search(self, steps: NDArray[np.int8], count: int) -> Keys:
        """Return about the nearest nodes, a part of as many as are asked of the large graph."""
        if self._graph is None or not len(self._graph):
            return NONE
        part = min(len(self._graph), max(FEWEST_NODES, count // SHARE))
        return np.asarray(self._graph.search(steps, part, threads=1).keys.astype(np.int64))

    def add(self, keys: Keys, steps: NDArray[np.int8]) -> None:
        """Add those that are not here."""
        if self._graph is None:
            self._graph = usearch.index.Index(**self._shape)  # type: ignore[arg-type]
        new = np.logical_not(self._graph.contains(keys))
        if new.any():
            self._graph.add(keys[new].astype(np.uint64), steps[new], threads=1)

    def remove(self, keys: NDArray[np.uint64]) -> None:
        """Remove those that are here."""
        if self._graph is not None:
            here = keys[self._graph.contains(keys)]
            if len(here):
                self._graph.remove(here, threads=1)
