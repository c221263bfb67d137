"""Fusing what a vector and words found: what holds of any scores, and hybrid searches of small collections."""

import random
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import Collection, Document, Explanation, Hit, Part, Query, QueryError
from index.search.candidates import Ranking
from index.search.fusion import (
    MATCH_SHARE,
    UNRELATED_SHARE,
    fuse_ranks,
    fuse_scores,
    normalized_cosines,
    normalized_matches,
)
from tests.index.harness import open_index
from tests.index.vectors import NDIM, Rows

COSINES = st.floats(-1, 1, width=32)
MATCHES = st.one_of(st.just(0.0), st.floats(2**-10, 50, width=32))
CANDIDATES = st.dictionaries(st.integers(1, 60), st.tuples(COSINES, MATCHES), max_size=30)
WEIGHTS = st.floats(0, 1)
WORTHS = st.floats(0, 50)
Candidates = dict[int, tuple[float, float]]


def fused(candidates: Candidates, worth: float, weight: float) -> Ranking:
    cosines = {key: cosine for key, (cosine, _) in candidates.items()}
    matches = {key: match for key, (_, match) in candidates.items()}
    return fuse_scores(cosines, normalized_cosines(cosines), normalized_matches(matches, worth), weight)


@given(CANDIDATES, WORTHS, WEIGHTS)
def test_every_candidate_has_a_score_within_0_to_1(candidates: Candidates, worth: float, weight: float) -> None:
    ranking = fused(candidates, worth, weight)
    assert sorted(key for key, _ in ranking) == sorted(candidates)
    assert all(0 <= score <= 1 for _, score in ranking)
    assert [score for _, score in ranking] == sorted((score for _, score in ranking), reverse=True)


@given(CANDIDATES, WORTHS, WEIGHTS)
def test_what_is_better_in_both_parts_is_never_worse(candidates: Candidates, worth: float, weight: float) -> None:
    scores = dict(fused(candidates, worth, weight))
    for key, (cosine, match) in candidates.items():
        for other, (other_cosine, other_match) in candidates.items():
            if cosine >= other_cosine and match >= other_match:
                assert scores[key] >= scores[other]


@given(CANDIDATES, WORTHS, WEIGHTS, st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_does_not_count(
    candidates: Candidates, worth: float, weight: float, chance: random.Random
) -> None:
    shuffled = list(candidates.items())
    chance.shuffle(shuffled)
    assert fused(dict(shuffled), worth, weight) == fused(candidates, worth, weight)


@given(CANDIDATES, WORTHS)
def test_the_whole_weight_is_the_order_of_one_part(candidates: Candidates, worth: float) -> None:
    by_vector = sorted(candidates, key=lambda key: (-candidates[key][0], key))
    assert [key for key, _ in fused(candidates, worth, 1)] == by_vector
    by_words = sorted(candidates, key=lambda key: (-candidates[key][1], -candidates[key][0], key))
    assert [key for key, _ in fused(candidates, worth, 0)] == by_words


@given(CANDIDATES, WORTHS, WEIGHTS, st.tuples(COSINES, MATCHES))
def test_a_candidate_more_that_is_best_in_nothing_changes_no_score(
    candidates: Candidates, worth: float, weight: float, more: tuple[float, float]
) -> None:
    if candidates and all(more[part] <= max(one[part] for one in candidates.values()) for part in (0, 1)):
        scores = dict(fused(candidates | {61: more}, worth, weight))
        assert {key: scores[key] for key in candidates} == dict(fused(candidates, worth, weight))


@given(st.lists(st.floats(0, 0.99), max_size=20), st.floats(0.125, 1), st.floats(0.5, 1))
def test_the_nearest_comes_before_all_that_are_far_from_it_whatever_words_they_hold(
    shares: Sequence[float], greatest: float, weight: float
) -> None:
    others = {key: (UNRELATED_SHARE * share * greatest, 9.0) for key, share in enumerate(shares, 1)}
    assert fused({99: (greatest, 0.0)} | others, 0, weight)[0][0] == 99


def test_parts_in_figures() -> None:
    near = normalized_cosines({1: 0.8, 2: UNRELATED_SHARE * 0.8, 3: (1 + UNRELATED_SHARE) / 2 * 0.8, 4: -0.3})
    assert near == pytest.approx({1: 1, 2: 0, 3: 0.5, 4: 0})
    assert normalized_cosines({1: -0.1, 2: 0.0}) == {1: 0, 2: 0}
    assert normalized_matches({1: 4.0, 2: 1.0, 3: 0.0}, worth=4 / MATCH_SHARE) == pytest.approx({1: 1, 2: 0.25, 3: 0})
    assert normalized_matches({1: 4.0, 2: 1.0}, worth=8 / MATCH_SHARE) == pytest.approx({1: 0.5, 2: 0.125})
    assert normalized_matches({1: 0.0}, worth=0) == {1: 0}
    assert normalized_cosines({}) == normalized_matches({}, 1) == {}
    assert fuse_scores({1: 0.2, 2: 0.4, 3: 0.4}, {}, {3: 0.0, 2: 0.0, 1: 0.0}, 0.5) == [(2, 0), (3, 0), (1, 0)]


def test_fusion_by_ranks_adds_reciprocal_ranks() -> None:
    assert fuse_ranks([[1, 2], [2, 3]]) == [(2, 1 / 62 + 1 / 61), (1, 1 / 61), (3, 1 / 62)]
    assert fuse_ranks([[], []]) == []


@pytest.fixture
def collection() -> Iterator[Collection]:
    index = open_index(None)
    yield index.collection()
    index.close()


def at(cosine: float, place: int = 1) -> Rows:
    """Return a row with this cosine with ASKED; rows of other places differ in another direction."""
    row = np.zeros(NDIM, np.float32)
    row[0], row[place] = cosine, np.sqrt(1 - cosine**2)
    return row


ASKED = at(1.0)


def put(collection: Collection, *documents: tuple[str, float, str]) -> None:
    collection.put_many([
        Document(id_, text, {}, at(cosine, place)) for place, (id_, cosine, text) in enumerate(documents, 1)
    ]).result()  # fmt: skip


def search(collection: Collection, text: str, **asked: object) -> list[Hit]:
    return collection.search(Query(**{"mode": "hybrid", "text": text, "vector": ASKED} | asked))  # type: ignore[arg-type]


def parts(hit: Hit) -> tuple[Part, Part]:
    assert hit.explain is not None
    assert hit.explain.vector is not None
    assert hit.explain.text is not None
    return hit.explain.vector, hit.explain.text


NOTES = [(f"note{n}", 0.17 - n / 100, f"the note that is about the {word}") for n, word in enumerate("abcdefgh")]


@pytest.mark.parametrize("text", ["what is the recipe", "what is that about", "the note", "zzz", ""])
def test_of_nine_documents_the_only_answer_is_first_whatever_words_the_others_hold(
    collection: Collection, text: str
) -> None:
    put(collection, *NOTES, ("answer", 0.506, "butter, flour, eggs"))
    found = search(collection, text)
    assert found[0].id == "answer"
    assert len(found) == 9


def test_stop_words_alone_bring_no_document_into_the_ranking_by_words(collection: Collection) -> None:
    put(collection, *NOTES, ("answer", 0.3, "butter"))
    found = {hit.id: hit for hit in search(collection, "what is that butter", explain=True)}
    assert all(parts(found[id_])[1] == Part(0.0, normalized=0.0) for id_, _, _ in NOTES)
    assert parts(found["answer"])[1].normalized == 1


def test_one_word_of_many_is_no_whole_match(collection: Collection) -> None:
    put(collection, ("far", 0.4, "a green car"), ("near", 0.5, "butter"))
    hits = search(collection, "green olives pickled with rosemary overnight", explain=True)
    assert [hit.id for hit in hits] == ["near", "far"]
    assert 0 < (parts(hits[1])[1].normalized or 0) < 1


def test_nothing_one_document_and_equal_documents_are_no_special_cases(collection: Collection) -> None:
    assert search(collection, "apple") == []
    put(collection, ("a", 0.5, "apple"))
    assert [(hit.id, hit.score) for hit in search(collection, "apple")] == [("a", 1)]
    assert [(hit.id, hit.score) for hit in search(collection, "pear")] == [("a", 0.5)]
    assert [(hit.id, hit.score) for hit in search(collection, "", weight=0)] == [("a", 0)]
    collection.put_many([Document(id_, "apple", {}, at(0.5)) for id_ in "zyx"]).result()
    assert [(hit.id, hit.score) for hit in search(collection, "apple")] == [(id_, 1) for id_ in "azyx"]


def test_where_no_document_points_the_same_way_words_decide_and_then_the_cosine(collection: Collection) -> None:
    put(collection, ("far", -0.5, "pear"), ("near", -0.1, "pear tree"), ("word", -0.9, "apple"))
    assert [(hit.id, hit.score) for hit in search(collection, "apple")] == [("word", 0.5), ("near", 0), ("far", 0)]


@pytest.fixture(scope="module")
def many() -> Iterator[Collection]:
    """Of 400 documents the first half is near and says nothing of apples; the other half does, the more the farther."""
    index = open_index(None)
    documents = [(f"near{n}", 0.9 - n / 1000, f"note {n}") for n in range(200)]
    documents += [(f"said{n}", 0.5 - n / 1000, f"note {n} {'apple ' * (n + 1)}") for n in range(200)]
    index.collection().put_many([Document(id_, text, {}, at(cosine)) for id_, cosine, text in documents]).result()
    yield index.collection()
    index.close()


@pytest.mark.parametrize("caught_up", [False, True])
def test_both_scores_of_every_hit_are_known_however_deep_it_stands_in_either_ranking(
    many: Collection, caught_up: bool
) -> None:
    if caught_up:
        assert many.wait_for_words(60)
    cosines = {hit.id: hit.score for hit in search(many, "", mode="vector", threshold=-1, top_k=400)}
    matches = {hit.id: hit.score for hit in search(many, "apple note", mode="text", top_k=400)}
    shallow, deep = (search(many, "apple note", explain=True, top_k=top_k) for top_k in (100, 400))
    assert len(deep) == 400
    for hit in deep:
        vector, text = parts(hit)
        assert vector.score == cosines[hit.id]
        assert text.score == pytest.approx(matches[hit.id], rel=1e-5)
        assert hit.score == pytest.approx(0.5 * (vector.normalized or 0) + 0.5 * (text.normalized or 0))
    scores = {hit.id: hit.score for hit in deep}
    assert {hit.id: scores[hit.id] for hit in shallow} == {hit.id: pytest.approx(hit.score) for hit in shallow}
    assert any(hit.id.startswith("said") for hit in shallow)


def test_documents_that_only_the_vector_found_have_their_real_match(many: Collection) -> None:
    (hit,) = search(many, "199", filter={}, weight=1, explain=True, top_k=1)
    assert hit.id == "near0"
    assert parts(hit)[1].score == 0
    found = {hit.id: hit for hit in search(many, "note 150", weight=1, explain=True, top_k=160)}
    words = {hit.id: hit.score for hit in search(many, "note 150", mode="text", top_k=400)}
    assert {id_: parts(hit)[1].score for id_, hit in found.items()} == {
        id_: pytest.approx(words[id_], rel=1e-5) for id_ in found
    }


def test_weights_and_ranks_are_as_asked_for(collection: Collection) -> None:
    put(collection, ("near", 0.9, "pear"), ("word", 0.4, "apple"))
    assert [(hit.id, hit.score) for hit in search(collection, "apple", weight=0)] == [("word", 1), ("near", 0)]
    assert [hit.id for hit in search(collection, "apple", weight=1)] == ["near", "word"]
    hits = search(collection, "apple", fusion="rrf", weight=0, explain=True)
    assert [(hit.id, hit.score) for hit in hits] == [("word", 1 / 62 + 1 / 61), ("near", 1 / 61)]
    assert parts(hits[0]) == (Part(pytest.approx(0.4), rank=2), Part(pytest.approx(hits[0].explain.text.score), rank=1))  # type: ignore[union-attr, arg-type]
    assert hits[1].explain == Explanation(vector=Part(pytest.approx(0.9), rank=1))  # type: ignore[arg-type]


def test_one_part_is_told_where_there_is_one_and_none_unasked(collection: Collection) -> None:
    put(collection, ("near", 0.9, "pear"), ("word", 0.4, "apple"))
    (word,) = search(collection, "apple", mode="text", explain=True)
    assert word.explain == Explanation(text=Part(word.score))
    near, far = search(collection, "apple", mode="vector", threshold=-1, explain=True)
    assert [near.explain, far.explain] == [Explanation(vector=Part(hit.score)) for hit in (near, far)]
    for mode in ("vector", "text", "hybrid"):
        assert all(hit.explain is None for hit in search(collection, "apple", mode=mode, threshold=-1))


def test_thresholds_count_the_fused_score(collection: Collection) -> None:
    put(collection, ("near", 0.9, "pear"), ("word", 0.4, "apple"), ("both", 0.8, "apple"))
    hits = search(collection, "apple", explain=True)
    (best,) = search(collection, "apple", explain=True, threshold=hits[0].score)
    assert best == hits[0]
    assert best.id == "both"


@pytest.mark.parametrize("asked", [{"weight": -0.1}, {"weight": 1.1}, {"weight": float("nan")}, {"fusion": "sum"}])
def test_what_is_no_weight_and_no_fusion_is_refused(collection: Collection, asked: dict[str, object]) -> None:
    with pytest.raises(QueryError):
        search(collection, "apple", **asked)


@pytest.mark.parametrize("mode", ["vector", "text", "hybrid"])
def test_what_is_left_out_is_no_hit_and_no_measure_for_others(collection: Collection, mode: str) -> None:
    put(collection, ("a", 0.5, "apple pear"), ("b", 0.4, "apple"))
    collection.wait_for_words(60)
    asked = {"mode": mode, "threshold": -1, "explain": True}
    alone = search(collection, "apple", **asked)
    collection.put(Document("own", "apple apple", {}, ASKED)).result()
    for top_k in (1, 2, 3):
        found = search(collection, "apple", top_k=top_k, without="own", **asked)
        assert [hit.id for hit in found] == [hit.id for hit in alone][:top_k]
    if mode == "hybrid":
        assert [parts(hit)[0] for hit in found] == [parts(hit)[0] for hit in alone]
        assert found[0].score > search(collection, "apple", **asked)[1].score
    assert {hit.id for hit in search(collection, "apple", without="nobody", **asked)} == {"a", "b", "own"}
