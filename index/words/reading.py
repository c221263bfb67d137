"""What a search sees of the words: one commit of tantivy's index, asked for the best documents by BM25."""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import tantivy
from tantivy import Occur, Query

from index.words.bm25 import Weights
from index.words.sought import Sought
from index.words.ties import NONE, Best, Keys

KEY, STEMS, WORDS = "key", "stems", "words"
BLOCK_KEYS, MAX_BLOCKS = 4_096, 4_096
SUMS = {"sums": {"stats": {"field": KEY}}}


class Reading(msgspec.Struct, frozen=True, eq=False):
    """The documents with keys up to `last_key`, and some that have gone since.

    `documents` and `average_length` are those that the scores count.
    """

    searcher: tantivy.Searcher
    schema: tantivy.Schema
    last_key: int
    documents: int
    average_length: float

    def keys(self) -> Keys:
        """Return the keys of all documents, in ascending order."""
        count = max(1, self.searcher.num_docs)
        ordered = self.searcher.search(
            Query.all_query(), count, count=False, order_by_field=KEY, order=tantivy.Order.Asc
        )
        return np.fromiter((key for key, _ in ordered.hits), np.int64)

    def highest(self) -> int:
        """Return the highest key of all documents, 0 where there are none."""
        last = self.searcher.search(Query.all_query(), 1, count=False, order_by_field=KEY, order=tantivy.Order.Desc)
        return max((int(key) for key, _ in last.hits), default=0)

    def has_just(self, keys: Keys) -> bool:
        """Say whether the documents are those with these keys, which ascend: by how many and their sum, in each block.

        To name each takes a second for a million. Others agree only where a block lacks two at least, and has two more.
        """
        size = max(BLOCK_KEYS, int(keys[-1]) // MAX_BLOCKS + 1 if len(keys) else 0)
        blocks = {"histogram": {"field": KEY, "interval": size, "min_doc_count": 1}, "aggs": SUMS}
        found = self.searcher.aggregate(Query.all_query(), {"blocks": blocks})["blocks"]["buckets"]
        numbers, starts = np.unique(keys // size, return_index=True)
        counts, sums = np.diff(starts, append=len(keys)), np.add.reduceat(keys, starts) if len(keys) else keys
        wanted = list(zip((numbers * size).tolist(), counts.tolist(), sums.tolist(), strict=True))
        return wanted == [(one["key"], one["doc_count"], one["sums"]["sum"]) for one in found]

    def holding(self, stem: str) -> int:
        """Return how many documents hold a stem."""
        return self.searcher.doc_freq(STEMS, stem)

    def beginning_with(self, beginning: str) -> int:
        """Return how many documents hold a word that begins so, at most all."""
        counts = (count for _, count in self.searcher.terms_with_prefix(WORDS, beginning))
        return min(self.documents, sum(counts))

    def holding_about(self, word: str) -> int:
        """Return how many documents hold a word within an edit of this one."""
        found = self.searcher.search(self._about(word), 1)
        return int(found.count)  # type: ignore[attr-defined] # the stub forgets it

    def best(self, sought: Sought, weights: Weights, count: int) -> Best:
        """Return so many of the best documents."""
        return self._found(self._query(sought, weights), count)

    def scored(self, sought: Sought, weights: Weights, keys: Sequence[int]) -> Best:
        """Return those of the documents with these keys that are among those that are sought."""
        named = [(Occur.Should, Query.term_query(self.schema, KEY, key, "basic")) for key in keys]
        among = Query.const_score_query(Query.boolean_query(named), 0.0)
        query = Query.boolean_query([(Occur.Must, self._query(sought, weights)), (Occur.Must, among)])
        return self._found(query, len(keys))

    def _found(self, query: Query, count: int) -> Best:
        if not (self.documents and count):
            return NONE
        hits = self.searcher.search(query, count, count=False).hits
        if not hits:
            return NONE
        scores, addresses = zip(*hits, strict=True)
        keys = self.searcher.fast_field_values(KEY, list(addresses))
        return Best(np.array(keys, np.int64), np.array(scores, np.float64))

    def _query(self, sought: Sought, weights: Weights) -> Query:
        scored = Query.boolean_query([(Occur.Should, part) for part in self._scored(sought, weights)])
        if not sought.demanded:
            return scored
        demanded = [(Occur.Must, Query.const_score_query(self._phrase(words), 0.0)) for words in sought.phrases]
        return Query.boolean_query([*demanded, (Occur.Should, scored)])

    def _scored(self, sought: Sought, weights: Weights) -> Iterator[Query]:
        for stem, factor in weights.factors.items():
            term = Query.term_query(self.schema, STEMS, stem, "freq")
            yield term if factor == 1 else Query.boost_query(term, factor)
        for words in sought.phrases:
            yield Query.const_score_query(self._phrase(words), weights.phrases[words])
        if sought.beginning is not None:
            # The words of a prefix, and no edit.
            begun = Query.fuzzy_term_query(self.schema, WORDS, sought.beginning, distance=0, prefix=True)
            yield Query.const_score_query(begun, weights.beginning)
        for word in sought.forgiven:
            yield Query.const_score_query(self._about(word), weights.forgiven[word])

    def _about(self, word: str) -> Query:
        return Query.fuzzy_term_query(self.schema, WORDS, word, distance=1)

    def _phrase(self, words: tuple[str, ...]) -> Query:
        if len(words) == 1:
            return Query.term_query(self.schema, STEMS, words[0], "basic")
        return Query.phrase_query(self.schema, STEMS, list(words))
