"""Ranks the documents that a standing filter leaves: their rows' sketches say which are compared in full.

A filter is listed when it was asked a few times, since that takes longer than a search: 12 ms for 100,000 rows, and 27
for their sketches. From then on a search takes 2 ms, where the graph would be asked for a hundred nodes and more to
leave ten, and miss more of them.
"""

from collections.abc import Callable

import apsw
import numpy as np

from index.documents.vector import Vector
from index.filters.tree import Condition, Every, Lasting
from index.search.candidates import SPARE, Candidates, Nearest, best_of_documents, rescored
from index.store.narrowing import matching_among
from index.store.queries import Keys
from index.view.captures import Capture, Moment, Slots
from index.view.scores import Half, Single, best, scores_at
from index.view.sketches import SKETCHED_NDIM, differences, middle_of, sketches_of
from index.view.standing import Matches, Standing
from index.view.vectors import Vectors

MOST_ROWS = 300_000  # of so many the bits are compared in 4 ms; where more are left the graph is as good and quicker
COMPARED_ROWS, COMPARED_EACH = 2_000, 8  # in full: of the fewest differing bits, and more for each that is wanted
MORE = 4  # times as many, where some of the best are among the last of those
FEW_NEW = 500  # documents that are looked at one by one in each search: 0.4 ms
MIDDLE_ROWS = 1_024
FEWEST_ROWS = 1_000  # fewer are listed in each search: 0.1 ms
TWICE, OFTEN = 2, 8  # asked, until few rows are kept, and many, which are listed for it


class Among:
    """Of one collection; from any thread. Up to `exact_rows` rows are compared in full, of more `compared` at least.

    More than `few_new` documents that came since a filter was listed are added to the list.
    """

    def __init__(
        self,
        vectors: Vectors,
        standing: Standing,
        exact_rows: int,
        compared: int = COMPARED_ROWS,
        few_new: int = FEW_NEW,
    ) -> None:
        self._vectors = vectors
        self._standing = standing
        self._exact_rows = exact_rows
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
            self._standing.keep(condition, self._more(capture, known, newer, moment), moment.stamp, len(capture.keys))
        slots = nearest_slots(capture, known, newer, query, (wanted, self._compared))
        found = rescored(connection, Candidates(capture.keys[slots], capture.owners[slots]), query, wanted)
        return found if len(found.ranking) == wanted else None

    def note(self, moment: Moment, condition: Condition, rows: float, listed: Callable[[], Keys]) -> None:
        """Take in that a filter was asked, which leaves about so many rows; list them if it is asked often."""
        if not min(FEWEST_ROWS, self._exact_rows) <= rows <= MOST_ROWS or moment.stamp is None or passes(condition):
            return
        capture, _ = self._vectors.capture(moment)
        sketched = rows > self._exact_rows
        if not capture.whole or (sketched and capture.rows.shape[1] < SKETCHED_NDIM):
            return
        if self._standing.asked(condition) < (OFTEN if sketched else TWICE):
            return
        slots = slots_of(capture, listed())
        middle = middle_of(capture.rows[slots[:: max(1, len(slots) // MIDDLE_ROWS)]])
        found = matches(capture, slots, (moment.highest_key, middle), sketched)
        self._standing.keep(condition, found, moment.stamp, len(capture.keys))

    def _more(self, capture: Capture, known: Matches, newer: Slots, moment: Moment) -> Matches:
        """Return what is known with newer rows; short ones stay without sketches however many they become."""
        slots = np.concatenate([known.slots, newer])
        many = len(known.sketches) > 0 or len(np.unique(capture.owners[slots])) > self._exact_rows
        sketched = many and capture.rows.shape[1] >= SKETCHED_NDIM
        return matches(capture, slots, (moment.highest_key, known.middle), sketched)


def matches(capture: Capture, slots: Slots, known: tuple[int, Half], sketched: bool) -> Matches:
    """Return the rows at these slots, with their sketches where these are wanted; known are highest key and middle."""
    highest_key, middle = known
    sketches = sketches_of(capture.rows, slots if sketched else slots[:0], middle)
    return Matches(slots, sketches, middle, highest_key, capture.generation)


def passes(condition: Condition) -> bool:
    """Say whether a condition is of one instant, and not asked again."""
    return isinstance(condition, Lasting) or (isinstance(condition, Every) and any(map(passes, condition.parts)))


def slots_of(capture: Capture, documents: Keys) -> Slots:
    return capture.slots_of(documents)[0]


def new_documents(capture: Capture, highest_key: int) -> Keys:
    """Return the living documents with higher keys, in ascending order."""
    start = int(np.searchsorted(capture.owners, highest_key, "right"))
    return np.unique(capture.owners[start:][capture.alive[start:]])


def nearest_slots(capture: Capture, known: Matches, newer: Slots, query: Vector, counts: tuple[int, int]) -> Slots:
    """Return the slots of the rows that may be the best of the documents that are wanted, the best first.

    `counts` are how many are, and how many rows are compared in full at least.
    """
    wanted, count = counts
    half, alive = query.astype(np.float16), capture.alive[known.slots]
    if not len(known.sketches):
        slots = np.concatenate([known.slots[alive], newer])
        return best_of(capture, slots, half, wanted)
    sketch = sketches_of(half[None], np.zeros(1, np.int64), known.middle)
    closeness = np.where(alive, -differences(known.sketches, sketch), np.float32(-np.inf))
    count += COMPARED_EACH * wanted
    while True:
        near = best(closeness, count)
        near = near[np.isfinite(closeness[near])]
        slots = np.concatenate([np.sort(known.slots[near]), newer])
        chosen = best_of(capture, slots, half, wanted)
        if len(near) < count or settled(capture, known, chosen, (closeness, near), wanted):
            return chosen
        count *= MORE


def best_of(capture: Capture, slots: Slots, half: Half, wanted: int) -> Slots:
    """Return which of the slots, which ascend, have the best rows of so many documents and a few more."""
    scores = scores_at(capture.rows, slots, half)
    return slots[best_of_documents(scores, capture.owners[slots], wanted + SPARE)]


def settled(capture: Capture, known: Matches, chosen: Slots, compared: tuple[Single, Slots], wanted: int) -> bool:
    """Say whether enough documents were found, the best of them well before the end of what was compared in full."""
    closeness, near = compared
    found = chosen[:wanted]
    found = found[found <= known.slots[-1]]
    edge = closeness[near[len(near) // 2]]
    enough = len(np.unique(capture.owners[chosen])) >= wanted
    return enough and bool((closeness[np.searchsorted(known.slots, found)] >= edge).all())
