"""The bound on the memory of all collections: what exceeds it is refused whole, all else goes on."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import Document, Index, MemoryFullError, Query
from index.view.sizes import needed_bytes
from tests.index.harness import computed, document, entry, open_index
from tests.index.vectors import NDIM, one

ROOM = 50  # documents
EACH = needed_bytes(NDIM, 1, 1)


def documents(first: int, count: int) -> list[Document]:
    return [document(f"id/{number}", number) for number in range(first, first + count)]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = open_index(tmp_path)
    opened.bound.most_bytes = ROOM * EACH
    yield opened
    opened.close()


def fill(index: Index) -> None:
    index.collection().put_many(documents(0, ROOM)).result()


def test_what_has_no_room_is_refused_whole_and_is_not_there(index: Index) -> None:
    collection = index.collection()
    collection.put_many(documents(0, 40)).result()
    with pytest.raises(MemoryFullError, match=r"take [\d,]+ bytes .* left of the [\d,]+ that --index-bytes allows"):
        collection.put_many(documents(40, 11)).result()
    assert collection.count() == 40
    collection.put_many(documents(40, 10)).result()
    with pytest.raises(MemoryFullError):
        collection.put(document("more")).result()
    assert collection.count() == ROOM
    assert collection.get("more") is None
    assert collection.search(Query(vector=one(7), top_k=1))[0].id == "id/7"
    assert collection.health().problems == ()


def test_what_takes_no_more_memory_passes(index: Index) -> None:
    collection = index.collection()
    fill(index)
    collection.put_many(documents(10, 20)).result()
    collection.put_many([document("id/1", 900), document("id/1", 901)]).result()
    assert collection.patch("id/2", {"n": 1}).result() is not None
    with pytest.raises(MemoryFullError):
        collection.put(entry("id/1", [1, 2])).result()
    assert collection.count() == ROOM


def test_a_deletion_makes_room_at_once(index: Index) -> None:
    collection = index.collection()
    fill(index)
    for first in (0, 10, 20):
        assert collection.delete_many([f"id/{number}" for number in range(first, first + 10)]).result() == 10
        collection.put_many(documents(100 + first, 10)).result()
        with pytest.raises(MemoryFullError):
            collection.put(document("more")).result()


def test_all_collections_share_it(index: Index) -> None:
    other = index.create("other")
    other.put_many(documents(0, 30)).result()
    index.collection().put_many(documents(0, 20)).result()
    with pytest.raises(MemoryFullError):
        other.put(document("more")).result()
    index.drop("other")
    index.collection().put_many(documents(20, 30)).result()


def test_one_write_that_is_refused_takes_none_along_that_shares_its_commit(index: Index) -> None:
    collection = index.collection()
    fill(index)
    begun, release = threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        begun.set()
        release.wait(20)

    collection.store.writer.submit(hold, 0)
    assert begun.wait(20)
    refused = collection.put_many(documents(100, 3))
    deleted = collection.delete("id/0")
    replaced = collection.put(document("id/1", 77))
    release.set()
    assert isinstance(refused.exception(20), MemoryFullError)
    assert (deleted.result(20), replaced.result(20)) == (1, 1)
    assert collection.count() == ROOM - 1
    collection.put(document("fits")).result()


def test_writers_of_several_collections_do_not_exceed_it_together(index: Index) -> None:
    collections = [index.create(name) for name in ("a", "b", "c")]
    outcomes = list[BaseException | None]()
    writing = [one_.put(document(f"{one_.name}/{n}", n)) for n in range(40) for one_ in collections]
    outcomes = [future.exception(20) for future in writing]
    assert {type(one_) for one_ in outcomes} == {type(None), MemoryFullError}
    assert sum(one_.count() for one_ in collections) == outcomes.count(None) == ROOM
    assert index.bound.taken_bytes <= index.bound.most_bytes


def test_what_is_larger_already_is_opened_searched_and_reindexed(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.collection().put_many(documents(0, 20)).result()
    index.close()
    index = open_index(tmp_path, variant="other")
    index.bound.most_bytes = 10 * EACH
    collection = index.collection()
    assert index.bound.taken_bytes == 20 * EACH
    assert collection.search(Query(vector=one(3), top_k=1))[0].id == "id/3"
    with pytest.raises(MemoryFullError):
        collection.put(document("more")).result()
    reindex = collection.reindex()
    while texts := reindex.texts(8):
        reindex.put(computed(texts, one)).result()
    assert reindex.finish()
    assert collection.delete_many([f"id/{number}" for number in range(11)]).result() == 11
    collection.put(document("more")).result()
    index.close()


def test_another_models_vectors_are_exchanged_whatever_the_bound(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.collection().put_many(documents(0, 20)).result()
    index.close()
    index = open_index(tmp_path, fingerprint="model-b")
    index.bound.most_bytes = 10 * EACH
    reindex = index.collection().reindex()
    while texts := reindex.texts(8):
        reindex.put(computed(texts, one)).result()
    assert reindex.finish()
    assert index.bound.taken_bytes == 20 * EACH
    with pytest.raises(MemoryFullError):
        index.collection().put(document("more")).result()
    index.close()


def test_whether_there_is_room_is_known_beforehand(index: Index) -> None:
    collection = index.collection()
    collection.put_many(documents(0, 40)).result()
    collection.put(entry("several", range(100, 104))).result()
    assert collection.room.has(6)
    assert not collection.room.has(7)
    collection.room.check({"several": 10})
    collection.room.check({"id/0": 1, "id/1": 1, "new": 6})
    with pytest.raises(MemoryFullError):
        collection.room.check({"several": 11})
    with pytest.raises(MemoryFullError):
        collection.room.check({"id/0": 1, "new": 7})


def test_documents_that_share_a_node_of_the_graph_need_less(index: Index) -> None:
    collection = index.collection()
    collection.put_many([document(f"id/{number}", 1) for number in range(ROOM)]).result()
    assert collection.wait_until_viewed(20)
    assert index.bound.taken_bytes < ROOM * EACH
    collection.put(document("more", 1)).result()
