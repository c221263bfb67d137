"""Filters through the front door: searches of every plan and deletions mean what the naive evaluator says."""

import random

import pytest

from index import Collection, Document, Query
from index.documents.query import MAX_TOP_K
from index.filters.parsing import parse_filter
from index.filters.tautology import holds_for_all
from index.search.hits import hits_of
from index.search.planner import Planner
from tests.index.harness import open_index
from tests.index.made_up import Filter, Metadata, filter_, metadata
from tests.index.oracle import matches
from tests.index.vectors import clustered

DOCUMENTS, KINDS = 2_400, 300  # of so many different metadata
ROWS = clustered(DOCUMENTS, 3)
DELETED_EVERY = 25
NEAREST = 10
FEW_ROWS = 20  # what a filter may leave, to be looked at row by row, of a planner that is meant not to


def test_a_hundred_filters_mean_what_the_naive_evaluator_says() -> None:
    compare(100, seed=1)


@pytest.mark.e2e
def test_two_thousand_filters_mean_what_the_naive_evaluator_says() -> None:
    compare(2_000, seed=2)


class Documents:
    """A collection, and which documents are of which metadata."""

    def __init__(self, collection: Collection, random_: random.Random) -> None:
        self.collection = collection
        self.kinds: list[Metadata] = [metadata(random_, whole=True) for _ in range(KINDS)]
        self.put(set(range(DOCUMENTS)))
        assert collection.wait_until_viewed(120)

    def put(self, numbers: set[int]) -> None:
        made = [Document(str(number), "", self.kinds[number % KINDS], ROWS[number]) for number in sorted(numbers)]
        self.collection.put_many(made).result()

    def matching(self, given: Filter) -> set[int]:
        kinds = [number for number, facts in enumerate(self.kinds) if matches(given, facts)]
        return {number for kind in kinds for number in range(kind, DOCUMENTS, KINDS)}


def compare(filters: int, seed: int) -> None:
    random_ = random.Random(seed)
    index = open_index(None)
    documents = Documents(index.collection(), random_)
    store, vectors = documents.collection.store, documents.collection.memory.vectors
    approximate = Planner(store.readers, vectors, exact_rows=FEW_ROWS)
    wanted = found = 0
    for number in range(filters):
        given = filter_(random_, whole=True)
        expected = documents.matching(given)
        query = Query(vector=ROWS[random_.randrange(DOCUMENTS)], filter=given, top_k=MAX_TOP_K, threshold=-1)
        everything = [int(hit.id) for hit in documents.collection.search(query)]
        assert set(everything) <= expected, given
        assert len(everything) == min(len(expected), MAX_TOP_K), given
        near = nearest(approximate, query)
        assert near <= expected, given
        assert len(near) == min(len(expected), NEAREST), given
        wanted += len(near)
        found += len(near & set(everything[:NEAREST]))
        if number % DELETED_EVERY == 0 and not holds_for_all(parse_filter(given)):
            assert documents.collection.delete_matching(given).result() == len(expected), given
            left = {int(document.id) for document in documents.collection.documents()}
            assert left == set(range(DOCUMENTS)) - expected, given
            documents.put(expected)
    assert documents.collection.health().problems == ()
    index.close()
    assert found >= 0.97 * wanted, f"{found} of the {wanted} nearest were found without looking at every row"


def nearest(planner: Planner, query: Query) -> set[int]:
    """The documents that a planner finds first."""
    assert query.vector is not None
    condition = parse_filter(query.filter)
    return set(
        planner.search(
            query.vector,
            condition,
            NEAREST,
            lambda connection, found: [int(hit.id) for hit in hits_of(connection, found.ranking, query, found.rows)],
        )
    )
