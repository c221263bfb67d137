"""A corpus, its ingest and its searches, on made-up documents."""

from pathlib import Path

import numpy as np
import pytest

from bench.documents.corpus import FILTERS, MOVED, Corpus, Sentences, unit
from bench.documents.ingest import ingest, search_during_ingest
from bench.documents.searches import best_of, recall_at_10, vector_query
from bench.errors import BenchError
from bench.figures.index import Milliseconds
from index import Hit, Index, VectorError

QUERIES = 500


@pytest.fixture(scope="module")
def sentences() -> Sentences:
    rows = np.random.default_rng(1).normal(size=(QUERIES + 50, 16)).astype(np.float32)
    return Sentences([f"sentence {number}" for number in range(len(rows))], unit(rows), QUERIES)


def test_documents_stand_around_sentences_that_are_no_queries(sentences: Sentences) -> None:
    corpus = Corpus(sentences, 200, 1)
    first, second, third = corpus.parts
    assert min(map(int, (first.min(), second.min(), third.min()))) >= QUERIES
    expected = unit(sentences.rows[first[7]] + MOVED * (sentences.rows[second[7]] - sentences.rows[third[7]]))
    assert np.allclose(corpus.rows[7], expected)
    document = list(corpus.documents(8))[7]
    assert document.id == "document/7"
    assert document.text == f"sentence {first[7]} sentence {second[7]}"
    assert (Corpus(sentences, 200, 1).rows == corpus.rows).all()
    assert (Corpus(sentences, 200, 2).rows != corpus.rows).any()


def test_filters_leave_their_share(sentences: Sentences) -> None:
    corpus = Corpus(sentences, 20_000, 3)
    for share, filter_ in FILTERS.items():
        left = len(corpus.left_by(filter_, len(corpus))) / len(corpus)
        assert left == pytest.approx(float(share.rstrip("%")) / 100, rel=0.5)


def test_recall_counts_the_nearest_that_are_allowed() -> None:
    rows = unit(np.array([[1, 0], [1, 0.1], [1, 0.2], [0, 1]], np.float32))
    hits = [Hit(f"document/{number}", "", 0, {}) for number in (0, 1)]
    everything = np.arange(4)
    assert recall_at_10([hits], [rows[0]], rows, everything) == 0.5
    assert recall_at_10([hits], [rows[0]], rows, everything[:2]) == 1


def test_each_percentile_is_of_its_own_best_round() -> None:
    assert best_of([[1, 1, 1, 9], [2, 2, 2, 2]]) == Milliseconds(1, 2)


def test_searches_go_on_beside_an_ingest(sentences: Sentences, tmp_path: Path) -> None:
    index = Index(tmp_path, "model", 16)  # in memory whoever searches waits for the writer
    collection = index.collection()
    corpus, more = Corpus(sentences, 200, 1), Corpus(sentences, 20_000, 2, "later")
    assert ingest(collection, corpus.documents(200)) > 0
    queries = [vector_query(row) for _, row in sentences.queries]
    times, rate = search_during_ingest(collection, more.documents(20_000), queries, 0.05, 2)
    assert times.p99 >= times.p50 > 0
    assert rate > 0
    assert collection.count() > 200
    index.close()


def test_a_round_without_an_ingest_is_none(sentences: Sentences) -> None:
    index = Index(None, "model", 16)
    few = Corpus(sentences, 100, 1)
    with pytest.raises(BenchError, match="more --documents"):
        search_during_ingest(index.collection(), few.documents(100), [vector_query(few.rows[0])], 30, 1)
    index.close()


def test_an_ingest_that_fails_fails_the_round(sentences: Sentences) -> None:
    index = Index(None, "another length", 15)
    few = Corpus(sentences, 100, 1)
    with pytest.raises(VectorError):
        search_during_ingest(index.collection(), few.documents(100), [vector_query(few.rows[0][:15])], 30, 1)
    index.close()
