"""Ranks the documents that a standing filter leaves, each compared in full.

What a filter leaves is kept when it is asked a second time, where its search lists it anyhow; from then on the database
is asked for what came since alone, and no keys are looked for, which takes longer than the comparison.
"""

import apsw
import numpy as np

from index.documents.vector import Vector
from index.filters.tree import Condition, Every, Lasting
from index.search.candidates import SPARE, Candidates, Nearest, best_of_documents, rescored
from index.store.narrowing import matching_among
from index.store.queries import Keys
from index.view.captures import Capture, Moment, Slots
from index.view.scores import scores_at
from index.view.standing import Matches, Standing
from index.view.vectors import Vectors

FEW_NEW = 500  # documents that are looked at one by one in each search: 0.4 ms
FEWEST_ROWS = 1_000  # fewer are listed in each search: 0.1 ms
TIMES = 2  # asked, until what matches is kept


class Among:
    """Of one collection; from any thread. No more than `exact_rows` rows are listed.

    More than `few_new` documents that came since a filter was listed are added to the list.
    """

    def __init__(self, vectors: Vectors, standing: Standing, exact_rows: int, few_new: int = FEW_NEW) -> None:
        self._vectors = vectors
        self._standing = standing
        self._exact_rows = exact_rows
        self._few_new = few_new

    def rank(
        self, connection: apsw.Connection, moment: Moment, query: Vector, condition: Condition, wanted: int
    ) -> Nearest | None:
        """Rank the nearest documents that match; None where what matches is not known."""
        known = self._standing.find(condition, moment.stamp)
        if known is None:
            return None
        capture, _ = self._vectors.capture(moment)
        if not capture.whole or capture.generation != known.generation:
            return None
        new = new_documents(capture, known.highest_key)
        newer = slots_of(capture, matching_among(connection, condition, new))
        slots = np.concatenate([known.slots[capture.alive[known.slots]], newer])
        if len(slots) > self._exact_rows:
            self._standing.drop(condition)
            return None
        if len(new) > self._few_new:
            found = Matches(np.concatenate([known.slots, newer]), moment.highest_key, capture.generation)
            self._standing.keep(condition, found, moment.stamp, len(capture.keys))
        scores = scores_at(capture.rows, slots, query.astype(np.float16))
        chosen = slots[best_of_documents(scores, capture.owners[slots], wanted + SPARE)]
        ranked = rescored(connection, Candidates(capture.keys[chosen], capture.owners[chosen]), query, wanted)
        # Rows that went between the clock and the transaction leave fewer than there are.
        whole = len(ranked.ranking) == wanted or len(np.unique(capture.owners[slots])) <= len(ranked.ranking)
        return ranked if whole else None

    def note(self, moment: Moment, condition: Condition, documents: Keys) -> None:
        """Take in that a filter was asked, and which documents match it; keep them if it is asked again."""
        if not FEWEST_ROWS <= len(documents) <= self._exact_rows:
            return
        if moment.stamp is None or passes(condition) or self._standing.asked(condition) < TIMES:
            return
        capture, _ = self._vectors.capture(moment)
        slots = slots_of(capture, documents)
        if capture.whole and len(slots) <= self._exact_rows:
            found = Matches(slots, moment.highest_key, capture.generation)
            self._standing.keep(condition, found, moment.stamp, len(capture.keys))


def passes(condition: Condition) -> bool:
    """Say whether a condition is of one instant, and not asked again."""
    return isinstance(condition, Lasting) or (isinstance(condition, Every) and any(map(passes, condition.parts)))


def slots_of(capture: Capture, documents: Keys) -> Slots:
    return capture.slots_of(documents)[0]


def new_documents(capture: Capture, highest_key: int) -> Keys:
    """Return the living documents with higher keys, in ascending order."""
    start = int(np.searchsorted(capture.owners, highest_key, "right"))
    return np.unique(capture.owners[start:][capture.alive[start:]])
