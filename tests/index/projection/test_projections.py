"""The projection of a collection: of which documents it is, where they stand, how long it is kept."""

import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec
import numpy as np
import pytest

from index import Collection, Document, Include, Index, Projection, parse_filter
from index.projection.reading import VALUE_CHARACTERS, first_rows
from index.store.rows import highest_key, keys_up_to
from index.view.captures import allocated
from tests.index.fakes import SetClock
from tests.index.harness import computed, document, entry, open_index, vector_of
from tests.index.vectors import NDIM, Rows, clustered, one

NOW = 1_800_000_000_000
MANY = 1_000
DOCUMENTS = 60
BELOW_9 = parse_filter({"n": {"$lt": 9}})
FLOAT16 = 2e-3  # what rounding a unit vector to float16 may move it


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture(params=["disk", "memory"])
def index(request: pytest.FixtureRequest, tmp_path: Path, clock: SetClock) -> Iterator[Index]:
    found = open_index(tmp_path / "data" if request.param == "disk" else None, clock=clock)
    yield found
    found.close()


@pytest.fixture
def collection(index: Index) -> Collection:
    found = index.collection()
    found.put_many([document(f"d{n}", n, n=n) for n in range(DOCUMENTS)]).result()
    return found


def placed(vectors: Rows, found: Projection) -> Rows:
    """Where a client places vectors."""
    return np.asarray((vectors - found.plane.mean) @ found.plane.components.T, np.float32)


def points(found: Projection) -> dict[str, tuple[float, float]]:
    assert len(found.ids) == len(found.x) == len(found.y)
    return dict(zip(found.ids, zip(found.x.tolist(), found.y.tolist(), strict=True), strict=True))


def same_places(a: Projection, b: Projection) -> bool:
    return a.ids == b.ids and (a.x == b.x).all() and (a.y == b.y).all()


def test_documents_stand_where_their_vectors_would_be_placed(collection: Collection) -> None:
    found = collection.projections.project(None, MANY)
    assert found.documents == DOCUMENTS
    assert found.ids == [f"d{n}" for n in range(DOCUMENTS)]
    vectors = np.stack([one(n) for n in range(DOCUMENTS)])
    assert np.allclose(np.stack([found.x, found.y], 1), placed(vectors, found), atol=FLOAT16)
    apart = vectors - vectors.mean(0)
    _, values, right = np.linalg.svd(apart.astype(np.float64), full_matrices=False)
    assert np.allclose(np.abs(apart @ right[:2].T), np.abs(np.stack([found.x, found.y], 1)), atol=5e-3)
    assert found.plane.explained == pytest.approx(((values**2) / (values**2).sum())[:2], rel=1e-3)


def test_of_more_documents_evenly_taken_ones_are_shown_on_the_same_plane(collection: Collection) -> None:
    every, some = collection.projections.project(None, MANY), collection.projections.project("n", 7)
    assert (some.documents, every.documents) == (DOCUMENTS, DOCUMENTS)
    assert some.ids == [f"d{n * DOCUMENTS // 7}" for n in range(7)]
    assert some.values == [n * DOCUMENTS // 7 for n in range(7)]
    assert points(some).items() <= points(every).items()
    assert (some.plane.components == every.plane.components).all()


def test_documents_that_match_stand_where_they_do_among_all(collection: Collection) -> None:
    some = collection.projections.project("n", MANY, BELOW_9)
    every = collection.projections.project(None, MANY)
    assert (some.documents, some.ids, some.values) == (9, every.ids[:9], list(range(9)))
    assert points(some).items() <= points(every).items()
    assert (some.plane.mean == every.plane.mean).all()
    assert some.state == every.state
    assert collection.projections.project("n", 3, BELOW_9).values == [0, 3, 6]
    collection.patch("d1", {"n": 100}).result()
    assert collection.projections.project("n", MANY, BELOW_9).values == [0, *range(2, 9)]


def test_a_document_of_several_passages_stands_where_its_first_one_does(collection: Collection) -> None:
    collection.put_many([entry("several", [100, 101, 102]), document("first", 100), document("last", 102)]).result()
    found = points(collection.projections.project(None, MANY))
    assert found["several"] == found["first"]
    assert found["several"] != found["last"]


def test_values_are_those_of_the_field_and_none_where_they_cannot_be_compared(index: Index) -> None:
    long = "ä" * (VALUE_CHARACTERS + 1)
    values = [True, False, 1, 2.5, -(2**63), "a", "", "a\0b", long, None, [1], {"a": 1}]
    documents = [Document(f"{n}", "a text", {"v": value, "w": 1}, one(n)) for n, value in enumerate(values)]
    documents.append(Document("without", "a text", {"w": 1}, one(99)))
    index.collection().put_many(documents).result()
    found = index.collection().projections.project("v", MANY)
    assert repr(found.values) == repr([*values[:8], long[:VALUE_CHARACTERS], None, None, None, None])
    assert index.collection().projections.project("nobody's", MANY).values == [None] * len(documents)
    assert index.collection().projections.project(None, MANY).values == []


@pytest.mark.parametrize("documents", [0, 1, 2])
def test_few_documents_or_equal_ones_stand_at_zero(index: Index, documents: int) -> None:
    index.collection().put_many([document(f"d{n}", 1) for n in range(documents)]).result()
    found = index.collection().projections.project("n", MANY)
    assert points(found) == {f"d{n}": (0.0, 0.0) for n in range(documents)}
    assert (found.documents, found.values) == (documents, [None] * documents)
    assert found.plane.explained == (0.0, 0.0)
    assert not found.plane.components.any()
    assert found.plane.components.shape == (2, NDIM)
    assert np.isfinite(found.plane.mean).all()


def test_the_same_documents_have_the_same_projection(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        index = open_index(tmp_path / name)
        index.collection().put_many([document(f"d{n}", n) for n in range(DOCUMENTS)]).result()
        found.append(index.collection().projections.project(None, 20))
        index.close()
    assert same_places(*found)
    assert found[0].state != found[1].state
    index = open_index(tmp_path / "a")
    assert same_places(index.collection().projections.project(None, 20), found[0])
    index.close()


def test_what_has_expired_is_not_shown_whether_it_is_deleted_yet_or_not(index: Index, clock: SetClock) -> None:
    collection = index.collection()
    collection.store.sweeper.close()
    passing = msgspec.structs.replace(document("passing", 9), expires_ms=NOW + 1_000)
    collection.put_many([*(document(f"d{n}", n) for n in range(5)), passing]).result()
    before = collection.projections.project("n", MANY)
    assert (before.documents, before.ids[-1]) == (6, "passing")
    assert collection.projections.number is not None
    clock.ms += 1_000
    assert collection.projections.number is None
    after = collection.projections.project("n", MANY)
    assert (after.documents, after.ids) == (5, [f"d{n}" for n in range(5)])
    assert after.state != before.state
    assert (after.plane.mean != before.plane.mean).any()
    assert collection.projections.project("n", MANY).state == after.state


def test_rows_that_are_no_longer_in_memory_are_read_from_the_database(collection: Collection) -> None:
    collection.put(entry("several", [100, 101, 102])).result()
    vectors = collection.memory.vectors
    with collection.store.readers.reading() as connection:
        keys, whole = keys_up_to(connection, highest_key(connection)), vectors.capture()[0]
        _, expected = first_rows(connection, whole, keys)
        half = msgspec.structs.replace(whole, alive=whole.alive & (whole.owners % 2 == 0))
        for capture in (half, allocated(0, NDIM)):
            there, found = first_rows(connection, capture, keys)
            assert (there == keys).all()
            assert (np.concatenate([*found.blocks()]) == np.concatenate([*expected.blocks()])).all()
            assert found.every is capture.rows  # no copy, however few are missing


def test_after_an_exchange_of_all_vectors_it_is_of_the_new_ones(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.collection().put_many([document(f"d{n}", n) for n in range(8)]).result()
    index.close()
    index = open_index(tmp_path, fingerprint="model-b")
    collection = index.collection()
    reindex = collection.reindex()
    while texts := reindex.texts(5):
        reindex.put(computed(texts, lambda key: one(1000 + key))).result()
    assert reindex.finish()
    found = collection.projections.project(None, MANY)
    stored = {one_.id: vector_of(one_) for one_ in collection.documents(Include(vector=True))}
    expected = placed(np.stack([stored[id_] for id_ in found.ids]), found)
    assert len(found.ids) == 8
    assert np.allclose(np.stack([found.x, found.y], 1), expected, atol=FLOAT16)
    index.close()


def test_each_is_of_one_commit_while_others_write(collection: Collection) -> None:
    """Pairs of documents are written and deleted together, so that no commit has one of them alone."""
    stop, failures = threading.Event(), list[str]()
    vectors = clustered(40, seed=8)

    def write() -> None:
        for n in count():
            if stop.is_set():
                return
            pair = [Document(f"{name}{n % 7}", "a", {"n": n}, vectors[n % 40]) for name in ("left", "right")]
            collection.put_many(pair).result()
            if n % 3 == 0:
                collection.delete_many([one_.id for one_ in pair]).result()

    def read() -> None:
        for n in range(60):
            found = collection.projections.project("n", MANY)
            values = dict(zip(found.ids, found.values, strict=True))
            left = {id_[4:]: value for id_, value in values.items() if id_.startswith("left")}
            right = {id_[5:]: value for id_, value in values.items() if id_.startswith("right")}
            if left != right or found.documents != len(found.ids) or not np.isfinite(found.x).all():
                failures.append(f"{n}: {left} {right}")

    writer, readers = threading.Thread(target=write), [threading.Thread(target=read) for _ in range(3)]
    for thread in (writer, *readers):
        thread.start()
    for thread in readers:
        thread.join()
    stop.set()
    writer.join()
    assert failures == []
