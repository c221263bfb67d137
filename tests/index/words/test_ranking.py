"""Rankings by words against plain ones: every text scored by BM25 as the formula says, one by one, and sorted."""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
import pytest

from index import Query
from index.conditions import condition_of
from index.documents.query import check_query
from index.search.searcher import Searcher
from index.store.aside import Aside
from index.words.ties import ROUNDING, levelled, ordered
from tests.index.harness import document, open_index
from tests.index.oracle import matches
from tests.index.vectors import NDIM, one

T = TypeVar("T")

WORDS = ("apple", "pear", "plum", "fig", "lime", "note", "thing", "garden", "house", "river")
RARE = ("quince", "medlar")
DOCUMENTS, LATE = 3_000, 40
FILTERS: tuple[dict[str, Any] | None, ...] = (
    None,
    {"half": True},
    {"half": {"$ne": True}},
    {"tenth": 3},
    {"tenth": {"$nin": [1, 2, 3, 4, 5, 6, 7, 8, 9]}},
    {"hundredth": 42},
    {"number": 1_000},
    {"number": {"$gte": 2_500}},
    {"number": {"$gte": 5_000}},
)


class Made:
    """Documents of few words, of which many score the same: most in the index, some gone since, the last beside it."""

    def __init__(self, late: int) -> None:
        self.index = open_index(None)
        self.collection = self.index.collection()
        random_ = random.Random(17)
        self.texts: list[str] = []
        self.metadata: list[dict[str, Any]] = []
        for number in range(DOCUMENTS + late):
            words = random_.choices(WORDS, weights=range(1, len(WORDS) + 1), k=random_.randint(1, 6))
            words += [word for word in RARE if random_.random() < 0.004]
            self.texts.append(" ".join(words))
            group = random_.randrange(100)
            self.metadata.append({"number": number, "hundredth": group, "tenth": group // 10, "half": group < 50})
        self._put(0, DOCUMENTS)
        assert self.collection.wait_for_words(60)
        self.collection.words.pause()  # what comes now stays beside the index, and what goes in it
        self.average_length = sum(len(text.split()) for text in self.texts[:DOCUMENTS]) / DOCUMENTS
        self._put(DOCUMENTS, DOCUMENTS + late)
        self.gone = frozenset(random_.sample(range(DOCUMENTS), 300)) if late else frozenset[int]()
        self.collection.delete_many([str(number) for number in self.gone]).result()

    def _put(self, start: int, end: int) -> None:
        for first in range(start, end, 500):
            numbers = range(first, min(end, first + 500))
            self.collection.put_many([document(str(n), n, self.texts[n], **self.metadata[n]) for n in numbers]).result()

    def scores(self, query: str) -> dict[int, float]:
        """The scores of all documents that hold a word, those of 2009's BM25 with k1 1.2 and b 0.75."""
        counts = [Counter(text.split()) for text in self.texts]
        scores: dict[int, float] = {}
        for word, times in Counter(query.split()).items():
            holding = sum(word in held for held in counts)
            rarity = math.log(1 + (len(counts) - holding + 0.5) / (holding + 0.5))
            for number, held in enumerate(counts):
                if word in held:
                    length = held.total() / self.average_length
                    part = 2.2 * held[word] / (held[word] + 1.2 * (0.25 + 0.75 * length))
                    scores[number] = scores.get(number, 0.0) + times * rarity * part
        return scores

    def ranking(self, scores: dict[int, float], filter_: dict[str, Any] | None) -> list[str]:
        """The ids of those that are there and match: the best first, and of equal ones the older."""
        left = [n for n in scores if n not in self.gone and (filter_ is None or matches(filter_, self.metadata[n]))]
        level, levels = math.inf, dict[int, float]()
        for number in sorted(left, key=lambda number: -scores[number]):
            level = level if scores[number] >= level * (1 - ROUNDING) else scores[number]
            levels[number] = level
        return [str(number) for number in sorted(left, key=lambda number: (-levels[number], number))]


@pytest.fixture(scope="module", params=[0, LATE])
def made(request: pytest.FixtureRequest) -> Iterator[Made]:
    found = Made(request.param)
    yield found
    found.index.close()


@pytest.mark.parametrize(
    "query", ["apple", "river river note", "quince", "medlar pear plum", "apple lime garden", "no"]
)
def test_rankings_are_those_of_the_formula(made: Made, query: str) -> None:
    scores = made.scores(query)
    for filter_ in FILTERS:
        right = made.ranking(scores, filter_)
        for top_k in (1, 10, 100, 1_000):
            hits = made.collection.search(Query(mode="text", text=query, top_k=top_k, filter=filter_))
            assert [hit.id for hit in hits] == right[:top_k], (filter_, top_k)
            assert [hit.score for hit in hits] == pytest.approx([scores[int(hit.id)] for hit in hits], rel=1e-5)


def test_scores_within_the_rounding_are_equal_and_those_of_a_chain_are_not() -> None:
    step = 0.6 * ROUNDING
    assert ordered({3: 1.0, 2: 1 - step, 1: 1 - 2 * step, 4: 0.0, 0: 0.5}) == [
        (2, 1.0),
        (3, 1.0),
        (1, 1 - 2 * step),
        (0, 0.5),
        (4, 0.0),
    ]
    assert levelled(np.array([2.0, 2.0, 1.0, 0.0, 0.0])).tolist() == [2, 2, 1, 0, 0]
    assert ordered({}) == []


class Elsewhere(Aside):
    """Another thread, and how often something was begun there."""

    def __init__(self) -> None:
        super().__init__(1)
        self.begun = 0

    def begin(self, work: Callable[[], T]) -> Callable[[], T]:
        self.begun += 1
        return super().begin(work)


def test_hybrid_finds_the_same_whether_words_are_ranked_on_another_thread_or_not(made: Made) -> None:
    collection, aside = made.collection, Elsewhere()
    searcher = Searcher(collection.store.readers, collection.memory, collection.words, aside, 0)
    for filter_ in FILTERS:
        query = check_query(Query(mode="hybrid", text="quince note", vector=one(3), top_k=50, filter=filter_), NDIM)
        assert searcher.search(query, condition_of(filter_)).hits == collection.search(query)
    assert aside.begun == len(FILTERS)
    assert searcher.search(check_query(Query(mode="text", text="quince"), NDIM), None).hits
    assert aside.begun == len(FILTERS)
