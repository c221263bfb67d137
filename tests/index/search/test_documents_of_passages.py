"""Documents ranked by their best passages: as by float64 at the edge of what is asked, and without reading all rows."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index import Collection, Entry, Passages, Query, check_content
from index.search.candidates import ROWS_EACH, Candidates, best_of_documents, places_within
from tests.index.harness import open_index, spans_of, through_graph
from tests.index.vectors import NDIM, Rows, unit

ASKED = 10


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    index = open_index(tmp_path)
    yield index.collection()
    index.close()


def at(query: Rows, cosines: list[float], random: np.random.Generator) -> Rows:
    """Unit rows with these cosines to the query."""
    others = random.standard_normal((len(cosines), NDIM))
    others -= np.outer(others @ query, query)
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    given = np.array(cosines)[:, None]
    return np.asarray(given * query + np.sqrt(1 - given**2) * others, np.float32)


def entry_at(id_: str, rows: Rows) -> Entry:
    text = "x" * (2 * len(rows))
    return Entry(check_content(id_, text, {}), Passages(rows, spans_of(len(text), len(rows))))


def test_a_document_of_many_passages_does_not_take_the_spare_rows(collection: Collection) -> None:
    """The last of ten and the eleventh differ by less than float16 tells; one document has most of the best rows."""
    random = np.random.default_rng(4)
    query = unit(random.standard_normal(NDIM).astype(np.float32))
    collection.put(entry_at("many", at(query, list(np.linspace(0.85, 0.9, 39)), random))).result()
    wrong = []
    for attempt in range(20):
        apart = [0.84 - 0.003 * place for place in range(8)]
        close = [0.7 + 2e-6 * float(gap) for gap in random.permutation(4)]
        rows = at(query, [*apart, *close], random)
        names = [f"{attempt}-{place}" for place in range(len(rows))]
        collection.put_many([entry_at(id_, row[None]) for id_, row in zip(names, rows, strict=True)]).result()
        exact = dict(zip(names, (rows.astype(np.float64) @ query).tolist(), strict=True))
        last = max(names[8:], key=exact.__getitem__)
        for search in (collection.search, lambda query: through_graph(collection, query)):
            found = [hit.id for hit in search(Query(vector=query, top_k=ASKED))]
            wrong += [] if found == ["many", *names[:8], last] else [(attempt, found[-1], last)]
        collection.delete_many(names).result()
    assert wrong == []


def test_the_best_passage_is_found_of_a_document_that_has_all_the_best(collection: Collection) -> None:
    random = np.random.default_rng(5)
    query = unit(random.standard_normal(NDIM).astype(np.float32))
    book = at(query, list(0.7 + 0.2 * random.random(3_000)), random)
    others = [at(query, list(0.1 + 0.1 * random.random(100)), random) for _ in range(20)]
    entries = [entry_at("book", book), *(entry_at(f"d{place}", rows) for place, rows in enumerate(others))]
    collection.put_many(entries).result()
    best = spans_of(2 * len(book), len(book))[int(np.argmax(book.astype(np.float64) @ query))]
    expected = sorted(range(len(others)), key=lambda place: -float((others[place].astype(np.float64) @ query).max()))
    for asked in (Query(vector=query, top_k=ASKED), Query(mode="hybrid", vector=query, text="x", top_k=ASKED)):
        hits = collection.search(asked)
        assert [hit.id for hit in hits] == ["book", *(f"d{place}" for place in expected[: ASKED - 1])]
        assert hits[0].passage is not None
        assert (hits[0].passage.start, hits[0].passage.end) == best


def test_few_rows_are_to_be_read_of_a_document_that_has_all_the_best() -> None:
    scores = np.concatenate([np.full(3_000, 0.9), np.full(20, 0.5)]).astype(np.float32)
    owners = np.concatenate([np.full(3_000, 3_000), np.arange(3_001, 3_021)])
    found = best_of_documents(scores, owners, 16)
    assert found.tolist() == [*range(ROWS_EACH), *range(3_000, 3_015)]
    assert len(Candidates(np.arange(1_000), owners[:1_000]).of_documents(16).rows) == ROWS_EACH


def test_the_best_of_documents_by_brute_force() -> None:
    random = np.random.default_rng(6)
    for _ in range(200):
        counts = random.integers(1, 9, random.integers(1, 12))
        owners = np.repeat(np.cumsum(counts), counts)
        scores = np.round(random.random(len(owners)), 1).astype(np.float32)
        scores[random.random(len(owners)) < 0.2] = -np.inf
        count = int(random.integers(1, 14))
        highest = {int(owner): float(scores[owners == owner].max()) for owner in np.unique(owners)}
        ranked = sorted((key for key in highest if highest[key] > -np.inf), key=lambda key: (-highest[key], key))
        found = best_of_documents(scores, owners, count)
        assert list(dict.fromkeys(owners[found].tolist())) == ranked[:count]
        for key in ranked[:count]:
            equal = np.flatnonzero((owners == key) & (scores == highest[key]))[:ROWS_EACH]
            assert [place for place in found.tolist() if owners[place] == key] == equal.tolist()


def test_the_first_rows_of_the_first_documents() -> None:
    owners = np.array([7, 7, 3, *[7] * 10, 3, 5, 7])
    assert places_within(owners).tolist() == [0, 1, 0, *range(2, 12), 1, 0, 12]
    kept = Candidates(np.arange(len(owners)), owners).of_documents(2)
    assert kept.rows.tolist() == [0, 1, 2, 3, 4, 5, 6, 13]
    assert Candidates(np.empty(0, np.int64), np.empty(0, np.int64)).of_documents(2).documents == 0
