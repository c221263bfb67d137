"""`bench index`: searching and writing documents in process: recall, milliseconds, memory, and how all of it grows.

In: the STS benchmark's sentences, or made-up ones without --data; `bench/documents/corpus.py` makes many documents of
them. Out: recall against exact search in float32, and the milliseconds of one search after the other, of the best of
all rounds: by vector, under filters, by words and vector, and while documents are written as fast as they are taken.
Threads take turns in the interpreter as often as the server's do. With --duplicates it measures something else: what
searches find where these shares of the rows are alike.
"""

import argparse
import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from bench.artifacts import LoadedModel, load_model, open_artifact
from bench.documents.alike import KINDS, make_alike, parse_kinds, parse_shares
from bench.documents.corpus import Corpus, SampleSize, Sentences, embed_sentences
from bench.documents.ingest import search_during_ingest
from bench.documents.searches import recall_by_score, time_rounds, vector_query
from bench.documents.sizes import fill, measure_size, open_collection, settle
from bench.documents.start import best_of, start_apart
from bench.figures.index import (
    AlikeFigures,
    AlikeIndexFigures,
    IndexFigures,
    SizeFigures,
    render_alike,
    render_table,
)
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.options import add_rounds, add_seconds, given_flags, positive
from bench.progress import say
from bench.workload.sts import FILES
from index import Collection

DOCUMENTS, ROUNDS, SECONDS = 100_000, 3, 6.0
SIZES = (1_000, 10_000)
SAMPLE_SIZE = SampleSize()
SWITCH_INTERVAL_S = 0.0005  # the server's


class Setup(msgspec.Struct, frozen=True):
    """What is measured with: the model, the sentences, and the flags."""

    model: LoadedModel
    sentences: Sentences
    options: argparse.Namespace


def add_arguments(parser: argparse.ArgumentParser) -> None:
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
    add(
        "--duplicates",
        type=parse_shares,
        metavar="SHARES",
        help="measure only what is found where these shares of the rows are alike, as in 0.1,0.5,0.95",
    )
    add(
        "--kinds",
        type=parse_kinds,
        default=tuple(KINDS),
        metavar="KINDS",
        help=f"with --duplicates: in which ways (default: {','.join(KINDS)})",
    )
    add_rounds(parser, ROUNDS)
    add_seconds(parser, SECONDS, "how long searches go on beside an ingest, each round")


def measure(options: argparse.Namespace, size: SampleSize = SAMPLE_SIZE) -> Outcome:
    """Fill a collection of each size, and measure the most on that of --documents."""
    open_artifact(options.models, options.model)  # a missing model is reported before anything is measured
    origin = origin_fields(options)
    model = load_model(options.models, options.model, options.provider)
    setup = Setup(model, embed_sentences(model, options.data, options.seed, size), options)
    with switch_interval():
        if options.duplicates is not None:
            alike = _measure_alike(setup, origin)
            return Outcome(alike, render_alike(alike))
        sizes = {}
        for count in sorted({*options.sizes} - {options.documents}):
            say(f"{count:,} documents")
            with TemporaryDirectory() as folder:
                sizes[str(count)] = _measure_size(setup, count, Path(folder))
        say(f"{options.documents:,} documents")
        with TemporaryDirectory() as folder:
            figures = _measure_largest(setup, sizes, Path(folder), origin)
    return Outcome(figures, render_table(figures))


@contextmanager
def switch_interval() -> Iterator[None]:
    """Have threads take turns as often as the server's do."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _measure_alike(setup: Setup, origin: dict[str, Any]) -> AlikeIndexFigures:
    options = setup.options
    found: dict[str, AlikeFigures] = {}
    for kind, share in itertools.product(options.kinds, options.duplicates):
        name = f"{share:.0%} {kind}"
        say(name)
        corpus = Corpus(setup.sentences, options.documents, options.seed)
        make_alike(corpus.rows, share, kind, options.seed)
        with TemporaryDirectory() as folder, open_collection(setup.model, Path(folder)) as collection:
            found[name] = _search_alike(collection, corpus, setup)
    flags = {"--duplicates": ",".join(f"{share:g}" for share in options.duplicates), "--kinds": ",".join(options.kinds)}
    return AlikeIndexFigures(
        **origin,
        documents=options.documents,
        queries=len(setup.sentences.queries),
        alike=found,
        rounds=options.rounds,
        flags=given_flags(options, ("documents",)) | flags,
    )


def _search_alike(collection: Collection, corpus: Corpus, setup: Setup) -> AlikeFigures:
    _, viewed_per_s = fill(collection, corpus)
    settle(collection)
    rows = [row for _, row in setup.sentences.queries]
    queries = [vector_query(row) for row in rows]
    recall = recall_by_score([collection.search(query) for query in queries], rows, corpus.rows)
    times = time_rounds(collection, queries, setup.options.rounds)
    stats = collection.stats()
    graph = stats.nodes, stats.unreached, stats.width, stats.exact
    return AlikeFigures(recall, 1 - recall, times.p50, times.p99, viewed_per_s, *graph)


def _measure_size(setup: Setup, count: int, folder: Path) -> SizeFigures:
    corpus = Corpus(setup.sentences, count, setup.options.seed)
    with open_collection(setup.model, folder) as collection:
        found = measure_size(collection, corpus, setup.sentences, setup.options.rounds)
        collection.snapshot()
        collection.wait_until_viewed()
        collection.wait_for_words()
    return found


def _measure_largest(setup: Setup, sizes: dict[str, SizeFigures], folder: Path, origin: dict[str, Any]) -> IndexFigures:
    options = setup.options
    whole = _measure_size(setup, options.documents, folder)
    assert whole.hybrid_ms is not None
    assert whole.text_ms is not None
    say("starts")
    starts = [start_apart(folder, options.models, options.model) for _ in range(options.rounds)]
    say("searches beside an ingest")
    return IndexFigures(
        **origin,
        documents=options.documents,
        queries=len(setup.sentences.queries),
        recall_at_10=whole.recall_at_10,
        search_ms=whole.search_ms,
        filtered=whole.filtered,
        hybrid_ms=whole.hybrid_ms,
        text_ms=whole.text_ms,
        **_measure_ingest(setup, folder),
        **best_of(starts),
        sizes={**sizes, str(options.documents): whole},
        rounds=options.rounds,
        seconds=options.seconds,
        flags=given_flags(options, ("documents",)) | {"--sizes": " ".join(map(str, options.sizes))},
    )


def _measure_ingest(setup: Setup, folder: Path) -> dict[str, Any]:
    """Return the fields of IndexFigures for searches beside an ingest of as many documents again."""
    options = setup.options
    more = Corpus(setup.sentences, options.documents, options.seed + 1, "later")
    queries = [vector_query(row) for _, row in setup.sentences.queries]
    with open_collection(setup.model, folder) as collection:
        collection.wait_until_viewed()  # the graph is loaded: a start is measured by itself
        collection.wait_for_words()
        during, rate = search_during_ingest(
            collection, more.documents(len(more)), queries, options.seconds, options.rounds
        )
    return {"ingest_search_ms": during, "ingest_beside_searches_per_s": rate}
