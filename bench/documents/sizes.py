"""A collection filled and searched in every way, whatever its size."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.artifacts import LoadedModel
from bench.documents.corpus import Corpus, Sentences
from bench.documents.ingest import ingest
from bench.documents.searches import measure_filters, recall_at_10, time_rounds, vector_query
from bench.figures.index import SizeFigures
from index import Collection, Index, Query

LOOK_S = 0.2


@contextmanager
def open_collection(model: LoadedModel, folder: Path) -> Iterator[Collection]:
    manifest = model.manifest
    index = Index(folder, manifest.model_fingerprint, manifest.dimensions)
    try:
        yield index.collection()
    finally:
        index.close()


def fill(collection: Collection, corpus: Corpus) -> tuple[float, float]:
    """Write all documents; return how many a second were written, and how many until they were in the view too."""
    start_s = time.perf_counter()
    rate = ingest(collection, corpus.documents(len(corpus)))
    collection.wait_until_viewed()
    collection.wait_for_words()
    return rate, len(corpus) / (time.perf_counter() - start_s)


def settle(collection: Collection) -> float:
    """Wait until the collection has found out how wide its searches must be; return the seconds that took."""
    start_s = time.perf_counter()
    while not collection.judged:
        time.sleep(LOOK_S)
    return time.perf_counter() - start_s


def measure_size(collection: Collection, corpus: Corpus, sentences: Sentences, rounds: int) -> SizeFigures:
    """Fill a collection, and search it by vector, under filters, by words and by both."""
    written_per_s, viewed_per_s = fill(collection, corpus)
    settled_s = settle(collection)
    queries = sentences.queries
    rows = [row for _, row in queries]
    by_vector = [vector_query(row) for row in rows]
    by_both = [Query(mode="hybrid", text=text, vector=row) for text, row in queries]
    by_words = [Query(mode="text", text=text) for text, _ in queries]
    hits = [collection.search(query) for query in by_vector]
    stats = collection.stats()
    return SizeFigures(
        recall_at_10=recall_at_10(hits, rows, corpus.rows, np.arange(len(corpus))),
        search_ms=time_rounds(collection, by_vector, rounds),
        written_per_s=written_per_s,
        viewed_per_s=viewed_per_s,
        memory_mb=stats.memory_bytes / 1e6,
        database_mb=stats.database_bytes / 1e6,
        settled_s=settled_s,
        width=stats.width,
        filtered=measure_filters(collection, corpus, rows, rounds),
        hybrid_ms=time_rounds(collection, by_both, rounds),
        text_ms=time_rounds(collection, by_words, rounds),
    )
