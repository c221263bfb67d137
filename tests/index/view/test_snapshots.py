"""Snapshots: what is whole is loaded and brought up to date, what is damaged is noticed before USearch sees it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import numpy as np
import pytest

from index import Index, Query, StorageFullError
from index.collection import Collection
from index.view.graph import Graph, GraphParameters
from index.view.upkeep import much_of
from tests.index.fakes import RefusingDisk
from tests.index.harness import document, loaded, open_index
from tests.index.vectors import NDIM, one

COUNT = 3_000  # more than are searched without the view


def snapshots_of(folder: Path) -> list[Path]:
    return sorted((folder / "collections" / "default").glob("view-*.usearch"), key=lambda path: path.stat().st_mtime_ns)


def save(collection: Collection) -> None:
    assert collection.wait_until_viewed(60)
    collection.snapshot()
    assert collection.wait_until_viewed(60)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two snapshots, of which the newer one has all documents."""
    folder = tmp_path_factory.mktemp("made")
    index = open_index(folder)
    collection = index.collection()
    collection.put_many([document(str(n), n) for n in range(COUNT - 1)]).result()
    save(collection)
    collection.put(document("last", COUNT)).result()
    save(collection)
    index.close()
    assert len(snapshots_of(folder)) == 2
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of that folder to harm."""
    return shutil.copytree(made, tmp_path / "data")


def check(index: Index) -> None:
    collection = index.collection()
    for seed, id_ in ((3, "3"), (COUNT, "last")):
        assert collection.search(Query(vector=one(seed), top_k=1))[0].id == id_
    assert collection.wait_until_viewed(60)
    for seed, id_ in ((3, "3"), (COUNT, "last")):
        assert collection.search(Query(vector=one(seed), top_k=1))[0].id == id_
    assert collection.health().problems == ()


def test_a_start_loads_the_newest(folder: Path) -> None:
    index = open_index(folder)
    assert loaded(index)
    stats = index.collection().stats()
    assert stats.rejected_snapshots == ()
    assert stats.viewed == COUNT
    check(index)
    index.close()


def test_what_came_and_went_after_the_snapshot_is_made_up_for(folder: Path) -> None:
    index = open_index(folder)
    collection = index.collection()
    collection.put(document("new", 9_999)).result()
    collection.put(document("3", 8_888)).result()
    collection.delete("4").result()
    collection.memory.close()
    collection.memory.snapshots = None
    index.close()
    index = open_index(folder)
    collection = index.collection()
    assert collection.wait_until_viewed(60)
    assert collection.stats().viewed == COUNT
    assert collection.search(Query(vector=one(9_999), top_k=1))[0].id == "new"
    assert collection.search(Query(vector=one(8_888), top_k=1))[0].id == "3"
    assert "4" not in {hit.id for hit in collection.search(Query(vector=one(4), threshold=-1))}
    assert collection.health().problems == ()
    index.close()


def flip(path: Path, _: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)


def truncate(path: Path, _: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def swap(path: Path, other: Path) -> None:
    path.write_bytes(other.read_bytes())


def empty(path: Path, _: Path) -> None:
    path.write_bytes(b"")


def remove(path: Path, _: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [flip, truncate, swap, empty, remove])
def test_a_damaged_snapshot_is_passed_over_for_the_one_before(folder: Path, harm: Callable[[Path, Path], None]) -> None:
    older, newer = snapshots_of(folder)
    harm(newer, older)
    index = open_index(folder)
    assert loaded(index)
    stats = index.collection().stats()
    assert len(stats.rejected_snapshots) == 1
    assert newer.name in stats.rejected_snapshots[0]
    assert stats.viewed >= COUNT - 1
    check(index)
    index.close()


def test_without_any_whole_snapshot_the_view_is_built_anew_while_exact_search_answers(folder: Path) -> None:
    for path in snapshots_of(folder):
        truncate(path, path)
    index = open_index(folder)
    assert index.collection().stats().state == "indexing"
    assert loaded(index)
    assert len(index.collection().stats().rejected_snapshots) == 2
    check(index)
    assert index.collection().stats().viewed == COUNT
    index.close()
    index = open_index(folder)  # the rebuild left a snapshot
    assert loaded(index)
    assert index.collection().stats().viewed == COUNT
    index.close()


def test_snapshots_from_before_rows_shared_nodes_are_passed_over_and_told(folder: Path) -> None:
    connection = apsw.Connection(str(folder / "collections" / "default" / "documents.sqlite"))
    connection.execute("UPDATE snapshots SET parameters = json_remove(parameters, '$.group_cosine')")
    connection.close()
    index = open_index(folder)
    assert loaded(index)
    rejected = index.collection().stats().rejected_snapshots
    assert len(rejected) == 2
    assert all("built with other parameters, or by another version" in reason for reason in rejected)
    check(index)
    index.close()


def test_a_bfloat16_graph_of_an_earlier_version_is_built_anew_and_then_removed(folder: Path) -> None:
    database = str(folder / "collections" / "default" / "documents.sqlite")
    connection = apsw.Connection(database)
    connection.execute(
        "UPDATE snapshots SET parameters = json_set(json_remove(parameters, '$.metric'), '$.dtype', 'bf16')"
    )
    connection.close()
    before = snapshots_of(folder)
    index = open_index(folder)
    assert loaded(index)
    collection = index.collection()
    assert len(collection.stats().rejected_snapshots) == 2
    assert collection.search(Query(vector=one(3), top_k=1))[0].id == "3"
    save(collection)
    assert len(snapshots_of(folder)) == 1
    assert not set(snapshots_of(folder)) & set(before)
    index.close()
    index = open_index(folder)
    assert loaded(index)
    assert index.collection().stats().rejected_snapshots == ()
    check(index)
    index.close()


def test_strays_of_a_save_that_was_cut_off_are_removed(folder: Path) -> None:
    home = folder / "collections" / "default"
    (home / "view-0123.usearch.tmp").write_bytes(b"half")
    (home / "view-4567.usearch").write_bytes(b"without a row")
    open_index(folder).close()
    assert not list(home.glob("view-0123*")) + list(home.glob("view-4567*"))
    assert len(snapshots_of(folder)) == 2


def test_many_tombstones_make_a_new_view(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    collection.put_many([document(str(n), n, n=n) for n in range(4_000)]).result()
    assert collection.wait_until_viewed(60)
    collection.delete_matching({"n": {"$gte": 2_500}}).result()
    collection.put(document("after", 77_777)).result()
    assert collection.wait_until_viewed(60)
    stats = collection.stats()
    assert (stats.rebuilds, stats.tombstones, stats.viewed) == (1, 0, 2_501)
    assert collection.search(Query(vector=one(77_777), top_k=1))[0].id == "after"
    assert collection.health().problems == ()
    index.close()


def test_a_snapshot_that_cannot_be_named_leaves_no_file_and_is_made_up_for(tmp_path: Path) -> None:
    disk = RefusingDisk("before_row", error=StorageFullError("the disk is full"))
    index = open_index(tmp_path, disk)
    collection = index.collection()
    collection.put_many([document(str(n), n) for n in range(600)]).result()
    assert collection.memory.indexer is not None
    for _ in range(2):
        save(collection)
        assert collection.memory.indexer.failure == "the disk is full"
        assert snapshots_of(tmp_path) == []
    disk.refused.clear()
    assert collection.memory.snapshots is not None
    assert collection.memory.snapshots.saved == 0
    index.close()
    assert len(snapshots_of(tmp_path)) == 1


def test_a_graph_whose_last_bytes_found_no_room_is_not_written(tmp_path: Path) -> None:
    graph = Graph(GraphParameters(NDIM))
    graph.add(np.array([1]), one(1)[None].astype(np.float16))
    with pytest.raises(OSError, match="not whole"):
        graph.write(Path("/dev/full"))


def test_a_snapshot_of_many_rows_waits_for_an_eighth_of_them() -> None:
    assert [much_of(rows) for rows in (0, 80_000, 1_000_000)] == [10_000, 10_000, 125_000]
