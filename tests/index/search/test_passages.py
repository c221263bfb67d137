"""The best passages against brute force by every plan, and while documents come, go and are cut otherwise."""

import itertools
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index import Collection, Entry, Passages, Query, check_content
from index.filters.parsing import parse_filter
from index.search.candidates import Candidates, Nearest, best_of_documents
from index.search.planner import Planner
from index.view.captures import Moment
from index.view.graph import Graph, GraphParameters
from index.view.vectors import Vectors
from tests.index.harness import entry, open_index, spans_of, through_graph
from tests.index.search.test_search import LateReaders
from tests.index.vectors import NDIM, clustered, one, unit

DOCUMENTS, QUERIES = 1_500, 40
COUNTS = np.random.default_rng(1).integers(1, 7, DOCUMENTS)
ENDS = np.cumsum(COUNTS)
OWNERS = np.repeat(np.arange(DOCUMENTS), COUNTS)
ROWS, ASKED = clustered(int(ENDS[-1]), 2), clustered(QUERIES, 3)
TEXT = "a text of several passages"


@pytest.fixture(scope="module")
def collection() -> Any:
    index = open_index(None)
    index.collection().put_many([made(number) for number in range(DOCUMENTS)]).result()
    assert index.collection().wait_until_viewed(120)
    yield index.collection()
    index.close()


def made(number: int) -> Entry:
    count, end = int(COUNTS[number]), int(ENDS[number])
    content = check_content(str(number), TEXT, {"mod10": number % 10, "n": number})
    return Entry(content, Passages(ROWS[end - count : end], spans_of(len(TEXT), count)))


def expected(query: Any, allowed: Any, top_k: int) -> list[tuple[int, int]]:
    """The best documents, and the row of the best passage of each, both by number."""
    scores = ROWS @ query
    found: dict[int, int] = {}
    for row in np.argsort(-scores, kind="stable").tolist():
        if allowed(int(OWNERS[row])):
            found.setdefault(int(OWNERS[row]), row)
    return list(found.items())[:top_k]


FILTERS: list[tuple[dict[str, Any] | None, Any]] = [
    (None, lambda _: True),
    ({"mod10": 3}, lambda number: number % 10 == 3),
    ({"$not": {"mod10": 3}}, lambda number: number % 10 != 3),
    ({"n": {"$lt": 7}}, lambda number: number < 7),
    ({"n": {"$lt": 0}}, lambda _: False),
]


@pytest.mark.parametrize(("filter_", "allowed"), FILTERS)
@pytest.mark.parametrize(("exact_rows", "least"), [(20_000, 1.0), (3, 0.99)])
@pytest.mark.parametrize("top_k", [1, 10, 200])
def test_every_plan_finds_the_best_passages(
    collection: Collection, filter_: dict[str, Any] | None, allowed: Any, exact_rows: int, least: float, top_k: int
) -> None:
    planner = Planner(collection.store.readers, collection.memory.vectors, exact_rows)
    condition = None if filter_ is None else parse_filter(filter_)
    wanted = right = 0
    for asked in ASKED:
        best = expected(asked, allowed, top_k)
        nearest = planner.search(asked, condition, top_k, lambda _, found: found)
        keys = [key for key, _ in nearest.ranking]
        assert len(keys) == len(set(keys)) == len(best)
        assert set(nearest.rows) == set(keys)
        assert nearest.ranking == sorted(nearest.ranking, key=lambda item: (-item[1], item[0]))
        wanted += len(best)
        right += len(set(best) & {(int(OWNERS[row - 1]), row - 1) for row in nearest.rows.values()})
        assert all(ENDS[OWNERS[row - 1]] == key for key, row in nearest.rows.items())
    assert right >= least * wanted


def ranking_of(nearest: Nearest) -> list[tuple[int, int]]:
    """Keys of documents, best first, and how far before the document's key the best passage's is."""
    return [(key, key - nearest.rows[key]) for key, _ in nearest.ranking]


def test_passages_of_a_moment_that_is_gone_are_read_from_the_database(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection, vectors = index.collection(), index.collection().memory.vectors
    collection.put_many([entry("a", [1, 2, 3]), entry("b", [4]), entry("c", [5, 6])]).result()
    assert collection.wait_until_viewed(60)
    planner = Planner(collection.store.readers, vectors)
    moment = Moment(vectors.clock, 6)
    with collection.store.readers.reading() as connection:
        collection.put(entry("a", [2])).result()
        collection.delete("c").result()
        assert collection.wait_until_viewed(60)
        collection.pause()  # what compacts otherwise
        for _ in range(2):
            assert ranking_of(planner.rank(connection, moment, one(2), None, 1)) == [(3, 1)]
            assert ranking_of(planner.rank(connection, moment, one(5), None, 1)) == [(6, 1)]
            condition = parse_filter({"n": {"$exists": False}})
            assert len(planner.rank(connection, moment, one(1), condition, 9).ranking) == 3
            vectors.compact(vectors.graph, Graph(GraphParameters(NDIM)), vectors.clock)
    assert len(vectors.capture()[0].keys) == 2
    assert [hit.id for hit in collection.search(Query(vector=one(2), top_k=1))] == ["a"]
    index.close()


@pytest.mark.parametrize("exact_rows", [20_000, 0])
def test_replacements_before_the_transaction_began_do_not_crowd_out_the_last_one(exact_rows: int) -> None:
    index = open_index(None)
    collection = index.collection()
    collection.put_many([entry(str(number), [number, number + 500]) for number in range(200)]).result()
    assert collection.wait_until_viewed(60)
    content = check_content("it", TEXT, {})

    def replace() -> None:
        for _ in range(40):
            collection.put(Entry(content, Passages(np.stack([ASKED[0]] * 3), spans_of(len(TEXT), 3)))).result()
        near = np.stack([one(900), unit(ASKED[0] + 0.1 * ASKED[1]), one(901)])
        collection.put(Entry(content, Passages(near, spans_of(len(TEXT), 3)))).result()

    planner = Planner(LateReaders(collection.store.readers, replace), collection.memory.vectors, exact_rows)
    for condition in (None, parse_filter({"missing": {"$exists": False}})):
        nearest = planner.search(ASKED[0], condition, 1, lambda _, found: found)
        assert nearest.ranking[0][1] > 0.9
        assert [place for _, place in ranking_of(nearest)] == [1]
    index.close()


def test_a_search_sees_a_document_as_it_was_cut_at_one_moment() -> None:
    """The text says how many passages there are; a writer changes both without rest."""
    index = open_index(None)
    collection, over = index.collection(), threading.Event()
    collection.put_many([entry(str(number), [number, number + 1]) for number in range(300)]).result()
    collection.put(entry("it", [1_000], "text of 1")).result()

    def write() -> None:
        for count in itertools.cycle([4, 1, 3, 2]):
            collection.put(entry("it", [1_000 + place for place in range(count)], f"text of {count}")).result()
            if over.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for search in (collection.search, lambda query: through_graph(collection, query)) * 100:
            hit = search(Query(vector=one(1_000), top_k=1))[0]
            spans = spans_of(len(hit.text), int(hit.text.removeprefix("text of "))) or ((0, len(hit.text)),)
            assert hit.id == "it"
            assert hit.passage is not None
            assert (hit.passage.start, hit.passage.end) == spans[0]
    finally:
        over.set()
        writer.join()
    assert collection.health().problems == ()
    index.close()


def test_rows_of_documents_come_go_and_are_compacted_together() -> None:
    vectors = Vectors(NDIM, Graph(GraphParameters(NDIM)))
    vectors.append([1, 2], ROWS[:2])
    assert not vectors.several
    vectors.append([3, 4, 5, 7, 8], ROWS[2:7], np.array([5, 5, 5, 8, 8]))
    assert vectors.several
    capture, _ = vectors.capture()
    slots, there = capture.slots_of(np.array([2, 4, 5, 6, 8]))
    assert (slots.tolist(), there.tolist()) == ([1, 2, 3, 4, 5, 6], [True, False, True, False, True])
    moment = Moment(vectors.clock, 8)
    vectors.discard([5, 4, 2, 5])
    assert (len(vectors), vectors.dead, vectors.pending) == (3, 4, 3)
    now, then = vectors.capture()[0], vectors.capture(moment)[0]
    assert now.slots_of(np.array([1, 5, 8]))[1].tolist() == [True, False, True]
    assert then.slots_of(np.array([1, 5, 8]))[0].tolist() == [0, 2, 3, 4, 5, 6]
    assert vectors.compact(vectors.graph, Graph(GraphParameters(NDIM)), vectors.clock)
    capture, _ = vectors.capture()
    assert (capture.keys.tolist(), capture.owners.tolist()) == ([1, 7, 8], [1, 8, 8])
    assert capture.slots_of(np.array([5, 8]))[0].tolist() == [1, 2]


def test_candidates_are_counted_by_documents() -> None:
    found = Candidates(np.array([9, 8, 3, 7, 1]), np.array([9, 9, 3, 9, 1]))
    assert found.documents == 3
    assert found.of_documents(3).rows.tolist() == [9, 8, 3, 7, 1]
    assert found.of_documents(2).rows.tolist() == [9, 8, 3, 7]
    assert found.of_documents(1).rows.tolist() == [9, 8]
    scores, owners = np.linspace(1, 0, 1_000, dtype=np.float32), np.repeat(np.arange(10), 100)
    assert np.unique(owners[best_of_documents(scores, owners, 4)]).tolist() == [0, 1, 2, 3]
    near = [0, 1]  # those within what float16 may have rounded
    assert best_of_documents(scores, owners, 1).tolist() == near
    assert np.unique(owners[best_of_documents(scores, owners, 99)]).tolist() == list(range(10))
