"""Ranks documents by their words, within the transaction that shows which documents there are.

What the index has not got yet is scored beside it, what has gone is left out.
"""

from collections.abc import Callable, Sequence

import apsw
import msgspec
import numpy as np

from index.filters.tree import Condition
from index.words.beside import Beside
from index.words.deepening import Asked, Plan, finished, named, planned
from index.words.late import Late
from index.words.presence import living
from index.words.reading import Reading
from index.words.sought import Sought
from index.words.ties import Best, Ranking, ordered
from index.words.weighing import weighed, worth

Begun = Callable[[Callable[[], Best]], Callable[[], Best]]


def later(work: Callable[[], Best]) -> Callable[[], Best]:
    """Do nothing yet: what is returned does the work."""
    return work


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
        return self.begin(condition, wanted, later)()

    def begin(self, condition: Condition | None, wanted: int, begun: Begun) -> Callable[[], Ranked]:
        """Begin to rank them, and return what ends it; `begun` may have the index asked on another thread meanwhile."""
        if not self._sought:
            return lambda: Ranked([])
        plan = planned(self._asked(condition, wanted))
        best = begun(plan.begin)
        return lambda: self._ranked(plan, best())

    def _ranked(self, plan: Plan, best: Best) -> Ranked:
        late = self._late_scores
        shown = living(self._connection, np.fromiter(late, np.int64, len(late)), plan.asked.condition)
        inside = finished(plan, best)
        found = dict(zip(inside.keys.tolist(), inside.scores.tolist(), strict=True))
        found |= {key: late[key] for key in shown.tolist()}
        return Ranked(ordered(found)[: plan.asked.wanted], self._weights.ignored)

    def scores(self, keys: Sequence[int]) -> dict[int, float]:
        """Return the score of each of these documents, which the transaction shows; 0 where nothing matches."""
        found = dict.fromkeys(keys, 0.0)
        if not (self._sought and keys):
            return found
        found |= {key: self._late_scores[key] for key in keys if key in self._late_scores}
        within = np.array([key for key in keys if key <= self._reading.last_key], np.int64)
        best = named(self._asked(None, len(within)), within)
        return found | dict(zip(best.keys.tolist(), best.scores.tolist(), strict=True))

    def worth(self) -> float:
        """Return the score of a document of average length that holds each word of the query once."""
        return worth(self._reading, self._late, self._sought)

    def _asked(self, condition: Condition | None, wanted: int) -> Asked:
        return Asked(self._connection, self._reading, self._sought, self._weights, condition, wanted)
