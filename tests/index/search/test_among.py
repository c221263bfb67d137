"""Filters that are asked again: what matches is listed once, and every search is right for its own transaction."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index import Collection, Document, Entry, Index, Passages, check_content
from index.filters.parsing import parse_filter
from index.filters.tree import Condition, Lasting, both
from index.search.among import TIMES, Among
from index.search.planner import Planner
from tests.index.harness import spans_of
from tests.index.vectors import clustered

NDIM, COUNT, QUERIES = 256, 1_500, 20
ROWS, ASKED = clustered(COUNT, 1, NDIM, clusters=300), clustered(QUERIES, 2, NDIM, clusters=300)
NUMBERS = np.arange(COUNT)
LISTED = COUNT // 3 + 100
THIRD, HALF = parse_filter({"third": 1}), parse_filter({"half": 1})


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.search.among.FEWEST_ROWS", 10)


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    index = Index(tmp_path, "model", NDIM)  # in memory a search and a writer wait for each other
    found = index.collection()
    found.put_many([Document(str(n), "", {"third": n % 3, "half": n % 2}, row) for n, row in enumerate(ROWS)]).result()
    assert found.wait_until_viewed(60)
    yield found
    index.close()


def planner_of(collection: Collection) -> Planner:
    return Planner(collection.store.readers, collection.memory.vectors, LISTED, collection.memory.standing)


def ids_found(collection: Collection, planner: Planner, number: int, condition: Condition = THIRD) -> list[str]:
    with planner.reading() as (connection, moment):
        keys = [key for key, _ in planner.rank(connection, moment, ASKED[number], condition, 10).ranking]
        return [str(connection.execute("SELECT id FROM docs WHERE key = ?", (key,)).fetchall()[0][0]) for key in keys]


def nearest(allowed: np.ndarray, number: int) -> list[str]:
    ids = NUMBERS[allowed]
    return [str(ids[at]) for at in np.argsort(-(ROWS[ids] @ ASKED[number]))[:10]]


def is_listed(collection: Collection) -> bool:
    return collection.memory.standing.size_bytes > 0


def listed(collection: Collection) -> Planner:
    planner = planner_of(collection)
    for _ in range(TIMES):
        assert not is_listed(collection)
        ids_found(collection, planner, 0)
    assert is_listed(collection)
    return planner


def test_what_a_filter_leaves_is_found_exactly(collection: Collection) -> None:
    planner = listed(collection)
    for number in range(QUERIES):
        assert ids_found(collection, planner, number) == nearest(NUMBERS % 3 == 1, number)


def test_fewer_matches_than_are_wanted_are_all_found_from_the_list(collection: Collection) -> None:
    planner, fewer = listed(collection), nearest(NUMBERS % 3 == 1, 0)[:5]
    every = [str(n) for n in NUMBERS[NUMBERS % 3 == 1]]
    collection.delete_many([one for one in every if one not in fewer]).result()
    among = Among(collection.memory.vectors, collection.memory.standing, LISTED)
    with planner.reading() as (connection, moment):
        ranked = among.rank(connection, moment, ASKED[0], THIRD, 10)
    assert ranked is not None
    assert [str(key - 1) for key, _ in ranked.ranking] == fewer


@pytest.mark.parametrize("few_new", [1_000, 1])
def test_what_came_and_went_since_is_seen(collection: Collection, few_new: int) -> None:
    planner, best = listed(collection), nearest(NUMBERS % 3 == 1, 0)
    collection.delete(best[0]).result()
    collection.put_many([Document(f"new/{n}", "", {"third": n % 3}, ASKED[0]) for n in range(4)]).result()
    standing = collection.memory.standing
    before = standing.size_bytes
    for _ in range(2):
        with planner.reading() as (connection, moment):
            found = Among(collection.memory.vectors, standing, LISTED, few_new=few_new).rank(
                connection, moment, ASKED[0], THIRD, 10
            )
        assert found is not None
        assert [key for key, _ in found.ranking] == [COUNT + 2, *(int(one) + 1 for one in best[1:])]
    assert (standing.size_bytes > before) == (few_new == 1)
    assert ids_found(collection, planner, 0) == ["new/1", *best[1:]]


def test_a_patch_changes_what_matches_at_once(collection: Collection) -> None:
    planner, best = listed(collection), nearest(NUMBERS % 3 == 1, 0)
    with planner.reading() as (connection, moment):
        collection.patch(best[0], {"third": 2}).result()
        assert not is_listed(collection)
        found = planner.rank(connection, moment, ASKED[0], THIRD, 10).ranking
        assert found[0][0] == int(best[0]) + 1  # as it was when the transaction began
    for _ in range(TIMES + 1):
        assert ids_found(collection, planner, 0)[0] == best[1]
    assert is_listed(collection)


def test_a_transaction_that_began_before_what_was_listed_does_not_use_it(collection: Collection) -> None:
    planner, best = planner_of(collection), nearest(NUMBERS % 3 == 1, 0)
    with planner.reading() as (connection, moment):
        collection.delete(best[0]).result()
        listed(collection)
        assert planner.rank(connection, moment, ASKED[0], THIRD, 10).ranking[0][0] == int(best[0]) + 1
    assert ids_found(collection, planner, 0)[0] == best[1]


def test_slots_that_mean_something_else_are_not_used(collection: Collection) -> None:
    planner, vectors = listed(collection), collection.memory.vectors
    best = nearest((NUMBERS % 3 == 1) & (NUMBERS >= 750), 0)
    collection.delete_many([str(n) for n in range(750)]).result()
    collection.pause()  # what compacts otherwise
    assert vectors.compact(vectors.graph, vectors.graph, vectors.clock)
    for _ in range(2):
        assert ids_found(collection, planner, 0) == best


def test_what_holds_at_one_instant_alone_is_not_listed(collection: Collection) -> None:
    planner, condition = planner_of(collection), both(THIRD, Lasting(1))
    assert condition is not None
    for _ in range(3):
        assert ids_found(collection, planner, 0, condition) == nearest(NUMBERS % 3 == 1, 0)
    assert not is_listed(collection)


def test_a_list_that_becomes_long_is_dropped_and_what_matches_is_found_all_the_same(collection: Collection) -> None:
    limit = COUNT // 3 + 2
    planner = Planner(collection.store.readers, collection.memory.vectors, limit, collection.memory.standing)
    for _ in range(TIMES):
        ids_found(collection, planner, 0)
    assert is_listed(collection)
    collection.put_many([Document(f"new/{n}", "", {"third": 1}, ASKED[0]) for n in range(4)]).result()
    assert collection.wait_until_viewed(60)
    assert set(ids_found(collection, planner, 0)[:4]) == {f"new/{n}" for n in range(4)}
    assert not is_listed(collection)


def test_rows_that_are_nearly_alike_are_told_apart_as_without_a_list(tmp_path: Path) -> None:
    """A list must not judge by less than a row has: here all that differs is in three numbers of 256."""
    index, random = Index(tmp_path, "model", NDIM), np.random.default_rng(7)
    rows = np.zeros((COUNT, NDIM), np.float32)
    rows[:, :3] = random.normal(size=(COUNT, 3))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = index.collection()
    found.put_many([Document(str(n), "", {"half": n % 2}, row) for n, row in enumerate(rows)]).result()
    planner = Planner(found.store.readers, found.memory.vectors, COUNT - 1, found.memory.standing)
    first = ids_found(found, planner, 0, HALF)
    for _ in range(TIMES + 1):
        assert ids_found(found, planner, 0, HALF) == first
    assert is_listed(found)
    index.close()


def test_documents_of_too_many_rows_are_not_listed(tmp_path: Path) -> None:
    index = Index(tmp_path, "model", NDIM)
    found = index.collection()
    spans = spans_of(12, 3)
    cut = [Passages(ROWS[3 * n : 3 * n + 3], spans, None) for n in range(20)]
    found.put_many([Entry(check_content(str(n), "twelve chars", {"half": 1}), cut[n]) for n in range(20)]).result()
    planner = Planner(found.store.readers, found.memory.vectors, 30, found.memory.standing)
    for _ in range(TIMES + 1):
        ids_found(found, planner, 0, HALF)
    assert not is_listed(found)
    index.close()
