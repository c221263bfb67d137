"""Another model's vectors: what still works, what is refused, and how reindexing mends it."""

import threading
from pathlib import Path

import numpy as np
import pytest

from index import Document, FingerprintError, Include, Index, Progress, Query
from index.documents.passages import whole
from index.search.planner import Planner
from index.store.queries import select
from tests.index.fakes import PointedDisk
from tests.index.harness import computed, document, open_index, vector_of
from tests.index.vectors import NDIM, Rows, one, unit


def test_another_models_collection_can_be_read_and_reindexed(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.collection().put_many([document(str(n), n, n=n) for n in range(20)]).result()
    index.close()
    index = open_index(tmp_path, fingerprint="model-b")
    collection = index.collection()
    assert collection.stats().state == "foreign"
    for refused in (
        lambda: collection.search(Query(vector=one(1))),
        lambda: collection.search(Query(mode="hybrid", text="a", vector=one(1))),
        lambda: collection.put(document("x")),
        lambda: collection.patch("1", {}),
    ):
        with pytest.raises(FingerprintError, match="reindex"):
            refused()
    assert collection.search(Query(mode="text", text="text of 7"))
    assert collection.get("7", Include(vector=True)) is not None
    assert collection.delete("0").result() == 1
    reindex = collection.reindex()
    assert not reindex.finish()
    first = reindex.texts(5)
    reindex.put(computed(first, lambda key: one(1000 + key))).result()
    index.close()

    index = open_index(tmp_path, fingerprint="model-b")
    collection = index.collection()
    reindex = collection.reindex()
    assert reindex.progress().done == 5
    collection.delete("1").result()
    while texts := reindex.texts(5):
        reindex.put(computed(texts, lambda key: one(1000 + key))).result()
    assert reindex.finish()
    assert collection.stats().documents == 18
    key = first[-1].key
    assert collection.search(Query(vector=one(1000 + key)))[0].score == pytest.approx(1)
    assert collection.wait_until_viewed(30)
    assert collection.health().problems == ()
    index.close()

    index = open_index(tmp_path, fingerprint="model-b")
    assert index.collection().search(Query(vector=one(1000 + key)))[0].score == pytest.approx(1)
    assert index.collection().health().problems == ()
    index.close()


def test_an_empty_collection_takes_any_model(tmp_path: Path) -> None:
    open_index(tmp_path).close()
    index = open_index(tmp_path, fingerprint="model-b")
    index.collection().put(document("a")).result()
    index.close()


def test_another_variant_is_told_by_each_vector_and_reindexed_while_everything_goes_on(tmp_path: Path) -> None:
    index = open_index(tmp_path, variant="int8")
    index.collection().put_many([document(str(n), n) for n in range(3_000)]).result()
    assert index.collection().wait_until_viewed(60)
    index.close()
    index = open_index(tmp_path, variant="fp32")
    collection = index.collection()
    collection.put(document("new", 7_000)).result()
    assert collection.count_by_variant() == {"fp32": 1, "int8": 3_000}
    assert index.count_others() == {"default": {"int8": 3_000}}
    reindex = collection.reindex()
    assert collection.reindex() is reindex
    while texts := reindex.texts(64):
        reindex.put({one_.key: whole(near(int(one_.text.split()[-1]))) for one_ in texts}).result()
        if texts[0].key == 1:
            collection.put(document("7", 8_000)).result()
            collection.delete("8").result()
            assert collection.stats().reindex == Progress(3_000, 64)
    assert reindex.finish()
    assert collection.stats().reindex is None
    assert collection.count_by_variant() == {"fp32": 3_000}
    assert index.count_others() == {}
    with collection.store.readers.reading() as connection:
        assert [name for (name,) in select(connection, "SELECT name FROM variants")] == ["fp32"]
    for viewed in (False, True):
        for seed, id_, score in ((50, "50", float(near(50) @ one(50))), (7_000, "new", 1), (8_000, "7", 1)):
            found = collection.search(Query(vector=one(seed), top_k=1))[0]
            assert (found.id, round(found.score, 5)) == (id_, round(score, 5))
        assert viewed or collection.wait_until_viewed(60)
    assert collection.health().problems == ()
    index.close()


def near(seed: int) -> Rows:
    return unit(one(seed) + 0.01 * one(seed + 1))


@pytest.mark.parametrize("what", ["variant", "fingerprint"])
def test_a_reindex_for_another_target_begins_anew_and_texts_go_round(tmp_path: Path, what: str) -> None:
    index = open_index(tmp_path)
    index.collection().put_many([document(str(n), n) for n in range(10)]).result()
    index.close()
    for target, done in (("a", 0), ("a", 4), ("b", 0)):
        index = open_index(tmp_path, variant=target) if what == "variant" else open_index(tmp_path, fingerprint=target)
        reindex = index.collection().reindex()
        assert reindex.progress().done == done
        pages = [reindex.texts(3) for _ in range(3)]
        reindex.put(computed([*pages[0], pages[1][0]], one)).result()
        index.close()


def test_snapshots_of_another_model_never_count_again(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.collection().put_many([document(str(n), n) for n in range(100)]).result()
    assert index.collection().wait_until_viewed(60)
    index.collection().snapshot()
    assert index.collection().wait_until_viewed(60)
    index.close()
    assert len(list(tmp_path.rglob("*.usearch"))) == 1
    index = open_index(tmp_path, fingerprint="model-b")
    collection = index.collection()
    reindex = collection.reindex()
    reindex.put(computed(reindex.texts(100), lambda key: one(1000 + key))).result()
    assert reindex.finish()
    with collection.store.readers.reading() as connection:
        assert select(connection, "SELECT file FROM snapshots") == []
    assert collection.stats().rejected_snapshots == ()
    assert collection.wait_until_viewed(60)
    planner = Planner(collection.store.readers, collection.memory.vectors, exact_rows=0)
    assert list(planner.search(one(1_007), None, 1, lambda _, found: found.rows)) == [7]
    assert index.well
    index.close()


def test_where_nothing_is_lacking_nothing_is_exchanged(tmp_path: Path) -> None:
    index = open_index(tmp_path, variant="a")
    collection = index.collection()
    collection.put_many([document(str(n), n) for n in range(50)]).result()
    assert collection.wait_until_viewed(30)
    view = collection.memory.vectors.graph
    assert collection.reindex().finish()
    assert collection.stats().reindex is None
    assert collection.memory.vectors.graph is view
    assert collection.wait_until_viewed(30)
    assert len(view) == 50
    with collection.store.readers.reading() as connection:
        assert select(connection, "SELECT value FROM meta WHERE name = 'reindexing'") == []
    index.close()


def test_vectors_are_read_while_their_length_changes(tmp_path: Path) -> None:
    def at(point: str) -> None:
        if point == "after_commit" and armed.is_set():
            reached.set()
            assert release.wait(30)

    armed, reached, release = threading.Event(), threading.Event(), threading.Event()
    old = Index(tmp_path, "model-a", NDIM * 2)
    old.collection().put(Document("a", "a", {}, unit(np.ones(NDIM * 2, np.float32)))).result()
    old.close()
    index = open_index(tmp_path, fingerprint="model-b", disk=PointedDisk(at))
    collection = index.collection()
    reindex = collection.reindex()
    reindex.put(computed(reindex.texts(1), lambda _: one(1))).result()
    armed.set()
    finishing = threading.Thread(target=reindex.finish)
    finishing.start()
    assert reached.wait(30)
    found = collection.get("a", Include(vector=True))
    assert found is not None
    assert len(vector_of(found)) == NDIM
    assert [len(vector_of(listed)) for listed in collection.list_after(include=Include(vector=True))] == [NDIM]
    release.set()
    finishing.join()
    index.close()
