"""A collection: what is acknowledged is there, what is searched is found, whatever is wrong is said."""

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from index import (
    ClosedError,
    Collection,
    Document,
    DocumentError,
    Entry,
    FilterError,
    Include,
    Index,
    Query,
    QueryError,
    VectorError,
    check_content,
)
from index.documents.passages import whole
from tests.index.harness import document, open_index, same, vector_of
from tests.index.vectors import NDIM, clustered, one

IDS = ["a/b", "a/", "/", "..", ".", "batch", "delete", "😀", "é" * 256, "x" * 512, " ", "%2F", "'", '"', "a\nb"]


@pytest.fixture(params=["disk", "memory"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    found = open_index(tmp_path / "data" if request.param == "disk" else None)
    yield found
    found.close()


@pytest.fixture
def collection(index: Index) -> Collection:
    return index.collection()


def test_what_was_put_is_returned_with_its_vector_bit_for_bit(collection: Collection) -> None:
    given = document("a", 3, "Ünï\0code 😀", n=1, deep={"x": [None, 1.0]})
    assert collection.put(given).result() == 1
    found = collection.get("a", Include(vector=True))
    assert found is not None
    assert same(found, given)
    assert collection.get("b") is None


@pytest.mark.parametrize("id_", IDS)
def test_every_id_goes_every_way(collection: Collection, id_: str) -> None:
    collection.put(document(id_, 1)).result()
    assert [hit.id for hit in collection.search(Query(vector=one(1)))] == [id_]
    assert [found.id for found in collection.list_after()] == [id_]
    patched = collection.patch(id_, {"a": 1}).result()
    assert patched is not None
    assert patched.metadata == {"a": 1}
    assert collection.delete(id_).result() == 1
    assert collection.delete(id_).result() == 0
    assert collection.count() == 0


def test_a_put_replaces_and_the_old_one_is_found_no_more(collection: Collection) -> None:
    collection.put(document("a", 1, "first words", kind="old")).result()
    collection.put(document("a", 2, "second words", kind="new")).result()
    assert collection.count() == 1
    assert collection.search(Query(vector=one(1), filter={"kind": "old"}, threshold=-1)) == []
    assert collection.search(Query(mode="text", text="first")) == []
    assert [hit.text for hit in collection.search(Query(vector=one(2)))] == ["second words"]


def test_of_equal_ids_in_one_transaction_the_last_stays(collection: Collection) -> None:
    assert collection.put_many([document("a", 1), document("a", 2), document("b", 3)]).result() == 2
    assert collection.count() == 2
    assert next(hit.id for hit in collection.search(Query(vector=one(2)))) == "a"


def test_one_bad_document_of_a_batch_writes_none(collection: Collection) -> None:
    with pytest.raises(DocumentError):
        collection.put_many([document("a"), document("")])
    assert collection.count() == 0


def test_a_patch_merges_null_removes_and_nobody_is_nobody(collection: Collection) -> None:
    collection.put(document("a", 1, x=1, y=2, z=None)).result()
    patched = collection.patch("a", {"x": None, "y": 3, "new": [1]}).result()
    assert patched is not None
    assert patched.metadata == {"y": 3, "z": None, "new": [1]}
    assert [hit.metadata for hit in collection.search(Query(vector=one(1), filter={"y": 3}))] == [patched.metadata]
    assert collection.search(Query(vector=one(1), filter={"x": 1})) == []
    assert collection.patch("b", {"x": 1}).result() is None
    with pytest.raises(DocumentError, match="64 bits"):
        collection.patch("a", {"x": 2**63}).result()
    assert collection.put(document("c")).result() == 1


def test_documents_are_listed_in_the_order_of_their_ids_page_by_page(collection: Collection) -> None:
    collection.put_many([document(id_) for id_ in IDS]).result()
    expected = sorted(IDS, key=str.encode)
    assert [found.id for found in collection.documents()] == expected
    first = collection.list_after(limit=4)
    assert [found.id for found in first + collection.list_after(first[-1].id, 100)] == expected


def test_deleting_by_filter_and_by_ids_says_how_many_there_were(collection: Collection) -> None:
    collection.put_many([document(str(n), n, n=n) for n in range(10)]).result()
    assert collection.delete_matching({"n": {"$gte": 5}}).result() == 5
    assert collection.delete_many(["0", "1", "9", "nobody"]).result() == 2
    assert sorted(found.id for found in collection.documents()) == ["2", "3", "4"]
    with pytest.raises(FilterError):
        collection.delete_matching({"$bad": 1})
    with pytest.raises(FilterError, match="would delete every document"):
        collection.delete_matching({})


def test_nothing_is_found_where_all_was_deleted(collection: Collection) -> None:
    collection.put(document("a", 1)).result()
    collection.delete("a").result()
    for filter_ in (None, {"n": 1}):
        assert collection.search(Query(vector=one(1), filter=filter_, threshold=-1)) == []


def test_a_threshold_bounds_the_cosine_and_left_out_there_is_none(collection: Collection) -> None:
    rows = clustered(2, 5)
    near = rows[0] + 0.1 * rows[1]
    near /= np.linalg.norm(near)
    far = rows[1] - (rows[1] @ rows[0]) * rows[0]
    far /= np.linalg.norm(far)
    for id_, row in (("near", near), ("far", far)):
        collection.put(Document(id_, "", {}, row)).result()
    assert [hit.id for hit in collection.search(Query(vector=rows[0]))] == ["near", "far"]
    assert [hit.id for hit in collection.search(Query(vector=rows[0], threshold=0.5))] == ["near"]
    assert [hit.id for hit in collection.search(Query(vector=rows[0], threshold=-1))] == ["near", "far"]
    assert collection.search(Query(vector=rows[0], threshold=1.0)) == []
    score = collection.search(Query(vector=rows[0], top_k=1))[0].score
    assert score == pytest.approx(float(near @ rows[0]), abs=1e-6)
    for top_k, threshold, below in ((10, None, 0), (10, 0.5, 1), (1, 0.5, 0), (10, 1.0, 2), (1, 1.0, 1)):
        outcome = collection.outcome(Query(vector=rows[0], top_k=top_k, threshold=threshold))
        assert outcome.below == below
        assert len(outcome.hits) + below == min(2, top_k)


def test_text_is_searched_by_words_never_by_operators(collection: Collection) -> None:
    collection.put(document("a", 1, "Erlang is great for concurrent systems")).result()
    collection.put(document("b", 2, "don't panic: NEAR the c++ café")).result()
    for text in ('"', "a OR", "text:erlang", "NEAR(", "*", "^", "-", "\0", "", "(((", "don't \0 panic"):
        collection.search(Query(mode="text", text=text))
    found = collection.search(Query(mode="text", text="CONCURRENT erlang* OR"))
    assert [hit.id for hit in found] == ["a"]
    assert found[0].score > 0
    assert [hit.id for hit in collection.search(Query(mode="text", text="cafe"))] == ["b"]
    assert collection.search(Query(mode="text", text="erlang", filter={"x": 1})) == []
    assert collection.search(Query(mode="text", text="erlang", threshold=1e6)) == []


def test_hybrid_finds_what_either_finds(collection: Collection) -> None:
    collection.put(document("both", 1, "alpha beta", n=1)).result()
    collection.put(document("text", 900, "alpha beta alpha", n=2)).result()
    collection.put(document("vector", 1, "gamma", n=3)).result()
    found = collection.search(Query(mode="hybrid", text="alpha", vector=one(1)))
    assert found[0].id == "both"
    assert {hit.id for hit in found} == {"both", "text", "vector"}
    assert found[0].score > 1 / 61
    assert collection.search(Query(mode="hybrid", text="alpha", vector=one(1), threshold=1)) == []
    assert [hit.id for hit in collection.search(Query(mode="hybrid", text="a", vector=one(1), filter={"n": 3}))] == [
        "vector"
    ]


def test_a_wrong_vector_is_refused_before_anything_is_written(collection: Collection) -> None:
    with pytest.raises(VectorError):
        collection.search(Query(vector=one(1)[:5]))
    with pytest.raises(VectorError):
        collection.put(Document("a", "", {}, one(1, 3)))
    assert collection.count() == 0


@pytest.mark.e2e
def test_a_search_never_misses_a_document_that_is_being_replaced(collection: Collection) -> None:
    collection.put_many([document(str(n), n, n=n) for n in range(300)]).result()
    collection.put(document("it", 1000, here=True)).result()
    stop = threading.Event()

    def replace() -> None:
        while not stop.is_set():
            collection.put(document("it", 1000, here=True)).result()

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        for _ in range(300):
            assert collection.search(Query(vector=one(1000), top_k=1))[0].id == "it"
            assert [hit.id for hit in collection.search(Query(vector=one(1000), filter={"here": True}))] == ["it"]
            assert collection.search(Query(mode="text", text="text of it", top_k=400))
    finally:
        stop.set()
        thread.join()


def test_everything_is_in_order_and_that_can_be_asked(collection: Collection) -> None:
    collection.put_many([document(str(n), n, n=n) for n in range(100)]).result()
    collection.delete_many([str(n) for n in range(50)]).result()
    assert collection.wait_until_viewed(30)
    assert collection.health().problems == ()
    stats = collection.stats()
    assert (stats.documents, stats.viewed, stats.pending, stats.state) == (50, 50, 0, "ready")
    assert stats.memory_bytes > stats.view_bytes > 0
    assert stats.database_bytes > 50 * NDIM * 4


def test_what_it_is_can_be_asked_while_nothing_can_be_read(index: Index, collection: Collection) -> None:
    collection.put_many([document("a"), document("b"), document("a")]).result()
    collection.delete("b").result()
    with collection.memory.vectors._lock:
        collection.store.readers.close()
        assert (collection.stats().documents, index.well) == (1, True)


def test_after_close_everything_says_so(index: Index, collection: Collection) -> None:
    index.close()
    with pytest.raises(ClosedError):
        collection.put(document("a"))
    with pytest.raises(ClosedError):
        collection.get("a")
    with pytest.raises(ClosedError):
        index.collection()


def test_a_page_ends_before_it_is_too_large_and_only_an_empty_one_is_the_end(collection: Collection) -> None:
    collection.put_many([document(f"{n}", n, "x" * (5_000 if n == 3 else 98)) for n in range(9)]).result()
    pages, last = [], ""
    while page := collection.list_after(last, 4, max_bytes=250):
        pages.append([found.id for found in page])
        last = page[-1].id
    assert pages == [["0", "1"], ["2"], ["3"], ["4", "5"], ["6", "7"], ["8"]]


def test_hits_that_are_too_large_together_are_refused_not_cut_off(collection: Collection) -> None:
    collection.put_many([document(str(n), n, "word " * 100) for n in range(10)]).result()
    for query in (Query(vector=one(1), threshold=-1), Query(mode="text", text="word")):
        assert len(collection.search(msgspec.structs.replace(query, max_bytes=10 * 502))) == 10
        with pytest.raises(QueryError, match="lower top_k"):
            collection.search(msgspec.structs.replace(query, max_bytes=10 * 502 - 1))
        assert len(collection.search(msgspec.structs.replace(query, max_bytes=1_004, top_k=2))) == 2
    with pytest.raises(QueryError, match="max_bytes"):
        collection.search(Query(vector=one(1), max_bytes=0))


def test_checked_entries_are_written_as_they_were_checked(collection: Collection) -> None:
    metadata = {"n": 1}
    content = check_content("checked", "a text", metadata)
    metadata["n"] = 2
    assert collection.put_many([Entry(content, whole(one(1))), document("raw", 2, n=2)]).result() == 2
    assert collection.put(Entry(check_content("alone", "another text", {}), whole(one(3)))).result() == 1
    found = collection.get("checked", Include(vector=True))
    assert found is not None
    assert (found.text, found.metadata) == ("a text", {"n": 1})
    assert (vector_of(found) == one(1)).all()
    assert [hit.id for hit in collection.search(Query(vector=one(1), filter={"n": 1}))] == ["checked"]
    assert [found.id for found in collection.documents()] == ["alone", "checked", "raw"]
