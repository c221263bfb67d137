"""The three modes: each ranks documents down to a depth within one transaction, as often and as deep as it is asked."""

from collections.abc import Mapping, Sequence

import apsw
import msgspec

from index.documents.query import Explanation, Part, Query
from index.filters.tree import Condition
from index.search.candidates import Nearest, Ranking
from index.search.found import MAX_DEPTH, Found
from index.search.fusion import depth_for
from index.search.hybrid import fused
from index.search.planner import Planner
from index.store.rows import key_of
from index.view.captures import Moment
from index.words.ranking import Begun, Matching, Ranked, later


class Modes(msgspec.Struct, frozen=True, eq=False):
    """What a query is ranked by within one transaction: vectors of its moment, and words where there are any sought.

    `begun` may have the words ranked on another thread while vectors are compared.
    """

    planner: Planner
    connection: apsw.Connection
    moment: Moment
    matching: Matching | None
    query: Query
    condition: Condition | None
    begun: Begun = later

    def rank(self, depth: int) -> Found:
        """Rank down to this depth, without the document that the query leaves out."""
        left_out = None if self.query.without is None else key_of(self.connection, self.query.without)
        if self.query.mode == "text":
            return self._by_words(depth, left_out)
        if self.query.mode == "vector":
            return self._by_vector(depth, left_out)
        return self._by_both(depth_for(depth, MAX_DEPTH), left_out)

    def _by_vector(self, depth: int, left_out: int | None) -> Found:
        nearest, exhausted = self._nearest(depth, left_out)
        scores = dict(nearest.ranking) if self.query.explain else {}
        return Found(nearest.ranking, lambda key: Explanation(vector=Part(scores[key])), nearest.rows, exhausted)

    def _by_words(self, depth: int, left_out: int | None) -> Found:
        ranked, exhausted = self._matched(depth, left_out)
        scores = dict(ranked.ranking) if self.query.explain else {}
        explain = lambda key: Explanation(text=Part(scores[key]))  # noqa: E731
        return Found(ranked.ranking, explain, {}, exhausted, ranked.ignored)

    def _by_both(self, depth: int, left_out: int | None) -> Found:
        assert self.matching is not None
        asked = depth + (left_out is not None)
        matched = self.matching.begin(self.condition, asked, self.begun)
        nearest, all_near = self._nearest(depth, left_out)
        ranked, all_matched = shortened(matched(), left_out, depth, asked)
        rows = dict(nearest.rows)

        def cosines(keys: Sequence[int]) -> Mapping[int, float]:
            assert self.query.vector is not None
            more = self.planner.nearest_of(self.connection, self.query.vector, keys)
            rows.update(more.rows)
            return dict(more.ranking)

        both = fused(self.query, nearest.ranking, ranked.ranking, self.matching, cosines)
        exhausted = all_near and all_matched
        ranking = both.ranking if exhausted else both.ranking[:depth]  # others may be worse than some not looked at
        return Found(ranking, both.explanation, rows, exhausted, ranked.ignored)

    def _nearest(self, depth: int, left_out: int | None) -> tuple[Nearest, bool]:
        """Return the nearest documents, and whether these are all."""
        assert self.query.vector is not None
        asked = depth + (left_out is not None)
        found = self.planner.rank(self.connection, self.moment, self.query.vector, self.condition, asked)
        return Nearest(without(found.ranking, left_out, depth), found.rows), len(found.ranking) < asked

    def _matched(self, depth: int, left_out: int | None) -> tuple[Ranked, bool]:
        """Return the documents that match best by their words, and whether these are all."""
        assert self.matching is not None
        asked = depth + (left_out is not None)
        return shortened(self.matching.rank(self.condition, asked), left_out, depth, asked)


def shortened(found: Ranked, left_out: int | None, depth: int, asked: int) -> tuple[Ranked, bool]:
    """Return so many documents without the one that is left out, and whether there are no more than these."""
    return Ranked(without(found.ranking, left_out, depth), found.ignored), len(found.ranking) < asked


def without(ranking: Ranking, left_out: int | None, depth: int) -> Ranking:
    """Return so many of a ranking without the document that is left out."""
    return ranking if left_out is None else [row for row in ranking if row[0] != left_out][:depth]
