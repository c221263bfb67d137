"""Nodes of a graph that wait: to be looked for by their own rows since they were added, or to be rescued.

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

    def clear(self) -> None:
        self._nodes.clear()

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
