"""Ranks documents by their words, within the transaction that shows which documents there are.

What the index gives is more or less than what the transaction shows: what it has not got yet is scored beside it, what
has gone is left out, and more is asked for until there is enough or nothing more.
"""

import math
from collections.abc import Mapping, Sequence

import apsw
import msgspec
import numpy as np
from numpy.typing import NDArray

from index.errors import DamagedError
from index.filters.selectivity import smallest_cover
from index.filters.tree import Condition, Every
from index.store.interruption import checkpoint
from index.store.narrowing import matching, matching_among
from index.store.queries import array_of
from index.words.beside import Beside
from index.words.bm25 import Weights
from index.words.late import Late
from index.words.reading import Ranking, Reading
from index.words.sought import Sought
from index.words.weighing import weighed, worth

SPARE_ROWS = 16  # what a search asks for beside what is wanted: of equal scores the older document is first
FILTERED_FACTOR = 8  # where there is a filter, so many times more
FEW_ROWS = 500  # up to so many documents that match a filter are named to the index: 12 ms a thousand
MAX_TIED_ROWS = 1_000  # among more documents of one score than this, the older is not always first
MAX_ASKED_ROWS = 5_000  # beyond this, everything that holds a word is ranked: 0.4 µs a document
ROUNDING = 2e-6  # within which scores are equal
EVERYTHING = Every(())

Keys = NDArray[np.int64]


class Ranked(msgspec.Struct, frozen=True):
    """The best (key, score), best first, and how many words of the query were left out."""

    ranking: Ranking
    ignored: int = 0


class Matching:
    """Matches documents with what is sought within one transaction; the reading was taken before that began."""

    def __init__(self, connection: apsw.Connection, reading: Reading, beside: Beside, sought: Sought) -> None:
        self._connection = connection
        self._reading = reading
        self._sought = sought
        self._late = beside.late(connection, reading.last_key, sought) if sought else Late()
        self._weights = weighed(reading, self._late, sought)
        self._late_scores = self._late.scores(sought, self._weights)

    def rank(self, condition: Condition | None, wanted: int) -> Ranked:
        """Rank the documents that the transaction shows and the filter leaves."""
        if not self._sought:
            return Ranked([])
        late = self._late_scores
        found = {key: late[key] for key in living(self._connection, list(late), condition)}
        for key, score in inside(self._connection, self._reading, self._sought, self._weights, condition, wanted):
            found.setdefault(key, score)
        return Ranked(ordered(found)[:wanted], self._weights.ignored)

    def scores(self, keys: Sequence[int]) -> dict[int, float]:
        """Return the score of each of these documents, which the transaction shows; 0 where nothing matches."""
        found = dict.fromkeys(keys, 0.0)
        if not (self._sought and keys):
            return found
        found |= {key: self._late_scores[key] for key in keys if key in self._late_scores}
        within = [key for key in keys if key <= self._reading.last_key]
        return found | dict(self._reading.best(self._sought, self._weights, len(within), within) if within else [])

    def worth(self) -> float:
        """Return the score of a document of average length that holds each word of the query once."""
        return worth(self._reading, self._late, self._sought)


def ordered(scores: Mapping[int, float]) -> Ranking:
    """Return (key, score), best first, of equal ones the older first; the index rounds to float32."""
    best: Ranking = []
    score = math.inf
    for key, exact in sorted(scores.items(), key=lambda item: -item[1]):
        score = score if exact > score * (1 - ROUNDING) else exact
        best.append((key, score))
    return sorted(best, key=lambda item: (-item[1], item[0]))


def inside(
    connection: apsw.Connection,
    reading: Reading,
    sought: Sought,
    weights: Weights,
    condition: Condition | None,
    wanted: int,
) -> Ranking:
    """Return the best documents of the index that the transaction shows and the filter leaves."""
    cover, asked = None, wanted + SPARE_ROWS
    if condition is not None:
        cover = smallest_cover(connection, condition, FEW_ROWS + 1)
        if cover is not None and cover.rows <= FEW_ROWS:
            keys = matching(connection, condition, cover).tolist()
            return reading.best(sought, weights, len(keys), keys) if keys else []
        asked *= FILTERED_FACTOR
    while True:
        checkpoint()
        best = reading.best(sought, weights, asked)
        kept = there(best, living(connection, [key for key, _ in best], condition))
        enough = len(kept) >= wanted and (kept[wanted - 1][1] > best[-1][1] or asked > MAX_TIED_ROWS)
        if enough or len(best) < asked:
            return kept
        if asked > MAX_ASKED_ROWS:
            best = reading.best(sought, weights, reading.documents)
            return there(best, matching(connection, condition or EVERYTHING, cover))
        asked *= 8


def there(ranking: Ranking, keys: Sequence[int] | Keys) -> Ranking:
    """Return what of a ranking is among the keys, in the same order."""
    found = np.isin(np.fromiter((key for key, _ in ranking), np.int64, len(ranking)), np.asarray(keys, np.int64))
    return [ranking[place] for place in np.flatnonzero(found)]


def living(connection: apsw.Connection, keys: Sequence[int], condition: Condition | None) -> list[int]:
    """Return those of the keys whose documents are there and match."""
    if not keys:
        return []
    wanted = np.unique(np.asarray(keys, np.int64))
    found: list[int] = matching_among(connection, condition or EVERYTHING, wanted).tolist()
    if condition is None and len(found) < len(wanted):
        refuse_lost(connection, np.setdiff1d(wanted, found).tolist())
    return found


def refuse_lost(connection: apsw.Connection, keys: Sequence[int]) -> None:
    """Raise DamagedError where a document of these keys is not there, and its vector is; both go at once."""
    sql = "SELECT vectors.key FROM carray(?) AS wanted CROSS JOIN vectors ON vectors.key = wanted.value"
    for (key,) in connection.execute(sql, (array_of(keys),)):
        raise DamagedError(f"the documents are damaged: none has the key {key}. Restore a backup")
