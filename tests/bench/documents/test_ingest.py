from pathlib import Path

import pytest

from bench.documents.corpus import Corpus, Sentences
from bench.documents.ingest import ingest, search_during_ingest
from bench.documents.searches import vector_query
from bench.errors import BenchError
from index import Index, VectorError


def test_searches_go_on_beside_an_ingest(sentences: Sentences, tmp_path: Path) -> None:
    index = Index(tmp_path, "model", 16)  # in memory a search waits for the writer
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
