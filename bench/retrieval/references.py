"""The rankings that vecd's are held against: exact fp32, bm25s, and the weighted sum of both."""

import numpy as np

from bench.artifacts import Artifact, Rows
from bench.figures.retrieval import BM25, EXACT, SUM, TOP_K
from bench.retrieval.collections import JudgedCollection
from bench.retrieval.exact import Order, name_orders, nearest, unit
from bench.retrieval.fp32 import embed_fp32
from bench.retrieval.fusion import candidates, weighted_sum
from bench.retrieval.words import Asked, WordScores, score_words


def rank_references(artifact: Artifact, data: JudgedCollection) -> dict[str, list[list[str]]]:
    """Return by row the ids of each query's documents, best first.

    Raises:
        ArtifactError, BenchError, ExportError: a reference cannot be made.
    """
    queries, documents = (
        unit(embed_fp32(artifact, data.queries, "query")),
        unit(embed_fp32(artifact, data.documents, "document")),
    )
    exact = nearest(queries, documents, TOP_K)
    words = score_words(Asked(data.documents, data.queries, [order.tolist() for order in exact], TOP_K))
    by_words = [np.array(one.order, np.int64) for one in words]
    both = [_fuse(query, documents, order, one) for query, order, one in zip(queries, exact, words, strict=True)]
    orders = {EXACT: exact, BM25: by_words, SUM: both}
    return {row: name_orders(found, data.document_ids) for row, found in orders.items()}


def _fuse(query: Rows, documents: Rows, near: Order, words: WordScores) -> Order:
    places = candidates(near.tolist(), words.order)
    scores = np.array([words.scores[place] for place in places])
    return weighted_sum(places, (documents[places] @ query).astype(np.float64), scores)
