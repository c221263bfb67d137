"""Approximate and filtered search against exact search by brute force, over vectors like real ones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest
from numpy.typing import NDArray

from index import Collection, Document
from index.filters.parsing import parse_filter
from index.search.planner import EXACT_ROWS, Planner
from index.store.connections import Database, Readers
from index.view.captures import Moment
from index.view.graph import Graph, GraphParameters
from index.view.vectors import Vectors
from tests.index.harness import open_index
from tests.index.vectors import NDIM, clustered, unit

COUNT, QUERIES = 5_000, 50
ROWS, ASKED = clustered(COUNT, 1), clustered(QUERIES, 2)
NUMBERS = np.arange(COUNT)


@pytest.fixture(scope="module")
def collection() -> Iterator[Collection]:
    found = open_index(None)
    found.collection().put_many([
        Document(str(n), "", {"n": n, "mod10": n % 10, "even": n % 2 == 0, "cluster": ["a", str(n % 3)]}, row)
        for n, row in enumerate(ROWS)
    ]).result()  # fmt: skip
    assert found.collection().wait_until_viewed(120)
    yield found.collection()
    found.close()


def planner_of(collection: Collection, exact_rows: int = EXACT_ROWS) -> Planner:
    return Planner(collection.store.readers, collection.memory.vectors, exact_rows)


def recall(planner: Planner, filter_: dict[str, object] | None, allowed: NDArray[Any], top_k: int = 10) -> float:
    ids = NUMBERS[allowed.astype(bool)]
    found = 0
    for asked in ASKED:
        exact = set(ids[np.argsort(-(ROWS[ids] @ asked))[:top_k]] + 1)
        condition = None if filter_ is None else parse_filter(filter_)
        ranking = planner.search(asked, condition, top_k, lambda _, found: found.ranking)
        assert ranking == sorted(ranking, key=lambda item: (-item[1], item[0]))
        found += len(exact & {key for key, _ in ranking})
    return found / QUERIES / min(top_k, len(ids)) if len(ids) else 1.0 - found


FILTERS = [
    (None, np.ones(COUNT)),
    ({"n": {"$lt": 5}}, NUMBERS < 5),
    ({"mod10": 3}, NUMBERS % 10 == 3),
    ({"even": True}, NUMBERS % 2 == 0),
    ({"$not": {"mod10": 3}}, NUMBERS % 10 != 3),
    ({"$or": [{"n": 7}, {"mod10": 3}]}, (NUMBERS % 10 == 3) | (NUMBERS == 7)),
    ({"$or": [{"n": 7}, {"n": {"$gte": COUNT}}, {"n": {"$lt": 3}, "even": True}]}, np.isin(NUMBERS, [0, 2, 7])),
    ({"missing": {"$exists": True}}, NUMBERS < 0),
    ({"even": True, "mod10": {"$in": [0, 1, 2]}, "cluster": {"$contains": "1"}},
     (NUMBERS % 2 == 0) & np.isin(NUMBERS % 10, [0, 1, 2]) & (NUMBERS % 3 == 1)),
]  # fmt: skip


@pytest.mark.parametrize(("filter_", "allowed"), FILTERS)
@pytest.mark.parametrize("exact_rows", [20_000, 3])
def test_recall_of_every_plan(
    collection: Collection, filter_: dict[str, object] | None, allowed: NDArray[Any], exact_rows: int
) -> None:
    """With few exact rows the same filters go through the view, oversampled."""
    assert recall(planner_of(collection, exact_rows), filter_, allowed) >= 0.99


def test_many_are_found_where_many_are_wanted(collection: Collection) -> None:
    assert recall(planner_of(collection, 3), None, np.ones(COUNT), 500) >= 0.99


def test_rows_that_the_view_has_not_got_are_found_all_the_same() -> None:
    view = Graph(GraphParameters(NDIM))
    vectors = Vectors(NDIM, view)
    vectors.append(NUMBERS + 1, ROWS)
    planner = Planner(Readers(Database(None)), vectors, exact_rows=3)
    done = 0
    for viewed in (0, 1000, 3000):
        while done < viewed:
            keys = NUMBERS[done:viewed] + 1
            nodes = view.add(keys, ROWS[done:viewed].astype(np.float16))
            vectors.assign(view, keys[: len(nodes)], nodes)
            done += len(nodes)
        for asked in ASKED[:10]:
            nearest = planner.nearest(asked, Moment(0, COUNT), 20)
            assert nearest is not None
            exact = np.argsort(-(ROWS @ asked))[:10] + 1
            assert len(set(exact) & set(nearest[0].rows)) >= 9


def test_a_moment_has_what_went_since_and_not_what_came_since() -> None:
    vectors = Vectors(NDIM, Graph(GraphParameters(NDIM)))
    vectors.append([1, 2, 3], ROWS[:3])
    moment = Moment(vectors.clock, 3)
    vectors.discard([2])
    vectors.append([4], ROWS[3:4])
    then, now = vectors.capture(moment)[0], vectors.capture()[0]
    assert then.keys[then.alive].tolist() == [1, 2, 3]
    assert now.keys[now.alive].tolist() == [1, 3, 4]
    assert not vectors.compact(Graph(GraphParameters(NDIM)), Graph(GraphParameters(NDIM)), vectors.clock)
    assert vectors.compact(vectors.capture()[1], Graph(GraphParameters(NDIM)), vectors.clock)
    assert vectors.capture()[0].keys.tolist() == [1, 3, 4]
    assert len(vectors) == 3


class LateReaders(Readers):
    """Readers of a collection whose transactions begin only after something else has happened."""

    def __init__(self, readers: Readers, before: Callable[[], None]) -> None:
        self._late, self._before = readers, before

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        self._before()
        with self._late.reading() as connection:
            yield connection


def test_documents_that_went_before_the_transaction_began_do_not_crowd_out_the_one_that_came() -> None:
    index = open_index(None)
    collection = index.collection()
    collection.put_many([Document(str(n), "", {}, row) for n, row in enumerate(ROWS[:300])]).result()

    def replace() -> None:
        for _ in range(60):
            collection.put(Document("it", "", {}, ASKED[0])).result()
        collection.put(Document("it", "", {}, unit(ASKED[0] + 0.1 * ASKED[1]))).result()

    planner = Planner(LateReaders(collection.store.readers, replace), collection.memory.vectors)
    for condition in (None, parse_filter({"missing": {"$exists": False}})):
        ranking = planner.search(ASKED[0], condition, 1, lambda _, found: found.ranking)
        assert [score > 0.9 for _, score in ranking] == [True]
    index.close()


def test_a_search_that_began_before_rows_were_compacted_away_finds_them_in_the_database(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection, vectors = index.collection(), index.collection().memory.vectors
    collection.put_many([Document(str(n), "", {}, row) for n, row in enumerate(ROWS[:300])]).result()
    assert collection.wait_until_viewed(60)
    planner = Planner(collection.store.readers, vectors)
    moment = Moment(vectors.clock, 300)
    with collection.store.readers.reading() as connection:
        collection.put(Document("0", "", {}, ASKED[0])).result()
        assert collection.wait_until_viewed(60)
        collection.pause()  # what compacts otherwise
        assert vectors.compact(vectors.graph, Graph(GraphParameters(NDIM)), vectors.clock)
        ranking = planner.rank(connection, moment, ROWS[0], None, 1).ranking
        assert [key for key, _ in ranking] == [1]
    index.close()
