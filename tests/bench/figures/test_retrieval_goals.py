"""Goals of retrieval: each mode is held against its reference, on each collection or on the mean."""

import pytest

from bench.figures.retrieval import BM25, EXACT, OWN, SUM, CollectionFigures, Quality, mean_quality, served_row
from bench.figures.retrieval_goals import judge_retrieval

GOOD = {EXACT: 0.4, OWN: 0.4, BM25: 0.4, SUM: 0.42, "vector": 0.4, "text": 0.4, "hybrid": 0.42}


def collection(**changes: float) -> CollectionFigures:
    found = {served_row(row) if row in {"vector", "text", "hybrid"} else row: v for row, v in (GOOD | changes).items()}
    return CollectionFigures(
        documents=10,
        queries=5,
        documents_left_out=0,
        queries_left_out=0,
        quality={row: Quality(value, 1.0, 1.0) for row, value in found.items()},
        search_ms={},
        documents_per_s={},
    )


def missed(*collections: CollectionFigures) -> set[str]:
    judged = judge_retrieval({str(number): one for number, one in enumerate(collections)})
    return {name for name, goal in judged.items() if not goal.met}


def test_what_reaches_its_references_meets_every_goal() -> None:
    assert missed(collection(), collection(vector=0.4005, hybrid=0.416)) == set()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vector": 0.402}, ["over its own vectors"]),
        ({OWN: 0.412, "vector": 0.412}, ["fp32, the greatest", "fp32, of the means"]),
        ({OWN: 0.392, "vector": 0.392}, ["fp32, of the means"]),
        ({"text": 0.37}, ["share of bm25s"]),
        ({"hybrid": 0.414}, ["less the weighted sum"]),
        ({SUM: 0.4, "hybrid": 0.4}, ["better of vector and text"]),
    ],
)
def test_each_goal_is_missed_by_what_falls_short_of_it(changes: dict[str, float], words: list[str]) -> None:
    names = missed(collection(**changes))
    assert len(names) == len(words)
    assert all(any(word in name for name in names) for word in words)


def test_one_bad_collection_is_enough_where_each_counts_and_is_not_where_the_mean_does() -> None:
    assert len(missed(collection(hybrid=0.41), collection(hybrid=0.6))) == 1
    assert missed(collection(text=0.38), collection(text=0.42)) == set()


def test_every_collection_counts_the_same_in_the_mean() -> None:
    means = mean_quality({"a": collection(), "b": collection(text=0.2)})
    assert means[served_row("text")].ndcg_at_10 == pytest.approx(0.3)
