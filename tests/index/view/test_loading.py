"""The graph of a start comes while searches answer already: exactly before, through the graph afterwards."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index import Collection, Index, Query
from index.search.planner import EXACT_ROWS
from index.stats import lacking_of
from index.view.graph import Graph, GraphParameters
from index.view.loading import Loading
from index.view.vectors import Vectors
from tests.index.fakes import PointedDisk
from tests.index.harness import document, loaded, open_index, through_graph
from tests.index.vectors import NDIM, one
from tests.server.polling import until

COUNT = 1_500
PATIENCE_S = 60


class Held:
    """Holds the thread that loads at the snapshot, until it is let go."""

    def __init__(self) -> None:
        self.reached, self.let_go = threading.Event(), threading.Event()
        self.disk = PointedDisk(self._at)

    def _at(self, point: str) -> None:
        if point == "before_load":
            self.reached.set()
            assert self.let_go.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a snapshot of all documents."""
    folder = tmp_path_factory.mktemp("loaded")
    index = open_index(folder)
    index.collection().put_many([document(str(n), n) for n in range(COUNT)]).result()
    assert index.collection().wait_until_viewed(PATIENCE_S)
    index.close()
    assert len(snapshots_of(folder)) == 1
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "data")


@pytest.fixture
def held() -> Iterator[Held]:
    found = Held()
    yield found
    found.let_go.set()


def snapshots_of(folder: Path) -> list[Path]:
    return list((folder / "collections" / "default").glob("view-*"))


def nearest(collection: Collection, seed: int) -> str:
    """What a search finds that would take the graph, however few the rows."""
    return through_graph(collection, Query(vector=one(seed), top_k=1))[0].id


def begun(folder: Path, held: Held) -> Index:
    """An index whose loading is held."""
    index = open_index(folder, held.disk)
    assert held.reached.wait(PATIENCE_S)
    return index


def wait_until_it_ends(index: Index, ending: threading.Thread) -> None:
    """Wait until the thread that loads is told to end."""
    indexer = index.collection().memory.indexer
    assert indexer is not None
    while not indexer._closing:
        assert ending.is_alive()


def test_searches_are_exact_before_the_graph_is_there_and_go_through_it_afterwards(folder: Path, held: Held) -> None:
    index = begun(folder, held)
    collection = index.collection()
    stats = collection.stats()
    assert (stats.state, stats.pending, stats.viewed, stats.nodes) == ("indexing", COUNT, 0, 0)
    queries = [Query(vector=one(COUNT + seed), top_k=10) for seed in range(30)]
    before = [[hit.id for hit in through_graph(collection, query)] for query in queries]
    assert before == [[hit.id for hit in collection.search(query)] for query in queries]  # which compares so few rows
    assert not collection.wait_until_viewed(0)
    held.let_go.set()
    assert loaded(index)
    assert collection.wait_until_viewed(PATIENCE_S)
    stats = collection.stats()
    assert (stats.state, stats.pending, stats.viewed) == ("ready", 0, COUNT)
    after = [[hit.id for hit in through_graph(collection, query)] for query in queries]
    shared = [len(set(one_) & set(other)) for one_, other in zip(before, after, strict=True)]
    assert np.mean(shared) > 9.5
    assert collection.health().problems == ()
    index.close()


def test_what_searches_wait_for_or_are_slower_for_is_told() -> None:
    assert lacking_of(EXACT_ROWS, words_ready=True) == ()  # as many as are compared one by one anyhow
    assert lacking_of(EXACT_ROWS + 1, words_ready=True) == ("graph",)
    assert lacking_of(EXACT_ROWS + 1, words_ready=False) == ("graph", "words")


def test_what_is_written_and_deleted_meanwhile_is_so_afterwards(folder: Path, held: Held) -> None:
    index = begun(folder, held)
    collection = index.collection()
    collection.put_many([document(f"new {n}", 10_000 + n) for n in range(50)]).result()
    collection.put(document("3", 20_000)).result()
    collection.delete_many(["4", "new 4"]).result()

    def check() -> None:
        assert nearest(collection, 10_007) == "new 7"
        assert nearest(collection, 20_000) == "3"
        for seed, gone in ((4, "4"), (10_004, "new 4")):
            assert nearest(collection, seed) != gone

    check()
    held.let_go.set()
    assert collection.wait_until_viewed(PATIENCE_S)
    check()
    assert collection.stats().viewed == COUNT + 48
    assert collection.health().problems == ()
    index.close()
    index = open_index(folder)
    collection = index.collection()
    assert loaded(index)
    check()
    index.close()


def test_a_damaged_snapshot_is_found_meanwhile_and_the_graph_built_anew(folder: Path, held: Held) -> None:
    (path,) = snapshots_of(folder)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    index = begun(folder, held)
    collection = index.collection()
    assert collection.stats().rejected_snapshots == ()
    assert nearest(collection, 7) == "7"
    held.let_go.set()
    assert loaded(index)
    (told,) = collection.stats().rejected_snapshots
    assert "sha256 differs" in told
    assert collection.wait_until_viewed(PATIENCE_S)
    assert nearest(collection, 7) == "7"
    assert collection.stats().viewed == COUNT
    index.close()


def test_closing_meanwhile_ends_it_and_leaves_the_snapshot(folder: Path, held: Held) -> None:
    before = snapshots_of(folder)
    index = begun(folder, held)
    index.collection().snapshot()
    closing = threading.Thread(target=index.collection().close)
    closing.start()
    wait_until_it_ends(index, closing)
    held.let_go.set()
    closing.join(PATIENCE_S)
    assert not closing.is_alive()
    index.close()
    assert snapshots_of(folder) == before
    index = open_index(folder)
    assert loaded(index)
    assert index.collection().stats().viewed == COUNT
    index.close()


def test_a_pause_meanwhile_puts_it_off(folder: Path, held: Held) -> None:
    index = begun(folder, held)
    collection = index.collection()
    pausing = threading.Thread(target=collection.pause)
    pausing.start()
    wait_until_it_ends(index, pausing)
    held.let_go.set()
    pausing.join(PATIENCE_S)
    assert collection.memory.loading is not None
    assert not collection.memory.loading.done
    assert nearest(collection, 7) == "7"
    collection.put(document("new", 10_000)).result()
    collection.resume()
    assert collection.wait_until_viewed(PATIENCE_S)
    assert collection.memory.loading.done
    assert collection.stats().viewed == COUNT + 1
    assert nearest(collection, 10_000) == "new"
    assert collection.health().problems == ()
    index.close()


def test_collections_load_a_few_at_a_time() -> None:
    turn = threading.Semaphore(1)
    vectors = Vectors(NDIM, Graph(GraphParameters(NDIM)))
    loading = Loading(vectors, None, turn)
    asked = list[bool]()

    def stopped() -> bool:
        asked.append(loading.done)
        return len(asked) > 1

    with turn:
        assert not loading.run(stopped)
    assert asked == [False, False]
    assert loading.run(lambda: False)
    assert turn.acquire(blocking=False)


def test_searches_through_a_graph_that_was_loaded_are_as_wide_as_its_rows_want(
    folder: Path, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.view.watch.first_width", lambda rows: 128 + rows // 10)
    index = begun(folder, held)
    held.let_go.set()
    assert loaded(index)
    graph = index.collection().memory.vectors.graph
    until(lambda: graph.width >= 128 + COUNT // 10)
    index.close()
