"""Counts, facets and filtered lists mean what a naive evaluator says, whichever way they go."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import apsw
import numpy as np
import pytest

from index import Collection, Document, Facet, FilterError, Include
from index.documents.metadata import encode_metadata
from index.filters.parsing import parse_filter
from index.filters.tree import Condition, both
from index.store.facets import fetch_facets
from index.store.listing import after, count_matching
from index.store.narrowing import probed
from tests.index.fakes import SetClock
from tests.index.harness import document, open_index
from tests.index.made_up import FIELDS, Metadata, filter_, metadata
from tests.index.oracle import kind, matches
from tests.index.vectors import clustered

DOCUMENTS, PAGE = 600, 37
ROWS = clustered(DOCUMENTS, 5)
NOW, INSTANT = 1_000, 2_000
KINDS = ("boolean", "number", "string")


class Truth:
    """A collection and what is in it, a part of which has expired and is stored still."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.clock = SetClock(NOW)
        self.index = open_index(None, clock=self.clock)
        self.collection = self.index.collection()
        self.collection.store.sweeper.close()  # what has expired stays where it is
        made = {self._id(number): metadata(self.random, whole=True) for number in range(DOCUMENTS)}
        expiring = {id_ for id_ in made if self.random.random() < 0.2}
        documents = [
            Document(id_, f"the text of {id_}", facts, row, expires_ms=INSTANT if id_ in expiring else None)
            for (id_, facts), row in zip(made.items(), ROWS, strict=False)
        ]
        self.collection.put_many(documents).result()
        self.all = made
        self.lasting = {id_: facts for id_, facts in made.items() if id_ not in expiring}

    def _id(self, number: int) -> str:
        return f"{self.random.choice('aBé😀')}{number * 7919 % 1_000}"

    def there(self) -> dict[str, Metadata]:
        return self.lasting if self.clock.ms >= INSTANT else self.all


def pages(collection: Collection, given: dict[str, Any], limit: int = PAGE) -> list[list[str]]:
    found, last = [], ""
    while page := collection.list_after(last, limit, filter_=given):
        found.append([one.id for one in page])
        last = page[-1].id
    return found


def compare(truth: Truth, rounds: int) -> None:
    for number in range(rounds):
        given = filter_(truth.random, whole=True)
        expected = {id_: facts for id_, facts in truth.there().items() if matches(given, facts)}
        assert truth.collection.count(given) == len(expected), given
        listed = pages(truth.collection, given)
        assert [id_ for page in listed for id_ in page] == sorted(expected, key=str.encode), given
        assert all(len(page) == PAGE for page in listed[:-1]), given
        if number % 4 == 0:
            limit = truth.random.choice((1, 3, 1_000))
            found = truth.collection.facets(FIELDS, given, limit)
            assert list(found) == list(FIELDS)
            for field, facet in found.items():
                check(facet, field, expected, limit)
    for field, facet in truth.collection.facets(FIELDS, limit=1_000).items():
        check(facet, field, truth.there(), 1_000)


def check(facet: Facet, field: str, documents: dict[str, Metadata], limit: int) -> None:
    """Compare a facet with the values that the documents' metadata have."""
    counted: Counter[tuple[int, Any]] = Counter()
    for facts in documents.values():
        given = facts.get(field)
        values = given if isinstance(given, list) else [given]
        counted.update({(KINDS.index(kind(value)), value) for value in values if kind(value) in KINDS})
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0][0], sortable(item[0][1])))
    assert facet.distinct == len(counted)
    assert facet.values == [(value, count) for (_, value), count in ordered[:limit]]
    assert [kind(value) for value, _ in facet.values] == [KINDS[sort] for (sort, _), _ in ordered[:limit]]


def sortable(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


@pytest.fixture(params=["all are there", "some have expired"])
def truth(request: pytest.FixtureRequest) -> Iterator[Truth]:
    found = Truth(seed=3)
    if request.param == "some have expired":
        found.clock.ms = INSTANT
        assert len(found.lasting) < found.collection.store.writer.documents
    yield found
    found.index.close()


def test_random_filters_count_list_and_facet_as_the_naive_evaluator_says(truth: Truth) -> None:
    compare(truth, 120)


@pytest.mark.e2e
@pytest.mark.parametrize("seed", range(4))
def test_many_random_filters_do(seed: int) -> None:
    found = Truth(seed=100 + seed)
    compare(found, 600)
    found.clock.ms = INSTANT
    compare(found, 600)
    found.index.close()


def test_where_much_matches_it_is_the_same(truth: Truth) -> None:
    """The bounds within which documents are looked up one by one are turned down, so that others go the other way."""
    for _ in range(150):
        given = filter_(truth.random, whole=True)
        expected = {id_: facts for id_, facts in truth.there().items() if matches(given, facts)}
        condition = both(parse_filter(given), truth.collection.store.reads.lasting())
        assert condition is not None
        with truth.collection.store.readers.reading() as connection:
            listed = [one.id for one in after(connection, "a3", DOCUMENTS, condition, sorted_rows=2)]
            counted = count_matching(connection, condition, counted_rows=2)
            found = fetch_facets(connection, FIELDS, condition, 5, driving_rows=2)
        assert listed == sorted((id_ for id_ in expected if id_.encode() > b"a3"), key=str.encode), given
        assert counted == len(expected), given
        for field, facet in found.items():
            check(facet, field, expected, 5)


def test_pages_of_a_list_cost_what_they_hold_not_what_there_is() -> None:
    """Where few match, as where nearly all do, a page takes a small part of the steps that a walk through all takes."""
    index = open_index(None)
    collection = index.collection()
    for start in range(0, 6_000, 2_000):
        numbers = range(start, start + 2_000)
        collection.put_many([Document(f"{n:05}", "", {"one": n, "all": 1}, ROWS[0]) for n in numbers]).result()
    with collection.store.readers.reading() as connection:
        every = np.arange(1, 6_001)
        walk = steps_of(connection, partial(probed, connection, parse_filter({"all": {"$ne": 2}}), every))
        assert walk > 6_000
        for given in ({"one": 5_999}, {"one": {"$lt": 5}}, {"all": 1, "one": 3}, {"all": 1}, {"all": {"$ne": 2}}):
            assert steps_of(connection, partial(page, connection, parse_filter(given))) < walk / 20, given
        few = partial(fetch_facets, connection, ["all"], parse_filter({"one": {"$lt": 5}}), 10, driving_rows=100)
        assert steps_of(connection, few) < walk / 20
        costly = parse_filter({"$and": [{"all": {"$ne": number}} for number in range(2, 50)]})
        of_one, of_two = (
            steps_of(connection, partial(fetch_facets, connection, fields, costly, 10, driving_rows=100))
            for fields in (["one"], ["one", "all"])
        )
        assert of_two < 1.5 * of_one  # who matches is looked for once
    index.close()


def page(connection: apsw.Connection, condition: Condition) -> None:
    assert list(after(connection, "", 10, condition, sorted_rows=100))


def steps_of(connection: apsw.Connection, read: Callable[[], object]) -> int:
    """About how many steps SQLite's machine takes for a read."""
    steps = 0

    def count() -> bool:
        nonlocal steps
        steps += 10
        return False

    connection.set_progress_handler(count, 10)
    try:
        read()
    finally:
        connection.set_progress_handler(None)
    return steps


def test_values_of_a_facet_are_of_their_kinds_and_equal_numbers_are_one() -> None:
    index = open_index(None)
    collection = index.collection()
    values: list[Any] = [True, 1, 1.0, "1", [1, 1.0, True], [], None, {"a": 1}, False, ["1", "1"], -0.0, 0]
    collection.put_many([document(str(n), n, v=value) for n, value in enumerate(values)]).result()
    facet = collection.facets(["v"])["v"]
    assert facet == Facet([(1, 3), (True, 2), (0, 2), ("1", 2), (False, 1)], 5)
    assert [type(value) for value, _ in facet.values] in (
        [int, bool, int, str, bool],
        [float, bool, int, str, bool],
        [int, bool, float, str, bool],
        [float, bool, float, str, bool],
    )
    assert collection.facets(["v"], limit=2)["v"] == Facet(facet.values[:2], 5)
    assert collection.facets(["nobody's", "v"], {"v": "2"}) == {"nobody's": Facet([], 0), "v": Facet([], 0)}
    assert collection.facets([]) == {}
    index.close()


def test_a_filter_that_says_nothing_leaves_all_and_a_wrong_one_is_refused(truth: Truth) -> None:
    everyone = sorted(truth.there(), key=str.encode)
    assert truth.collection.count({}) == truth.collection.count() == len(everyone)
    assert [one.id for one in truth.collection.list_after(limit=1_000, filter_={})] == everyone
    for read in (truth.collection.count, lambda given: truth.collection.list_after(filter_=given)):
        with pytest.raises(FilterError):
            read({"$bad": 1})
    with pytest.raises(FilterError):
        truth.collection.facets(["a"], {"a": {"$bad": 1}})


def test_a_list_without_texts_says_all_else_and_its_pages_hold_more() -> None:
    index = open_index(None)
    collection = index.collection()
    collection.put_many([document(str(n), n, "x" * 1_000, n=n) for n in range(9)]).result()
    whole = collection.list_after(max_bytes=2_500)
    assert len(whole) == 2
    bare = collection.list_after(max_bytes=2_500, include=Include(text=False))
    assert [(one.id, one.text, one.metadata) for one in bare] == [(str(n), "", {"n": n}) for n in range(9)]
    size = len(encode_metadata({"n": 1}))
    assert len(collection.list_after(max_bytes=3 * size, include=Include(text=False))) == 3
    found = collection.get("3", Include(passages=True, text=False))
    assert found is not None
    assert (found.text, [(one.start, one.end) for one in found.passages or ()]) == ("", [(0, 1_000)])
    index.close()
