"""Writes documents into a collection as fast as it takes them, with and without searches beside it."""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from bench.documents.searches import best_of, time_each
from bench.errors import BenchError
from bench.figures.index import Milliseconds
from index import Collection, Document, Entry, Query

GROUP = 64
IN_FLIGHT = 4
PAUSE_S = 0.002  # between two searches: the time in which a caller uses the hits


def ingest(collection: Collection, documents: Iterable[Document | Entry], stop: threading.Event | None = None) -> float:
    """Write all documents in groups, some of them under way at a time; return how many a second."""
    waiting: deque[Future[int]] = deque()
    written, start_s = 0, time.perf_counter()
    for group in _groups(documents):
        if stop is not None and stop.is_set():
            break
        waiting.append(collection.put_many(group))
        if len(waiting) > IN_FLIGHT:
            written += waiting.popleft().result()
    written += sum(future.result() for future in waiting)
    return written / (time.perf_counter() - start_s)


def _groups(documents: Iterable[Document | Entry]) -> Iterator[list[Document | Entry]]:
    left = iter(documents)
    while group := list(islice(left, GROUP)):
        yield group


def search_during_ingest(
    collection: Collection, documents: Iterable[Document], queries: Sequence[Query], seconds: float, rounds: int
) -> tuple[Milliseconds, float]:
    """Search while documents are written without a pause; return the times and the documents a second.

    Each round continues with the documents that are left; the least of each percentile over the rounds counts.

    Raises:
        BenchError: the documents ended before a round did, which would time searches beside nothing.
    """
    left = iter(documents)
    found: list[list[float]] = []
    rates: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        for _ in range(rounds):
            stop = threading.Event()
            writing = pool.submit(ingest, collection, left, stop)
            try:
                found.append(_search_for(collection, queries, seconds, writing))
            finally:
                stop.set()
            rates.append(writing.result())
            collection.wait_until_viewed()
            collection.wait_for_words()
    return best_of(found), max(rates)


def _search_for(
    collection: Collection, queries: Sequence[Query], seconds: float, writing: Future[float]
) -> list[float]:
    times: list[float] = []
    end_s = time.perf_counter() + seconds
    while time.perf_counter() < end_s:
        times += time_each(collection.search, [queries[len(times) % len(queries)]])
        if writing.done():
            writing.result()  # raises what the writer raised, if anything
            raise BenchError("all documents were written too soon; give more --documents or fewer --seconds")
        time.sleep(PAUSE_S)
    return times
