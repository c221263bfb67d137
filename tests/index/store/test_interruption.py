"""Reading ends soon after nobody waits for it any more, and harms nothing."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import apsw
import pytest

from index import Collection, Document, Query, StoppedError, watched
from index.filters.parsing import parse_filter
from index.search.planner import Planner
from index.store.narrowing import matching
from index.store.queries import single
from tests.index.harness import document, open_index
from tests.index.vectors import one

COUNT = 3_000
ENDLESS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT max(n) FROM numbers"
CONDITIONS = 64
HEAVIEST = {"$and": [{f"field{n}": {"$nin": [f"{n} {value}" for value in range(15)]}} for n in range(CONDITIONS)]}


def stopping_after(looks: int) -> Callable[[], bool]:
    """Return a watch that says to stop once it was asked so often."""
    left = iter(range(looks))
    return lambda: next(left, None) is None


def fill(collection: Collection, count: int) -> None:
    for start in range(0, count, 1_000):
        some = range(start, min(count, start + 1_000))
        collection.put_many([document(str(n), n % 100, f"word{n % 7}", n=n) for n in some]).result()


def test_a_statement_without_an_end_ends_and_the_connection_reads_on(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    fill(collection, 10)
    for _ in range(3):
        with (
            pytest.raises(StoppedError),
            watched(stopping_after(3)),
            collection.store.readers.reading() as connection,
        ):
            single(connection, ENDLESS)
        assert collection.count({"n": {"$gte": 5}}) == 5
    assert collection.health().problems == ()
    assert index.well
    index.close()


def test_every_read_that_may_take_long_looks_whether_to_stop(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    fill(collection, COUNT)
    collection.wait_for_words(60)
    reads: list[Callable[[], object]] = [
        partial(collection.count, HEAVIEST),
        partial(collection.facets, ["n"], HEAVIEST),
        partial(collection.list_after, filter_=HEAVIEST),
        partial(collection.search, Query(vector=one(1), filter=HEAVIEST)),
        partial(collection.search, Query(mode="text", text="word1", filter=HEAVIEST)),
        collection.delete_matching({"$not": HEAVIEST}).batches,
    ]
    for read in reads:
        for looks in (0, 2, CONDITIONS // 2):
            with pytest.raises(StoppedError), watched(stopping_after(looks)):
                read()
        with watched(lambda: False):
            read()
    assert collection.count() == COUNT
    index.close()


def test_the_heaviest_filter_takes_little_more_than_its_rows() -> None:
    """Each condition was probed for each document: 64 times what one takes."""
    index = open_index(None)
    collection = index.collection()
    fill(collection, COUNT)
    with collection.store.readers.reading() as connection:
        light, heavy = (
            steps_of(connection, partial(matching, connection, parse_filter(given), None))
            for given in ({"field0": {"$nin": ["0 1"]}}, HEAVIEST)
        )
    assert heavy < 20 * light
    index.close()


def steps_of(connection: apsw.Connection, read: Callable[[], object]) -> int:
    """About how many steps SQLite's machine takes for a read."""
    steps = 0

    def count() -> bool:
        nonlocal steps
        steps += 20
        return False

    connection.set_progress_handler(count, 20)
    try:
        read()
    finally:
        connection.set_progress_handler(None)
    return steps


def test_others_write_while_a_deletion_looks_and_between_its_batches(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    fill(collection, COUNT)
    looked = threading.Event()

    def write_once() -> bool:
        if not looked.is_set():
            looked.set()
            collection.put(Document("beside", "", {"n": 5}, one(1))).result(60)
        return False

    deletion = collection.delete_matching({"n": {"$gte": 0}})
    with watched(write_once):
        first, *rest = deletion.batches()
    assert looked.is_set()
    assert len(rest) > 3
    assert sum(map(len, (first, *rest))) == COUNT + 1
    removed = deletion.remove(first).result(60)
    assert removed == len(first)
    replaced, changed, gone = rest[-1][:3]
    collection.put(Document(replaced, "", {"n": 7}, one(1))).result()  # matches again
    collection.patch(changed, {"n": -1}).result()  # does not match any more
    collection.delete(gone).result()
    removed += sum(deletion.remove(ids).result(60) for ids in rest)
    assert removed == COUNT + 1 - 2
    assert [found.id for found in collection.documents()] == [changed]
    index.close()


def test_a_search_that_stops_leaves_the_graphs_search_to_others(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    fill(collection, COUNT)
    assert collection.wait_until_viewed(60)
    planner = Planner(collection.store.readers, collection.memory.vectors, exact_rows=10)
    with pytest.raises(StoppedError), watched(stopping_after(1)):
        planner.search(one(1), parse_filter(HEAVIEST), 10, lambda _, found: found)
    assert len(planner.search(one(1), parse_filter(HEAVIEST), 10, lambda _, found: found).ranking) == 10
    index.close()
