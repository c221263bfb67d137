"""Documents that are equal or nearly so hide no others. Every search goes through the graph, however few there are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index import Collection, Document, Index
from index.filters.parsing import parse_filter
from index.search.planner import Planner
from tests.index.harness import loaded, open_index
from tests.index.vectors import Rows, clustered, unit

DISTINCT = 200
ALONE = clustered(DISTINCT, 11, clusters=DISTINCT)
COMMON = clustered(1, 12)


def put(collection: Collection, rows: Rows, **metadata: Any) -> None:
    start = collection.count()
    for at in range(0, len(rows), 500):
        collection.put_many([
            Document(str(start + number), "", metadata, row) for number, row in enumerate(rows[at : at + 500], at)
        ]).result()  # fmt: skip


def templated(count: int, templates: int, seed: int) -> Rows:
    """Rows (count, ndim) whose cosine with the one of these templates that each is made of is 0.95 to 0.999."""
    random = np.random.default_rng(seed)
    bases = clustered(templates, seed)[random.integers(0, templates, count)]
    noise = random.normal(size=bases.shape).astype(np.float32)
    noise = unit((noise - (noise * bases).sum(axis=1, keepdims=True) * bases).astype(np.float32))
    cosines = random.uniform(0.95, 0.999, (count, 1)).astype(np.float32)
    return unit((cosines * bases + np.sqrt(1 - cosines**2) * noise).astype(np.float32))


def planner_of(collection: Collection) -> Planner:
    return Planner(collection.store.readers, collection.memory.vectors, exact_rows=0)


def found(collection: Collection, query: Rows, count: int, filter_: dict[str, Any] | None = None) -> list[int]:
    """The numbers of the nearest documents, which were put in the order of their keys."""
    condition = None if filter_ is None else parse_filter(filter_)
    return planner_of(collection).search(
        query, condition, count, lambda _, found: [key - 1 for key, _ in found.ranking]
    )


@pytest.fixture
def index() -> Iterator[Index]:
    opened = open_index(None)
    yield opened
    opened.close()


ARRANGEMENTS = {
    "equal first": [np.repeat(COMMON, 4_000, axis=0), ALONE],
    "equal last": [ALONE, np.repeat(COMMON, 4_000, axis=0)],
    "few equal ones": [np.repeat(clustered(3, 13), 1_400, axis=0), ALONE],
    "one template": [templated(4_000, 1, 14), ALONE],
    "ten templates": [ALONE, templated(4_000, 10, 15)],
}


@pytest.mark.parametrize("name", ARRANGEMENTS)
@pytest.mark.parametrize("shuffled", [False, True])
def test_each_distinct_document_is_found(index: Index, name: str, shuffled: bool) -> None:
    rows = np.concatenate(ARRANGEMENTS[name])
    numbers = np.arange(len(rows))[(rows[:, None, 0] == ALONE[None, :, 0]).any(axis=1)]
    if shuffled:
        order = np.random.default_rng(16).permutation(len(rows))
        rows, numbers = rows[order], np.flatnonzero(np.isin(order, numbers))
    collection = index.collection()
    put(collection, rows)
    assert collection.wait_until_viewed(120)
    assert collection.health().problems == ()
    missed = [number for number in numbers if found(collection, rows[number], 1) != [number]]
    assert (len(numbers), missed) == (DISTINCT, [])


def test_some_thousands_of_two_texts_shuffled_hide_neither(index: Index) -> None:
    collection = index.collection()
    rows = np.concatenate([np.repeat(COMMON, 6_000, axis=0), clustered(3_000, 17, clusters=3_000)])
    order = np.random.default_rng(18).permutation(len(rows))
    put(collection, rows[order])
    assert collection.wait_until_viewed(120)
    others = np.flatnonzero(order >= 6_000)[:100]
    assert [number for number in others if found(collection, rows[order[number]], 1) != [number]] == []


@pytest.mark.parametrize("filter_", [{"team": {"$ne": "b"}}, {"team": "a"}, {"$not": {"team": "b"}}])
def test_filters_find_them_too(index: Index, filter_: dict[str, Any]) -> None:
    collection = index.collection()
    put(collection, np.repeat(COMMON, 3_000, axis=0), team="b")
    put(collection, ALONE, team="a")
    assert collection.wait_until_viewed(120)
    for number in range(0, DISTINCT, 10):
        assert found(collection, ALONE[number], 1, filter_) == [3_000 + number]
    assert found(collection, COMMON[0], 10, {"team": "b"}) == list(range(10))


def test_of_equal_documents_the_older_come_first_however_many_there_are(index: Index) -> None:
    collection = index.collection()
    put(collection, ALONE[:3])
    put(collection, np.repeat(COMMON, 3_000, axis=0))
    assert collection.wait_until_viewed(120)
    for count in (1, 10, 500):
        assert found(collection, COMMON[0], count) == list(range(3, 3 + count))


def test_the_others_stay_when_one_of_a_group_goes(index: Index) -> None:
    collection = index.collection()
    put(collection, np.repeat(COMMON, 20, axis=0))
    put(collection, ALONE)
    assert collection.wait_until_viewed(120)
    assert collection.stats().nodes < 20 + DISTINCT
    for gone in (["0"], ["5", "19"], [str(number) for number in range(10)]):
        collection.delete_many(gone).result()
        assert collection.wait_until_viewed(120)
        left = [int(document.id) for document in collection.documents() if int(document.id) < 20]
        assert found(collection, COMMON[0], len(left)) == sorted(left)
        assert collection.health().problems == ()
    before = collection.stats()
    collection.delete_many([str(number) for number in range(20)]).result()
    assert collection.wait_until_viewed(120)
    assert (collection.stats().nodes, collection.stats().tombstones) == (before.nodes - 1, before.tombstones + 1)
    assert found(collection, ALONE[0], 1) == [20]


def test_documents_that_share_a_node_with_one_that_went_are_known_after_a_start(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    put(index.collection(), np.repeat(COMMON, 700, axis=0))
    put(index.collection(), ALONE)
    index.collection().delete("0").result()
    assert index.collection().wait_until_viewed(120)
    index.close()
    index = open_index(tmp_path)
    collection = index.collection()
    assert loaded(index)
    stats = collection.stats()
    assert (stats.rejected_snapshots, stats.viewed, stats.pending) == ((), 699 + DISTINCT, 0)
    assert stats.nodes <= 1 + DISTINCT
    assert found(collection, COMMON[0], 5) == [1, 2, 3, 4, 5]
    assert found(collection, ALONE[7], 1) == [707]
    assert collection.health().problems == ()
    index.close()


def test_one_document_replaced_without_end_takes_no_room(index: Index) -> None:
    collection = index.collection()
    put(collection, ALONE)
    for _ in range(40):
        collection.put_many([Document("same", "", {}, COMMON[0])] * 3).result()
        for _ in range(64):
            collection.put(Document("same", "", {}, COMMON[0]))
    assert collection.wait_until_viewed(120)
    capture, _ = collection.memory.vectors.capture()
    assert len(capture.keys) < DISTINCT + 1_500
    assert collection.health().problems == ()


def test_memory_counts_what_shares_a_node_once() -> None:
    sizes = []
    for rows in (np.repeat(COMMON, 3_000, axis=0), clustered(3_000, 19, clusters=3_000, spread=2.0)):
        index = open_index(None)
        put(index.collection(), rows)
        assert index.collection().wait_until_viewed(120)
        sizes.append(index.collection().stats().view_bytes)
        index.close()
    assert sizes[0] < sizes[1] / 100


def test_the_nearest_ten_of_distinct_queries(index: Index) -> None:
    rows = np.concatenate([templated(5_700, 20, 20), clustered(300, 21, clusters=300)])
    rows = rows[np.random.default_rng(22).permutation(len(rows))]
    collection = index.collection()
    put(collection, rows)
    assert collection.wait_until_viewed(120)
    queries = clustered(100, 23)
    hits = 0
    for query in queries:
        exact = np.argsort(-(rows @ query), kind="stable")[:10]
        hits += len(set(found(collection, query, 10)) & set(exact.tolist()))
    assert hits / 1_000 >= 0.99
