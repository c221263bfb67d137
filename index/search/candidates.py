"""Rows that may be the nearest, and the documents that they make: each once, by its best passage."""

from collections.abc import Mapping

import apsw
import msgspec
import numpy as np
from numpy.typing import NDArray

from index.documents.vector import Vector
from index.store.passage_rows import stretches
from index.store.queries import Keys
from index.store.vector_rows import fetch_vectors
from index.view.captures import Slots
from index.view.scores import best, cosines

HALF_ERROR = 0.002  # of the difference of two cosines of unit rows at most, where float16 has rounded rows and query
SPARE = 6  # float16 may order so many documents wrongly at the end
ROWS_EACH = 6  # of a document that may be its best by float16; of more rows alike it is nearly the same which is told

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
        """Return the first rows of each document, ROWS_EACH at most, as far as they are of so many documents."""
        places = places_within(self.owners)
        firsts = np.flatnonzero(places == 0)
        end = int(firsts[count]) if len(firsts) > count else len(places)
        kept = np.flatnonzero(places[:end] < ROWS_EACH)
        return Candidates(self.rows[kept], self.owners[kept])


def places_within(owners: Keys) -> Slots:
    """Return of each row how many before it are of the same document."""
    order = np.argsort(owners, kind="stable")
    ordered = owners[order]
    places = np.empty(len(owners), np.int64)
    places[order] = np.arange(len(owners)) - np.searchsorted(ordered, ordered)
    return places


def best_of_documents(scores: NDArray[np.float32], owners: Keys, count: int) -> Slots:
    """Return the positions of the highest scores of so many documents, the highest first.

    Of each there are the rows that may be its best, ROWS_EACH at most. The owners ascend; minus infinity is no score.
    """
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    if len(starts) == len(owners):
        found = best(scores, count)
    else:
        highest, counts = np.maximum.reduceat(scores, starts), np.diff(starts, append=len(owners))
        chosen = best(highest, count)
        rows = stretches(starts[chosen], counts[chosen])
        rows = rows[scores[rows] >= np.repeat(highest[chosen] - HALF_ERROR, counts[chosen])]
        found = rows[np.lexsort((rows, -scores[rows]))]
        found = found[places_within(owners[found]) < ROWS_EACH]
    return found[np.isfinite(scores[found])]


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
