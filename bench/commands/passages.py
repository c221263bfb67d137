"""`bench passages`: what documents of several passages cost beside as many of one, in process.

In: sentences as in `bench index`; a document's passages are vectors of their own, its nearest one counts. Out: recall
against exact search in float32 of the 10 and the 100 nearest, the milliseconds of one search after the other, both
collections in turns in every round, and the bytes of a document in memory and on the disk.
"""

import argparse
import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from bench.artifacts import Rows, load_model, open_artifact
from bench.commands.index import SAMPLE_SIZE, switch_interval
from bench.documents.corpus import Corpus, SampleSize, embed_sentences
from bench.documents.ingest import ingest
from bench.documents.searches import best_of, time_each, vector_query
from bench.documents.sizes import open_collection
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.figures.passages import Cost, PassagesFigures, render_table
from bench.options import add_rounds, given_flags, positive
from bench.progress import say
from bench.workload.sts import FILES
from index import Collection, Entry, Hit, Passages, Query, check_content

DOCUMENTS, PASSAGES, ROUNDS = 100_000, 3, 3
TEN, HUNDRED = 10, 100
LOOK_S = 0.2

Times = dict[int, list[list[float]]]


class Filled(msgspec.Struct, frozen=True, eq=False):
    """A collection, the rows (documents, passages, ndim) in it, and how many documents a second came in."""

    collection: Collection
    rows: Rows
    written_per_s: float
    viewed_per_s: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", type=Path, metavar="DIR", help=f"folder with {' and '.join(FILES.values())}")
    add("--documents", type=positive, default=DOCUMENTS, metavar="N", help="documents (default: %(default)s)")
    add("--passages", type=positive, default=PASSAGES, metavar="N", help="passages of each (default: %(default)s)")
    add_rounds(parser, ROUNDS)


def measure(options: argparse.Namespace, size: SampleSize = SAMPLE_SIZE) -> Outcome:
    """Fill both collections, and search them in turns."""
    open_artifact(options.models, options.model)  # a missing model is reported before anything is measured
    origin = origin_fields(options)
    model = load_model(options.models, options.model, options.provider)
    sentences = embed_sentences(model, options.data, options.seed, size)
    rows = [row for _, row in sentences.queries]
    with switch_interval(), ExitStack() as open_:
        filled = []
        for passages in (1, options.passages):
            say(f"{options.documents:,} documents of {passages}")
            corpus = Corpus(sentences, options.documents * passages, options.seed)
            folder = Path(open_.enter_context(TemporaryDirectory()))
            filled.append(fill(open_.enter_context(open_collection(model, folder)), corpus, passages))
        say("searches")
        times = time_in_turns([one.collection for one in filled], rows, options.rounds)
        one, several = [cost_of(*pair, rows) for pair in zip(filled, times, strict=True)]
    figures = PassagesFigures(
        **origin,
        documents=options.documents,
        passages=options.passages,
        queries=len(rows),
        one=one,
        several=several,
        p50_ratio=several.search_ms.p50 / one.search_ms.p50,
        hundred_p50_ratio=several.hundred_ms.p50 / one.hundred_ms.p50,
        rounds=options.rounds,
        flags=given_flags(options, ("documents", "passages")),
    )
    return Outcome(figures, render_table(figures))


def fill(collection: Collection, corpus: Corpus, passages: int) -> Filled:
    """Write documents of so many of the corpus's rows each, and wait until the graph has them and is judged."""
    count = len(corpus) // passages
    rows = corpus.rows.reshape(count, passages, -1)
    start_s = time.perf_counter()
    written_per_s = ingest(collection, entries(corpus, rows))
    collection.wait_until_viewed()
    viewed_per_s = count / (time.perf_counter() - start_s)
    while not collection.judged:
        time.sleep(LOOK_S)
    return Filled(collection, rows, written_per_s, viewed_per_s)


def entries(corpus: Corpus, rows: Rows) -> Iterator[Entry]:
    """Yield documents, whose texts are those of their passages one after the other."""
    parts = corpus.documents(len(corpus))
    for number, own in enumerate(rows):
        texts = [part.text for part in itertools.islice(parts, len(own))]
        ends = list(itertools.accumulate(len(text) + 1 for text in texts))
        spans = tuple(zip([0, *ends], ends, strict=False)) if len(own) > 1 else ()
        content = check_content(f"document/{number}", " ".join([*texts, ""]), corpus.metadata(number))
        yield Entry(content, Passages(own, spans))


def time_in_turns(collections: Sequence[Collection], rows: Sequence[Rows], rounds: int) -> list[Times]:
    """Return the milliseconds of every search of each round, for each collection and number of hits."""
    times: list[Times] = [{TEN: [], HUNDRED: []} for _ in collections]
    asked = {top_k: [wanted(row, top_k) for row in rows] for top_k in (TEN, HUNDRED)}
    for collection in collections:
        time_each(collection.search, asked[TEN][: len(rows) // 5])
    for _ in range(rounds):
        for top_k, (collection, found) in itertools.product(asked, zip(collections, times, strict=True)):
            found[top_k].append(time_each(collection.search, asked[top_k]))
    return times


def wanted(row: Rows, top_k: int) -> Query:
    return msgspec.structs.replace(vector_query(row), top_k=top_k)


def cost_of(filled: Filled, times: Times, queries: Sequence[Rows]) -> Cost:
    collection, count = filled.collection, len(filled.rows)
    stats = collection.stats()
    return Cost(
        recall_at_10=recall(filled, queries, TEN),
        recall_at_100=recall(filled, queries, HUNDRED),
        search_ms=best_of(times[TEN]),
        hundred_ms=best_of(times[HUNDRED]),
        written_per_s=filled.written_per_s,
        viewed_per_s=filled.viewed_per_s,
        memory_bytes=stats.memory_bytes / count,
        database_bytes=stats.database_bytes / count,
    )


def recall(filled: Filled, queries: Sequence[Rows], top_k: int) -> float:
    """Return the share of the nearest documents by exact float32 that was found."""
    found = 0
    for query in queries:
        scores = (filled.rows @ query).max(axis=1)
        nearest = {f"document/{number}" for number in np.argsort(-scores, kind="stable")[:top_k]}
        hits: list[Hit] = filled.collection.search(wanted(query, top_k))
        found += len(nearest & {hit.id for hit in hits})
    return found / (top_k * len(queries))
