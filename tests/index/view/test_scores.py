"""A score is of the query and the document alone."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import Collection, Document, Query
from index.view.scores import best, cosines, scores_at, scores_of
from tests.index.harness import open_index
from tests.index.vectors import clustered

SIZES = (1, 2, 7, 16, 64, 333, 5_000)


@given(
    ndim=st.sampled_from([1, 3, 32, 383, 384]),
    count=st.sampled_from(SIZES),
    place=st.integers(0, 4_999),
    offset=st.integers(0, 9),
    seed=st.integers(0, 5),
)
@settings(deadline=None, max_examples=60)
def test_a_row_scores_the_same_bits_in_any_company(ndim: int, count: int, place: int, offset: int, seed: int) -> None:
    place %= count
    query, row = clustered(2, seed, ndim)
    others = clustered(count, seed + 1, ndim)
    others[place] = row
    room = np.empty(count * ndim + offset, np.float32)[offset:].reshape(count, ndim)
    room[:] = others
    assert cosines(room, query)[place] == cosines(row[None], query)[0]
    half, asked = np.empty(count * ndim + offset, np.float16)[offset:].reshape(count, ndim), query.astype(np.float16)
    half[:] = others
    alone = scores_of(row[None].astype(np.float16), asked)[0]
    assert scores_of(half, asked)[place] == alone
    assert (
        scores_at(half, np.unique([0, place, count - 1]), asked)[
            np.searchsorted(np.unique([0, place, count - 1]), place)
        ]
        == alone
    )


@given(st.integers(0, 10_000), st.sampled_from([2, 32, 384]))
@settings(deadline=None)
def test_a_row_has_the_cosine_1_with_itself_and_none_has_more(seed: int, ndim: int) -> None:
    row = clustered(1, seed, ndim)
    assert cosines(row, row[0])[0] == 1
    assert cosines(-row, row[0])[0] == -1
    near = np.nextafter(row, np.float32(2))
    assert cosines(near, row[0])[0] <= 1


@given(st.lists(st.sampled_from([-np.inf, -0.5, -0.1, -0.0, 0.0, 0.1, 0.5, 0.9]), max_size=40), st.integers(0, 50))
def test_of_equal_scores_the_first_come_first(scores: list[float], count: int) -> None:
    expected = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:count]
    assert best(np.array(scores, np.float32), count).tolist() == expected


@given(
    seed=st.integers(0, 1_000), kinds=st.sampled_from([1, 2, 30, 100_000]), count=st.sampled_from([1, 16, 500, 4_000])
)
@settings(deadline=None, max_examples=40)
def test_the_best_of_many_are_the_same_as_by_sorting_all(seed: int, kinds: int, count: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.normal(size=kinds).astype(np.float32)[random.integers(0, kinds, 30_000)]
    assert (best(scores, count) == np.argsort(-scores, kind="stable")[:count]).all()


@pytest.fixture
def collection() -> Iterator[Collection]:
    index = open_index(None)
    yield index.collection()
    index.close()


def test_the_threshold_1_finds_what_is_equal_and_nothing_else(collection: Collection) -> None:
    rows = clustered(300, 3)
    collection.put_many([Document(str(n), "", {}, row) for n, row in enumerate(rows)]).result()
    for number, row in enumerate(rows):
        hits = collection.search(Query(vector=row, threshold=1.0))
        assert [(hit.id, hit.score) for hit in hits] == [(str(number), 1.0)]


def test_equal_documents_have_equal_scores_and_the_older_come_first(collection: Collection) -> None:
    rows = clustered(40, 4)
    for number in range(20):
        collection.put(Document(f"copy {19 - number:02}", "", {"n": number}, rows[0])).result()
    collection.put_many([Document(str(n), "", {"n": -1}, row) for n, row in enumerate(rows[1:])]).result()
    for top_k in (1, 5, 13, 20):
        for filter_ in (None, {"n": {"$gte": 0}}):
            hits = collection.search(Query(vector=rows[30], top_k=top_k, threshold=-1, filter=filter_ or None))
            copies = [hit for hit in hits if hit.id.startswith("copy")]
            assert len({hit.score for hit in copies}) <= 1
            assert [hit.id for hit in copies] == [f"copy {19 - number:02}" for number in range(len(copies))]


@pytest.mark.parametrize("distance", [1e-7, 1e-5])
def test_the_bound_of_the_threshold_has_a_millionth_of_tolerance(collection: Collection, distance: float) -> None:
    row, other = clustered(2, 5)
    collection.put(Document("it", "", {}, row)).result()
    score = collection.search(Query(vector=other, threshold=-1))[0].score
    assert len(collection.search(Query(vector=other, threshold=score + distance))) == (distance < 1e-6)
