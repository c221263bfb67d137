import numpy as np
import pytest

from bench.documents.corpus import FILTERS, MOVED, Corpus, Sentences, unit


def test_documents_stand_around_sentences_that_are_no_queries(sentences: Sentences) -> None:
    corpus = Corpus(sentences, 200, 1)
    first, second, third = corpus.parts
    assert min(map(int, (first.min(), second.min(), third.min()))) >= sentences.query_count
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
