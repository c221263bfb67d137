"""Ranks the documents that a standing filter leaves: their rows' sketches say which are compared in full.

A filter is listed when it is asked for the second time, since that takes longer than one search: 12 ms for 100,000
rows, and 27 for their sketches. From then on it takes a search 2 ms, where the graph would be asked for a hundred nodes
and more to leave ten, and miss more of them.
"""

import apsw
import numpy as np

from index.documents.vector import Vector
from index.filters.selectivity import Cover
from index.filters.tree import Condition, Every, Lasting
from index.search.candidates import SPARE, Candidates, Nearest, best_of_documents, rescored
from index.store.narrowing import matching, matching_among
from index.store.queries import Keys
from index.view.captures import Capture, Moment, Slots
from index.view.scores import Single, best, scores_at
from index.view.sketches import SKETCHED_NDIM, differences, middle_of, sketches_of
from index.view.standing import Matches, Standing
from index.view.vectors import Vectors

MOST_ROWS = 300_000  # of so many the bits are compared in 4 ms; where more are left the graph is as good and quicker
COMPARED_ROWS, COMPARED_EACH = 2_000, 8  # in full: of the fewest differing bits, and more for each that is wanted
MORE = 4  # times as many, where some of the best are among the last of those
FEW_NEW = 500  # documents that are looked at one by one in each search: 0.4 ms
MIDDLE_ROWS = 1_024


class Among:
    """Of one collection; from any thread. `compared` rows at least are compared in full.

    More than `few_new` documents that came since a filter was listed are added to the list.
    """

    def __init__(
        self, vectors: Vectors, standing: Standing, compared: int = COMPARED_ROWS, few_new: int = FEW_NEW
    ) -> None:
        self._vectors = vectors
        self._standing = standing
        self._compared = compared
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
        if len(new) > self._few_new:
            self._standing.keep(condition, with_newer(capture, known, newer, moment), moment.stamp, len(capture.keys))
        slots = nearest_slots(capture, known, newer, query, (wanted, self._compared))
        found = rescored(connection, Candidates(capture.keys[slots], capture.owners[slots]), query, wanted)
        return found if len(found.ranking) == wanted else None

    def note(
        self, connection: apsw.Connection, moment: Moment, condition: Condition, cover: Cover | None, share: float
    ) -> None:
        """Take in that a filter was asked, which left about this share; list what matches if it may be asked again."""
        if share * len(self._vectors) > MOST_ROWS or passes(condition) or moment.stamp is None:
            return
        if not self._standing.asked_again(condition):
            return
        keys = matching(connection, condition, cover)
        capture, _ = self._vectors.capture(moment)
        if not capture.whole or capture.rows.shape[1] < SKETCHED_NDIM:
            return
        slots = slots_of(capture, keys)
        middle = middle_of(capture.rows[slots[:: max(1, len(slots) // MIDDLE_ROWS)]])
        sketches = sketches_of(capture.rows, slots, middle)
        found = Matches(slots, sketches, middle, moment.highest_key, capture.generation)
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


def with_newer(capture: Capture, known: Matches, newer: Slots, moment: Moment) -> Matches:
    """Return what was known with the rows at newer slots, of documents up to the moment's highest key."""
    sketches = np.concatenate([known.sketches, sketches_of(capture.rows, newer, known.middle)])
    slots = np.concatenate([known.slots, newer])
    return Matches(slots, sketches, known.middle, moment.highest_key, known.generation)


def nearest_slots(capture: Capture, known: Matches, newer: Slots, query: Vector, counts: tuple[int, int]) -> Slots:
    """Return the slots of the rows that may be the best of the documents that are wanted, the best first.

    `counts` are how many are, and how many rows are compared in full at least.
    """
    wanted, count = counts
    half, alive = query.astype(np.float16), capture.alive[known.slots]
    sketch = sketches_of(half[None], np.zeros(1, np.int64), known.middle)
    closeness = np.where(alive, -differences(known.sketches, sketch), np.float32(-np.inf))
    count += COMPARED_EACH * wanted
    while True:
        near = best(closeness, count)
        near = near[np.isfinite(closeness[near])]
        slots = np.concatenate([np.sort(known.slots[near]), newer])
        scores = scores_at(capture.rows, slots, half)
        chosen = slots[best_of_documents(scores, capture.owners[slots], wanted + SPARE)]
        if len(near) < count or settled(capture, known, chosen, (closeness, near), wanted):
            return chosen
        count *= MORE


def settled(capture: Capture, known: Matches, chosen: Slots, compared: tuple[Single, Slots], wanted: int) -> bool:
    """Say whether enough documents were found, the best of them well before the end of what was compared in full."""
    closeness, near = compared
    found = chosen[:wanted]
    found = found[found <= known.slots[-1]]
    edge = closeness[near[len(near) // 2]]
    enough = len(np.unique(capture.owners[chosen])) >= wanted
    return enough and bool((closeness[np.searchsorted(known.slots, found)] >= edge).all())
