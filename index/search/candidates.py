"""Rows that may be the nearest, and the documents that they make: each once, by its best passage."""

from collections.abc import Mapping

import apsw
import msgspec
import numpy as np
from numpy.typing import NDArray

from index.documents.vector import Vector
from index.store.queries import Keys
from index.store.vector_rows import fetch_vectors
from index.view.captures import Slots
from index.view.scores import best, cosines

Ranking = list[tuple[int, float]]


class Nearest(msgspec.Struct, frozen=True):
    """The best documents (key, cosine), best first, and the row of the best passage of each by the document's key."""

    ranking: Ranking
    rows: Mapping[int, int]


class Candidates(msgspec.Struct, frozen=True, eq=False):
    """Rows by key (n,) int64, best first, and the documents whose passages they are (n,) int64."""

    rows: Keys
    owners: Keys

    @property
    def documents(self) -> int:
        """How many documents they are of."""
        return len(np.unique(self.owners))

    def of_documents(self, count: int) -> "Candidates":
        """Return the first rows, up to those that are of so many documents."""
        _, firsts = np.unique(self.owners, return_index=True)
        if len(firsts) <= count:
            return self
        end = int(np.sort(firsts)[count])
        return Candidates(self.rows[:end], self.owners[:end])


def best_of_documents(scores: NDArray[np.float32], owners: Keys, count: int) -> Slots:
    """Return the positions of the highest scores, the highest first, as far as they are of so many documents."""
    asked = count
    while True:
        found = best(scores, asked)
        if len(found) == len(scores) or len(np.unique(owners[found])) >= count:
            return found
        asked *= 4


def rescored(connection: apsw.Connection, candidates: Candidates, query: Vector, wanted: int) -> Nearest:
    """Rank the documents of rows that have a vector by cosine from float32; of equal ones the older is first."""
    order = np.argsort(candidates.rows)
    rows, owners = candidates.rows[order], candidates.owners[order]
    found, vectors = fetch_vectors(connection, rows, len(query))
    scores, owners = cosines(vectors, query), owners[np.searchsorted(rows, found)]
    order = np.lexsort((found, owners, -scores))
    _, firsts = np.unique(owners[order], return_index=True)
    order = order[np.sort(firsts)[:wanted]]
    return Nearest([(int(owners[i]), float(scores[i])) for i in order], {int(owners[i]): int(found[i]) for i in order})
