"""All vectors are exchanged while the files are to be left alone: nothing builds the graph until they are not."""

import threading
from pathlib import Path

from index import Query
from tests.index.harness import entry, open_index, passages
from tests.index.vectors import one

PATIENCE_S = 30


def test_one_thread_changes_the_graph_and_only_after_the_pause(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    index.collection().put_many([entry("a", [1, 2, 3]), entry("b", [4])]).result()
    index.close()
    before = set(threading.enumerate())
    index = open_index(tmp_path, fingerprint="another")
    collection = index.collection()
    reindex = collection.reindex()
    reindex.put({one_.key: passages(one_.text, [one_.key, 8]) for one_ in reindex.texts(10)}).result()
    collection.pause()
    assert reindex.finish()
    assert viewing(before) == 0
    assert [hit.id for hit in collection.search(Query(vector=one(8)))] == ["a", "b"]
    collection.put(entry("c", [9])).result()
    collection.resume()
    assert viewing(before) == 1
    assert collection.wait_until_viewed(PATIENCE_S)
    assert collection.health().problems == ()
    index.close()
    assert viewing(before) == 0


def viewing(before: set[threading.Thread]) -> int:
    """How many threads that build a graph began since."""
    return sum(thread.name == "index-view" for thread in set(threading.enumerate()) - before)
