"""Another model's vectors: what still works, what is refused, and how reindexing mends it."""

from pathlib import Path

import pytest

from index import FingerprintError, Query
from tests.index.harness import document, open_index
from tests.index.vectors import one


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
    assert collection.get("7", include_vector=True) is not None
    assert collection.delete("0").result() == 1
    reindex = collection.reindex()
    assert not reindex.finish()
    first = reindex.texts(5)
    reindex.put({key: one(1000 + key) for key, _ in first}).result()
    index.close()

    index = open_index(tmp_path, fingerprint="model-b")
    collection = index.collection()
    reindex = collection.reindex()
    assert reindex.progress().done == 5
    collection.delete("1").result()
    while texts := reindex.texts(5):
        reindex.put({key: one(1000 + key) for key, _ in texts}).result()
    assert reindex.finish()
    assert collection.stats().documents == 18
    key = first[-1][0]
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
