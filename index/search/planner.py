"""Plans a search by vector: exactly over all rows that match the filter, or approximately through the graph.

Few rows are compared one by one; that is exact, and cheaper than a graph. Where many match, the graph is asked for more
than is wanted and the filter applied to what it gives, until there is enough; what a filter that is asked again leaves
may be known already (`among.py`). The float32 vectors decide the order. Each row is a passage's: a document is found
once, by its best one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import apsw
import numpy as np
from numpy.typing import NDArray

from index.documents.vector import Vector
from index.filters.selectivity import smallest_cover
from index.filters.tree import Condition, Every
from index.search.among import Among
from index.search.candidates import SPARE, Candidates, Nearest, best_of_documents, rescored
from index.store.connections import Readers
from index.store.interruption import checkpoint
from index.store.narrowing import matching, matching_among
from index.store.passage_rows import several_of
from index.store.queries import Keys
from index.store.rows import highest_key
from index.view.captures import Capture, Moment, Slots
from index.view.graph import GRAPH_ROWS
from index.view.scores import best, scores_at, scores_of
from index.view.standing import Standing
from index.view.vectors import Vectors

EXACT_ROWS = 20_000  # up to so many rows, of a collection or of what matches a filter, are compared one by one
EVERYTHING = Every(())
SEVERAL_FACTOR = 3  # where documents have several passages, the graph is first asked for so many times more
# How wide a search through the graph is at least, by the documents that are wanted: recall@30 and @100 of 100,000 made
# rows are 0.978 and 0.972 with 4, 0.989 and 0.988 with 6, 0.995 and 0.995 with 8.
WIDTH_FACTOR = 6
SPARE_NODES = 4  # one more for so many that are asked for: at the end int8 orders some wrongly
FILTERED_WIDTH_FACTOR = 2  # the same by the nodes that are asked for, where a filter takes most of them away
FIRST_FACTOR = 12  # where there is a filter the graph is first asked for so many times what is wanted
MAX_ASKED_ROWS = 4_096  # beyond this the graph costs more than comparing every row

T = TypeVar("T")
Finish = Callable[[apsw.Connection, Nearest], T]


class Planner:
    """Compares up to `exact_rows` rows one by one, of a collection or of what matches a filter."""

    def __init__(
        self, readers: Readers, vectors: Vectors, exact_rows: int = EXACT_ROWS, standing: Standing | None = None
    ) -> None:
        self._readers = readers
        self._vectors = vectors
        self._exact_rows = exact_rows
        self._standing = standing or Standing()
        self._among = Among(vectors, self._standing, exact_rows)

    @contextmanager
    def reading(self) -> Iterator[tuple[apsw.Connection, Moment]]:
        """Begin a transaction, and note the moment that it shows: all that is ranked within it is of one commit.

        A document that is replaced or deleted meanwhile is found as it was.
        """
        clock, stamp = self._vectors.clock, self._standing.stamp()
        with self._readers.reading() as connection:
            yield connection, Moment(clock, highest_key(connection), self._standing.confirmed(stamp))

    def search(self, query: Vector, condition: Condition | None, wanted: int, finish: Finish[T]) -> T:
        """Rank the nearest documents and hand them to `finish` within the same transaction."""
        with self.reading() as (connection, moment):
            return finish(connection, self.rank(connection, moment, query, condition, wanted))

    def rank(
        self, connection: apsw.Connection, moment: Moment, query: Vector, condition: Condition | None, wanted: int
    ) -> Nearest:
        """Rank the nearest documents of a transaction that match."""
        cover = None
        if condition is not None:
            if (known := self._among.rank(connection, moment, query, condition, wanted)) is not None:
                return known
            cover = smallest_cover(connection, condition, self._exact_rows + 1)
            if cover is not None and cover.rows <= self._exact_rows:
                keys = matching(connection, condition, cover)
                self._among.note(moment, condition, keys)
                return self._exactly(connection, self._vectors.capture(moment)[0], keys, query, wanted)
        nearest = self._through_graph(connection, moment, query, condition, wanted)
        if nearest is not None:
            return nearest
        keys = matching(connection, condition or EVERYTHING, cover)
        if condition is not None:
            self._among.note(moment, condition, keys)
        return self._exactly(connection, self._vectors.capture(moment)[0], keys, query, wanted)

    def _through_graph(
        self, connection: apsw.Connection, moment: Moment, query: Vector, condition: Condition | None, wanted: int
    ) -> Nearest | None:
        """Return the nearest, None where the graph gives too few."""
        enough = wanted + SPARE
        asked = enough * (SEVERAL_FACTOR if self._vectors.several else 1)
        needed, read = enough, enough
        if condition is not None:
            asked, needed = FIRST_FACTOR * asked, 2 * enough
        while asked <= MAX_ASKED_ROWS:
            checkpoint()
            width = WIDTH_FACTOR * enough if condition is None else FILTERED_WIDTH_FACTOR * asked
            given = self.nearest(query, moment, asked, width)
            if given is None:
                break
            candidates, exhausted = given
            kept = candidates if condition is None else matching_of(connection, candidates, condition)
            documents = kept.documents
            if exhausted or documents >= needed:
                found = rescored(connection, kept.of_documents(read), query, wanted)
                if len(found.ranking) == wanted or (exhausted and read >= documents):
                    return found
                read *= 4  # many of the nearest went after the clock was noted and before the transaction began
            asked = int(asked * max(2.0, 1.5 * needed / max(1, documents)))
        return None

    def nearest_of(self, connection: apsw.Connection, query: Vector, keys: Sequence[int]) -> Nearest:
        """Rank these documents of the transaction, each by its best passage."""
        documents = np.sort(np.asarray(keys, np.int64))
        return self._exactly(connection, self._vectors.capture()[0], documents, query, len(documents))

    def _exactly(
        self, connection: apsw.Connection, capture: Capture, keys: Keys, query: Vector, wanted: int
    ) -> Nearest:
        """Rank these documents of the transaction; those that are no longer in memory are read from the database."""
        slots, known = capture.slots_of(keys)
        scores = scores_at(capture.rows, slots, query.astype(np.float16))
        chosen = slots[best_of_documents(scores, capture.owners[slots], wanted + SPARE)]
        away = keys[~known]
        several = several_of(connection, away)
        lost = several.rows(away)
        rows = np.concatenate([capture.keys[chosen], lost])
        owners = np.concatenate([capture.owners[chosen], several.owners(lost)])
        return rescored(connection, Candidates(rows, owners), query, wanted)

    def nearest(self, query: Vector, moment: Moment, asked: int, width: int = 0) -> tuple[Candidates, bool] | None:
        """Return approximately the nearest rows, best first, and whether these are all there are.

        So many are asked of the graph; where all rows are compared, those of so many documents are given.
        None where the search has taken so long that rows of its moment have been forgotten.
        """
        half = query.astype(np.float16)
        while True:
            capture, graph = self._vectors.capture(moment)
            if not capture.whole:
                return None
            alive = int(np.count_nonzero(capture.alive))
            if alive <= max(self._exact_rows, asked) or graph.busy or not graph.trusted:
                scores = np.where(capture.alive, scores_of(capture.rows, half), np.float32(-np.inf))
                found = candidates_at(capture, best_of_documents(scores, capture.owners, asked))
                return found, alive <= asked or found.documents < asked
            missing = capture.missing()
            nodes = graph.search(half, max(asked + asked // SPARE_NODES, GRAPH_ROWS), min(width, MAX_ASKED_ROWS))
            after, slots = self._vectors.found(capture, moment, nodes)
            if after.generation == capture.generation and after.whole:
                return candidates_at(after, nearest_slots(after, missing, slots, half, asked)), False


def candidates_at(capture: Capture, slots: Slots) -> Candidates:
    return Candidates(capture.keys[slots], capture.owners[slots])


def nearest_slots(capture: Capture, missing: Slots, slots: Slots, half: NDArray[np.float16], asked: int) -> Slots:
    """Return the slots of the nearest: of what the graph gave, and what it lacked before the search or lacks since."""
    since = capture.missing()
    for late in (missing, since) if len(missing) != len(since) or (missing != since).any() else (missing,):
        if len(late):
            slots = np.union1d(slots, late[best(scores_at(capture.rows, late, half), asked)])
    return slots[best(scores_at(capture.rows, slots, half), asked)]


def matching_of(connection: apsw.Connection, candidates: Candidates, condition: Condition) -> Candidates:
    """Return those of the rows whose documents match, in the same order."""
    kept = np.isin(candidates.owners, matching_among(connection, condition, np.unique(candidates.owners)))
    return Candidates(candidates.rows[kept], candidates.owners[kept])
