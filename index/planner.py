"""Which way a search by vector goes: exactly over all rows that the filter leaves, or through the view.

Few rows are looked at one by one; that is exact, and cheaper than a graph. Where a filter leaves many, the view is
asked for more than is wanted and the filter applied to what it gives, until there is enough. The float32 rows have the
last word on the order.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import apsw
import numpy as np
from numpy.typing import NDArray

from index.clauses import probe
from index.connections import Readers
from index.documents import Row
from index.exact import best, scores_at, scores_of
from index.filters import Condition, Every
from index.rows import encode_keys, fetch_vectors, highest_key, select
from index.selectivity import matching, smallest_cover
from index.vectors import Capture, Moment, Vectors

EXACT_ROWS = 20_000  # as many as a filter may leave to be looked at one by one: some 4 ms
EXACT_WHOLE_ROWS = 2_000  # a collection of so few is never searched through the view
EVERYTHING = Every(())
SPARE_ROWS = 16  # what float16 may have in the wrong order at the end
FIRST_FACTOR = 8  # how much more than is wanted the view is asked for first where there is a filter
MAX_ASKED_ROWS = 4_096  # beyond this the graph costs more than looking at every row

Ranking = list[tuple[int, float]]
Keys = NDArray[np.int64]
T = TypeVar("T")
Finish = Callable[[apsw.Connection, Ranking], T]


class Planner:
    """Searches by vector. From any thread."""

    def __init__(self, readers: Readers, vectors: Vectors, exact_rows: int = EXACT_ROWS) -> None:
        self._readers = readers
        self._vectors = vectors
        self._exact_rows = exact_rows

    def search(self, query: Row, condition: Condition | None, wanted: int, finish: Finish[T]) -> T:
        """Rank the nearest documents and hand (key, cosine), best first, to `finish` within the same transaction.

        Everything is of one commit: a document that is replaced or deleted meanwhile is found as it was.
        """
        clock = self._vectors.clock
        with self._readers.reading() as connection:
            moment = Moment(clock, highest_key(connection))
            return finish(connection, self._rank(connection, moment, query, condition, wanted))

    def _rank(
        self, connection: apsw.Connection, moment: Moment, query: Row, condition: Condition | None, wanted: int
    ) -> Ranking:
        enough = wanted + SPARE_ROWS
        asked, needed, cover = enough, wanted, None
        if condition is not None:
            cover = smallest_cover(connection, condition, self._exact_rows + 1)
            if cover is not None and cover.rows <= self._exact_rows:
                return self._exactly(connection, moment, matching(connection, condition, cover), query, wanted)
            asked, needed = FIRST_FACTOR * enough, 2 * enough
        while asked <= MAX_ASKED_ROWS:
            candidates, exhausted = self._nearest(query, moment, asked)
            kept = candidates if condition is None else matching_of(connection, candidates, condition)
            ranking = rescored(connection, kept, query, wanted)
            if exhausted or (len(kept) >= needed and len(ranking) == wanted):
                return ranking
            asked = int(asked * max(2.0, 1.5 * needed / max(1, len(kept))))
        keys = matching(connection, condition or EVERYTHING, cover)
        return self._exactly(connection, moment, keys, query, wanted)

    def _exactly(self, connection: apsw.Connection, moment: Moment, keys: Keys, query: Row, wanted: int) -> Ranking:
        """Rank these documents, all of them in the transaction; rows that memory has no more are read from there."""
        capture, _ = self._vectors.capture(moment)
        slots, known = capture.slots(keys)
        scores = scores_at(capture.rows, slots[known], query.astype(np.float16))
        nearest = keys[known][best(scores, wanted + SPARE_ROWS)]
        return rescored(connection, [*nearest, *keys[~known]], query, wanted)

    def _nearest(self, query: Row, moment: Moment, asked: int) -> tuple[Keys, bool]:
        """Return about the nearest keys, best first, and whether these are all there are."""
        half = query.astype(np.float16)
        while True:
            capture, view = self._vectors.capture(moment)
            alive = int(np.count_nonzero(capture.alive))
            if alive <= max(EXACT_WHOLE_ROWS, asked) or view.busy:
                scores = np.where(capture.alive, scores_of(capture.rows, half), np.float32(-np.inf))
                chosen = best(scores, asked)
                return capture.keys[chosen[capture.alive[chosen]]], alive <= asked
            pending = capture.alive & ~capture.viewed
            keys, scores = view.search(half, asked)
            after, _ = self._vectors.capture(moment)
            if after.generation == capture.generation:
                return with_pending(after, pending, keys, scores, half)[:asked], False


def with_pending(
    capture: Capture, pending: NDArray[np.bool_], keys: Keys, scores: NDArray[np.float32], half: NDArray[np.float16]
) -> Keys:
    """Return what the view gave and the rows that it had not got before it was searched, or has not got since."""
    missing = capture.alive & ~capture.viewed
    missing[: len(pending)] |= pending
    slots = np.flatnonzero(missing)
    known = capture.slots(keys)[1]
    if not len(slots):
        return keys[known]
    keys = np.concatenate([keys[known], capture.keys[slots]])
    scores = np.concatenate([scores[known], scores_at(capture.rows, slots, half)])
    keys, first = np.unique(keys, return_index=True)
    return keys[np.argsort(-scores[first], kind="stable")]


def rescored(connection: apsw.Connection, keys: Sequence[int] | Keys, query: Row, wanted: int) -> Ranking:
    """Return the keys that have a vector by their cosine from float32, best first; of equals the older first."""
    found, rows = fetch_vectors(connection, keys, len(query))
    scores = rows @ query
    order = np.lexsort((found, -scores))[:wanted]
    return [(int(found[i]), float(scores[i])) for i in order]


def matching_of(connection: apsw.Connection, keys: Keys, condition: Condition) -> Keys:
    """Return which of the keys are documents that match."""
    matches = probe(condition, "docs.key")
    sql = f"SELECT docs.key FROM json_each(?) AS wanted JOIN docs ON docs.key = wanted.value WHERE {matches.sql}"  # noqa: S608
    found = select(connection, sql, encode_keys(keys), *matches.values)
    return np.fromiter((key for (key,) in found), np.int64, len(found))
