"""Searches in all three modes: by vector, by words, and both fused."""

from collections.abc import Callable, Mapping

import apsw

from index.documents.query import Query, SearchOutcome
from index.filters.tree import Condition
from index.search.candidates import Nearest, Ranking
from index.search.fusion import FUSED_ROWS, fuse
from index.search.hits import hits_of
from index.search.planner import Planner
from index.store.connections import Readers
from index.view.vectors import Vectors
from index.words.ranking import Ranked, rank
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
        assert query.vector is not None
        if query.mode == "vector":
            return self._planner.search(
                query.vector,
                condition,
                query.top_k,
                lambda connection, found: outcome_of(connection, found.ranking, query, rows_found=found.rows),
            )
        depth = max(FUSED_ROWS, query.top_k)
        by_words = self._ranker(query, condition, depth)

        def fused(connection: apsw.Connection, nearest: Nearest) -> SearchOutcome:
            found = by_words(connection)
            ranking = fuse([[key for key, _ in nearest.ranking], [key for key, _ in found.ranking]])
            return outcome_of(connection, ranking, query, found.ignored, nearest.rows)

        return self._planner.search(query.vector, condition, depth, fused)

    def _by_words(self, query: Query, condition: Condition | None) -> SearchOutcome:
        by_words = self._ranker(query, condition, query.top_k)
        with self._readers.reading() as connection:
            found = by_words(connection)
            return outcome_of(connection, found.ranking, query, found.ignored)

    def _ranker(self, query: Query, condition: Condition | None, wanted: int) -> Callable[[apsw.Connection], Ranked]:
        """Return what ranks by words within a transaction; that must begin after this."""
        assert query.text is not None
        lexicon = self._words.lexicon
        sought = lexicon.sought(query.text, prefix=query.prefix, typos=query.typos)
        reading = lexicon.keeper.current()
        return lambda connection: rank(connection, reading, lexicon.beside, sought, condition, wanted)


def outcome_of(
    connection: apsw.Connection,
    ranking: Ranking,
    query: Query,
    ignored: int = 0,
    rows_found: Mapping[int, int] | None = None,
) -> SearchOutcome:
    """Return the hits of a ranking, and how many of the best the threshold took."""
    hits = hits_of(connection, ranking, query, rows_found)
    return SearchOutcome(hits, ignored, min(len(ranking), query.top_k) - len(hits))
