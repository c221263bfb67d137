"""Searches in all three modes: by vector, by words, and both fused."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import apsw
import msgspec

from index.documents.query import Explanation, Hit, Part, Query, SearchOutcome
from index.filters.tree import Condition
from index.search.candidates import Nearest, Ranking
from index.search.fusion import FUSED_ROWS
from index.search.hits import hits_of
from index.search.hybrid import fused
from index.search.planner import Planner
from index.store.connections import Readers
from index.store.rows import key_of
from index.view.vectors import Vectors
from index.words.ranking import Matching
from index.words.words import Words


class Searcher:
    """Searches one collection. From any thread; each search sees one commit."""

    def __init__(self, readers: Readers, vectors: Vectors, words: Words) -> None:
        self._readers = readers
        self._words = words
        self._planner = Planner(readers, vectors)

    def search(self, query: Query, condition: Condition | None) -> SearchOutcome:
        """Return the best documents, best first; the query is checked already, and its filter parsed."""
        if query.mode == "text":
            return self._by_words(query, condition)
        if query.mode == "vector":
            return self._by_vector(query, condition)
        return self._by_both(query, condition)

    def _by_vector(self, query: Query, condition: Condition | None) -> SearchOutcome:
        def found(connection: apsw.Connection, nearest: Nearest) -> SearchOutcome:
            ranking = others(connection, nearest.ranking, query)
            parts = (Explanation(vector=Part(score)) for _, score in ranking)
            return outcome_of(connection, ranking, query, parts, rows_found=nearest.rows)

        assert query.vector is not None
        return self._planner.search(query.vector, condition, query.wanted, found)

    def _by_words(self, query: Query, condition: Condition | None) -> SearchOutcome:
        matching_in = self._matching(query)
        with self._readers.reading() as connection:
            found = matching_in(connection).rank(condition, query.wanted)
            ranking = others(connection, found.ranking, query)
            parts = (Explanation(text=Part(score)) for _, score in ranking)
            return outcome_of(connection, ranking, query, parts, found.ignored)

    def _by_both(self, query: Query, condition: Condition | None) -> SearchOutcome:
        vector, depth = query.vector, max(FUSED_ROWS, query.wanted)
        assert vector is not None
        matching_in = self._matching(query)

        def found(connection: apsw.Connection, nearest: Nearest) -> SearchOutcome:
            matching, rows = matching_in(connection), dict(nearest.rows)

            def cosines(keys: Sequence[int]) -> Mapping[int, float]:
                more = self._planner.nearest_of(connection, vector, keys)
                rows.update(more.rows)
                return dict(more.ranking)

            by_words = matching.rank(condition, depth)
            both = fused(
                query,
                others(connection, nearest.ranking, query),
                others(connection, by_words.ranking, query),
                matching,
                cosines,
            )
            parts = (both.explanation(key) for key, _ in both.ranking)
            return outcome_of(connection, both.ranking, query, parts, by_words.ignored, rows)

        return self._planner.search(vector, condition, depth, found)

    def _matching(self, query: Query) -> Callable[[apsw.Connection], Matching]:
        """Return what matches words within a transaction; that must begin after this."""
        assert query.text is not None
        lexicon = self._words.lexicon
        sought = lexicon.sought(query.text, prefix=query.prefix, typos=query.typos)
        reading = lexicon.keeper.current()
        return lambda connection: Matching(connection, reading, lexicon.beside, sought)


def outcome_of(
    connection: apsw.Connection,
    ranking: Ranking,
    query: Query,
    parts: Iterable[Explanation],
    ignored: int = 0,
    rows_found: Mapping[int, int] | None = None,
) -> SearchOutcome:
    """Return the hits of a ranking with the parts of their scores, and how many of the best the threshold took."""
    hits = explained(hits_of(connection, ranking, query, rows_found), query, parts)
    return SearchOutcome(hits, ignored, min(len(ranking), query.top_k) - len(hits))


def others(connection: apsw.Connection, ranking: Ranking, query: Query) -> Ranking:
    """Return the ranking without the document that the query leaves out."""
    left_out = None if query.without is None else key_of(connection, query.without)
    return ranking if left_out is None else [row for row in ranking if row[0] != left_out]


def explained(hits: list[Hit], query: Query, parts: Iterable[Explanation]) -> list[Hit]:
    """Return the hits with the parts of their scores, if the query asks for these; hits are the first of a ranking."""
    if not query.explain:
        return hits
    return [msgspec.structs.replace(hit, explain=part) for hit, part in zip(hits, parts, strict=False)]
