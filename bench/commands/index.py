"""`bench index`: searching and writing documents in process: recall, milliseconds, memory, and how all of it grows.

In: the STS benchmark's sentences, or made-up ones without --data; how they become many is told in `bench/documents/corpus.py`.
Out: recall against exact search in float32, and the milliseconds of one search after the other, of the best of all
rounds: by vector, under filters, by words and vector, and while documents are written as fast as they are taken.
The interpreter hands over between threads as often as the server's does.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench.artifacts import open_artifact
from bench.documents.corpus import Corpus, Sentences, embed_sentences
from bench.documents.ingest import ingest, search_during_ingest
from bench.documents.searches import measure_filters, recall_at_10, time_rounds, vector_query
from bench.documents.start import start_apart
from bench.figures.index import IndexFigures, SizeFigures, render_table
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.options import given_flags, positive
from bench.progress import say
from bench.workload.sts import FILES
from index import Collection, Index, Query
from server import MEMORY, Daemon, Settings, build_daemon

DOCUMENTS, ROUNDS, SECONDS = 100_000, 3, 6.0
SIZES = (1_000, 10_000)
SWITCH_INTERVAL_S = 0.0005  # the server's


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how many documents, and how often and how long to measure."""
    add = parser.add_argument
    add("--data", type=Path, metavar="DIR", help=f"folder with {' and '.join(FILES.values())}")
    add("--documents", type=positive, default=DOCUMENTS, metavar="N", help="documents (default: %(default)s)")
    add(
        "--sizes",
        type=positive,
        nargs="*",
        default=list(SIZES),
        metavar="N",
        help="further numbers of documents, to show how cost grows (default: 1000 10000)",
    )
    add("--rounds", type=positive, default=ROUNDS, metavar="N", help="times all is timed (default: %(default)s)")
    add(
        "--seconds",
        type=float,
        default=SECONDS,
        metavar="S",
        help="how long searches go on beside an ingest, each round (default: %(default)g)",
    )


def measure(options: argparse.Namespace) -> Outcome:
    """Fill a collection of each size; measure the largest part on the one of --documents."""
    open_artifact(options.models, options.model)  # a missing model is told before anything is measured
    origin = origin_fields(options)
    daemon = build_daemon(
        Settings(models=options.models, model=options.model, provider=options.provider, cache_bytes=0, data=MEMORY)
    )
    sentences = embed_sentences(daemon, options.data, options.seed)
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        sizes = {}
        for count in sorted({*options.sizes} - {options.documents}):
            say(f"{count:,} documents")
            with TemporaryDirectory() as folder:
                sizes[str(count)] = _measure_size(daemon, sentences, count, options, Path(folder))
        say(f"{options.documents:,} documents")
        with TemporaryDirectory() as folder:
            figures = _measure_all(daemon, sentences, sizes, options, Path(folder), origin)
    finally:
        sys.setswitchinterval(before)
    return Outcome(figures, render_table(figures))


def _open(daemon: Daemon, folder: Path) -> Index:
    return Index(folder, daemon.manifest.model_fingerprint, daemon.manifest.dimensions)


def _fill(collection: Collection, corpus: Corpus) -> tuple[float, float]:
    """Write all documents; return how many a second were written, and how many until they were in the view too."""
    start_s = time.perf_counter()
    rate = ingest(collection, corpus.documents(len(corpus)))
    collection.wait_until_viewed()
    return rate, len(corpus) / (time.perf_counter() - start_s)


def _measure_size(
    daemon: Daemon, sentences: Sentences, count: int, options: argparse.Namespace, folder: Path
) -> SizeFigures:
    corpus, index = Corpus(sentences, count, options.seed), _open(daemon, folder)
    try:
        collection = index.collection()
        return _searched(collection, corpus, sentences, options.rounds, _fill(collection, corpus))
    finally:
        index.close()


def _searched(
    collection: Collection, corpus: Corpus, sentences: Sentences, rounds: int, rates: tuple[float, float]
) -> SizeFigures:
    rows = [row for _, row in sentences.queries]
    queries = [vector_query(row) for row in rows]
    stats = collection.stats()
    return SizeFigures(
        recall_at_10=recall_at_10(
            [collection.search(query) for query in queries], rows, corpus.rows, np.arange(len(corpus))
        ),
        search_ms=time_rounds(collection, queries, rounds),
        written_per_s=rates[0],
        viewed_per_s=rates[1],
        memory_mb=stats.memory_bytes / 1e6,
        database_mb=stats.database_bytes / 1e6,
    )


def _measure_all(
    daemon: Daemon,
    sentences: Sentences,
    sizes: dict[str, SizeFigures],
    options: argparse.Namespace,
    folder: Path,
    origin: dict[str, Any],
) -> IndexFigures:
    corpus, index = Corpus(sentences, options.documents, options.seed), _open(daemon, folder)
    try:
        collection = index.collection()
        whole = _searched(collection, corpus, sentences, options.rounds, _fill(collection, corpus))
        say("filters and words")
        rows = [row for _, row in sentences.queries]
        filtered = measure_filters(collection, corpus, rows, options.rounds)
        hybrid = time_rounds(collection, _queries(sentences, "hybrid"), options.rounds)
        words = time_rounds(collection, _queries(sentences, "text"), options.rounds)
        collection.snapshot()
        collection.wait_until_viewed()
    finally:
        index.close()
    say("starts")
    starts = [start_apart(folder, options.models, options.model) for _ in range(options.rounds)]
    say("searches beside an ingest")
    index = _open(daemon, folder)
    try:
        more = Corpus(sentences, options.documents, options.seed + 1, "later")
        queries = [vector_query(row) for row in rows]
        during, rate = search_during_ingest(
            index.collection(), more.documents(len(more)), queries, options.seconds, options.rounds
        )
    finally:
        index.close()
    return IndexFigures(
        **origin,
        documents=options.documents,
        queries=len(rows),
        recall_at_10=whole.recall_at_10,
        search_ms=whole.search_ms,
        filtered=filtered,
        hybrid_ms=hybrid,
        text_ms=words,
        ingest_search_ms=during,
        ingest_beside_searches_per_s=rate,
        restart_s=min(start.restart_s for start in starts),
        restart_pending=max(start.pending for start in starts),
        rss_mb=min(start.rss_mb for start in starts),
        rss_mb_model=min(start.rss_mb_model for start in starts),
        sizes={**sizes, str(options.documents): whole},
        rounds=options.rounds,
        seconds=options.seconds,
        flags=given_flags(options, ("documents",)) | {"--sizes": " ".join(map(str, options.sizes))},
    )


def _queries(sentences: Sentences, mode: str) -> Sequence[Query]:
    if mode == "text":
        return [Query(mode="text", text=text) for text, _ in sentences.queries]
    return [Query(mode="hybrid", text=text, vector=row) for text, row in sentences.queries]
