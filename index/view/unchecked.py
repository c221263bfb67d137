"""Nodes of a graph that were not looked for yet since they were added: some may be unreached by any other.

Belongs to the thread that changes the graph.
"""

from collections import deque

import numpy as np

from index.view.captures import NONE, Keys


class Unchecked:
    """Nodes in the order of coming."""

    def __init__(self) -> None:
        self._nodes: deque[Keys] = deque()

    def __bool__(self) -> bool:
        return bool(self._nodes)

    def add(self, nodes: Keys) -> None:
        if len(nodes):
            self._nodes.append(nodes)

    def take(self, count: int) -> Keys:
        """Remove and return the first ones, so many at most."""
        if not self._nodes:
            return NONE
        first = self._nodes.popleft()
        if len(first) > count:
            self._nodes.appendleft(first[count:])
        return first[:count]

    def all(self) -> Keys:
        return np.concatenate([NONE, *self._nodes])
