"""Plans a search by vector: exactly over all rows that match the filter, or approximately through the graph.

Few rows are compared one by one; that is exact, and cheaper than a graph. Where many match, the graph is asked for more
than is wanted and the filter applied to what it gives, until there is enough. The float32 vectors decide the order.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import apsw
import numpy as np
from numpy.typing import NDArray

from index.documents.vector import Vector
from index.filters.clauses import probe
from index.filters.selectivity import matching, smallest_cover
from index.filters.tree import Condition, Every
from index.store.connections import Readers
from index.store.queries import array_of
from index.store.rows import highest_key
from index.store.vector_rows import fetch_vectors
from index.view.captures import Capture, Moment, Slots
from index.view.graph import GRAPH_ROWS
from index.view.scores import best, cosines, scores_at, scores_of
from index.view.vectors import Vectors

EXACT_ROWS = 20_000  # up to so many rows that match a filter are compared one by one: some 4 ms
EXACT_WHOLE_ROWS = 2_000  # up to so many rows of a collection are compared one by one
EVERYTHING = Every(())
SPARE_ROWS = 6  # float16 may order so many rows wrongly at the end
FIRST_FACTOR = 12  # where there is a filter the graph is first asked for so many times what is wanted
MAX_ASKED_ROWS = 4_096  # beyond this the graph costs more than comparing every row

Ranking = list[tuple[int, float]]
Keys = NDArray[np.int64]
T = TypeVar("T")
Finish = Callable[[apsw.Connection, Ranking], T]


class Planner:
    """Compares up to `exact_rows` rows that match a filter one by one, and up to `whole_rows` where there is none."""

    def __init__(
        self,
        readers: Readers,
        vectors: Vectors,
        exact_rows: int = EXACT_ROWS,
        whole_rows: int = EXACT_WHOLE_ROWS,
    ) -> None:
        self._readers = readers
        self._vectors = vectors
        self._exact_rows = exact_rows
        self._whole_rows = whole_rows

    def search(self, query: Vector, condition: Condition | None, wanted: int, finish: Finish[T]) -> T:
        """Rank the nearest documents and hand (key, cosine), best first, to `finish` within the same transaction.

        Everything is of one commit: a document that is replaced or deleted meanwhile is found as it was.
        """
        clock = self._vectors.clock
        with self._readers.reading() as connection:
            moment = Moment(clock, highest_key(connection))
            return finish(connection, self.rank(connection, moment, query, condition, wanted))

    def rank(
        self, connection: apsw.Connection, moment: Moment, query: Vector, condition: Condition | None, wanted: int
    ) -> Ranking:
        enough = wanted + SPARE_ROWS
        asked, needed, cover, read = enough, wanted, None, enough
        if condition is not None:
            cover = smallest_cover(connection, condition, self._exact_rows + 1)
            if cover is not None and cover.rows <= self._exact_rows:
                return self._exactly(connection, moment, matching(connection, condition, cover), query, wanted)
            asked, needed = FIRST_FACTOR * enough, 2 * enough
        while asked <= MAX_ASKED_ROWS:
            nearest = self.nearest(query, moment, asked)
            if nearest is None:
                break
            candidates, exhausted = nearest
            kept = candidates if condition is None else matching_of(connection, candidates, condition)
            if exhausted or len(kept) >= needed:
                ranking = rescored(connection, kept[:read], query, wanted)
                if len(ranking) == wanted or (exhausted and read >= len(kept)):
                    return ranking
                read *= 4  # many of the nearest went after the clock was noted and before the transaction began
            asked = int(asked * max(2.0, 1.5 * needed / max(1, len(kept))))
        keys = matching(connection, condition or EVERYTHING, cover)
        return self._exactly(connection, moment, keys, query, wanted)

    def cosines(self, connection: apsw.Connection, query: Vector, keys: Sequence[int]) -> dict[int, float]:
        """Return the cosine from float32 of each document that has one of these keys."""
        return dict(rescored(connection, keys, query, len(keys)))

    def _exactly(self, connection: apsw.Connection, moment: Moment, keys: Keys, query: Vector, wanted: int) -> Ranking:
        """Rank these documents of the transaction; rows that are no longer in memory are read from the database."""
        capture, _ = self._vectors.capture(moment)
        slots, known = capture.slots(keys)
        scores = scores_at(capture.rows, slots[known], query.astype(np.float16))
        nearest = keys[known][best(scores, wanted + SPARE_ROWS)]
        return rescored(connection, np.concatenate([nearest, keys[~known]]), query, wanted)

    def nearest(self, query: Vector, moment: Moment, asked: int) -> tuple[Keys, bool] | None:
        """Return approximately the nearest keys, best first, and whether these are all there are.

        None where the search has taken so long that rows of its moment have been forgotten.
        """
        half = query.astype(np.float16)
        while True:
            capture, graph = self._vectors.capture(moment)
            if not capture.whole:
                return None
            alive = int(np.count_nonzero(capture.alive))
            if alive <= max(self._whole_rows, asked) or graph.busy or not graph.trusted:
                scores = np.where(capture.alive, scores_of(capture.rows, half), np.float32(-np.inf))
                return capture.keys[best(scores, min(asked, alive))], alive <= asked
            missing = capture.missing()
            nodes = graph.search(half, max(asked, GRAPH_ROWS))
            after, slots = self._vectors.found(capture, moment, nodes)
            if after.generation == capture.generation and after.whole:
                return after.keys[nearest_slots(after, missing, slots, half, asked)], False


def nearest_slots(capture: Capture, missing: Slots, slots: Slots, half: NDArray[np.float16], asked: int) -> Slots:
    """Return the slots of the nearest: of what the graph gave, and what it lacked before the search or lacks since."""
    since = capture.missing()
    for late in (missing, since) if len(missing) != len(since) or (missing != since).any() else (missing,):
        if len(late):
            slots = np.union1d(slots, late[best(scores_at(capture.rows, late, half), asked)])
    return slots[best(scores_at(capture.rows, slots, half), asked)]


def rescored(connection: apsw.Connection, keys: Sequence[int] | Keys, query: Vector, wanted: int) -> Ranking:
    """Return the keys that have a vector with their cosine from float32, best first; of equal ones the older first."""
    found, rows = fetch_vectors(connection, keys, len(query))
    scores = cosines(rows, query)
    order = np.lexsort((found, -scores))[:wanted]
    return [(int(found[i]), float(scores[i])) for i in order]


def matching_of(connection: apsw.Connection, keys: Keys, condition: Condition) -> Keys:
    """Return those of the keys whose documents match, in the same order."""
    if not len(keys):
        return keys
    matches = probe(condition, "docs.key")
    sql = f"SELECT docs.key FROM carray(?) AS wanted CROSS JOIN docs ON docs.key = wanted.value WHERE {matches.sql}"  # noqa: S608
    found = connection.execute(sql, (array_of(keys), *matches.values)).fetchall()
    return keys[np.isin(keys, np.fromiter((key for (key,) in found), np.int64, len(found)))]
