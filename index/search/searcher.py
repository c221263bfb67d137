"""Searches in all three modes: by vector, by words, and both fused."""

import apsw

from index.documents.query import Hit, Query
from index.filters.tree import Condition
from index.search.fusion import FUSED_ROWS, fuse
from index.search.hits import hits_of
from index.search.planner import Planner, Ranking
from index.store.connections import Readers
from index.view.vectors import Vectors
from index.words.ranking import rank_by_words


class Searcher:
    """Searches one collection. From any thread; each search sees one commit."""

    def __init__(self, readers: Readers, vectors: Vectors) -> None:
        self._readers = readers
        self._planner = Planner(readers, vectors)

    def search(self, query: Query, condition: Condition | None) -> list[Hit]:
        """Return the best documents, best first; the query is checked already, and its filter parsed."""
        if query.mode == "text":
            return self._by_words(query, condition)
        assert query.vector is not None
        if query.mode == "vector":
            return self._planner.search(
                query.vector, condition, query.top_k, lambda connection, ranking: hits_of(connection, ranking, query)
            )
        depth = max(FUSED_ROWS, query.top_k)

        def fused(connection: apsw.Connection, by_vector: Ranking) -> list[Hit]:
            assert query.text is not None
            by_words = rank_by_words(connection, query.text, condition, depth)
            return hits_of(connection, fuse([[key for key, _ in by_vector], [key for key, _ in by_words]]), query)

        return self._planner.search(query.vector, condition, depth, fused)

    def _by_words(self, query: Query, condition: Condition | None) -> list[Hit]:
        assert query.text is not None
        with self._readers.reading() as connection:
            return hits_of(connection, rank_by_words(connection, query.text, condition, query.top_k), query)
