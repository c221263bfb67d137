"""bm25s in its own environment against Lucene's formula computed here."""

import math

import pytest

from bench.retrieval.words import Asked, bm25_versions, score_words

DOCUMENTS = ["cat dog", "cat cat bird", "the fish", "dogs and birds and cats"]
STEMS = [["cat", "dog"], ["cat", "cat", "bird"], ["fish"], ["dog", "bird", "cat"]]


def lucene(query: list[str], place: int) -> float:
    longest = sum(map(len, STEMS)) / len(STEMS)
    norm = 1.2 * (1 - 0.75 + 0.75 * len(STEMS[place]) / longest)
    score = 0.0
    for word in query:
        holders, count = sum(word in one for one in STEMS), STEMS[place].count(word)
        score += math.log(1 + (len(STEMS) - holders + 0.5) / (holders + 0.5)) * count / (count + norm)
    return score


@pytest.mark.e2e
@pytest.mark.timeout(900)  # the first time, this makes the environment
def test_documents_are_scored_by_stems_without_stop_words_and_a_repeated_word_counts_again() -> None:
    found = score_words(Asked(DOCUMENTS, ["the cats, cats and dogs", "fish", "the", "unicorn"], [[2], [0], [1], []], 2))
    both = ["cat", "cat", "dog"]
    assert found[0].order == sorted(range(4), key=lambda place: -lucene(both, place))[:2]
    assert found[0].scores.keys() == {*found[0].order, 2}
    for place, score in found[0].scores.items():
        assert score == pytest.approx(lucene(both, place), rel=1e-5)
    assert (found[1].order, found[1].scores[0]) == ([2], 0)
    assert (found[2].order, found[2].scores) == ([], {1: 0})
    assert (found[3].order, found[3].scores) == ([], {})


def test_its_versions_are_pinned() -> None:
    assert bm25_versions().keys() == {"bm25s", "pystemmer"}
