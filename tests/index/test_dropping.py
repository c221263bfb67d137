"""Collections that are made and dropped on disks that refuse it: what was there stays, what was not never is."""

from pathlib import Path

import pytest

from index import Query, StorageFullError, UnknownCollectionError
from index.store.layout import DROPPED
from tests.index.fakes import RefusingDisk
from tests.index.harness import document, open_index
from tests.index.vectors import one


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "collections").iterdir())


WAYS = [("default", "rename"), ("default", "synchronize"), ("other", "rename"), ("other", "synchronize")]


@pytest.mark.parametrize(("name", "where"), [*WAYS, ("default", "before_open")])
def test_what_cannot_be_dropped_is_as_it_was(tmp_path: Path, name: str, where: str) -> None:
    disk = RefusingDisk()
    index = open_index(tmp_path, disk)
    collection = index.create(name)
    collection.put_many([document(str(n), n) for n in range(700)]).result()
    disk.refused = {where}
    with pytest.raises(StorageFullError, match="cannot be dropped: No space left"):
        index.drop(name)
    disk.refused.clear()
    assert index.collection(name) is collection
    assert names(tmp_path) == sorted({"default", name})
    collection.put(document("new", 9_000)).result()
    assert collection.wait_until_viewed(30)
    assert collection.search(Query(vector=one(9_000), top_k=1))[0].id == "new"
    assert collection.health().problems == ()
    index.close()
    index = open_index(tmp_path)
    assert index.collection(name).count() == 701
    assert index.collection(name).wait_until_viewed(30)
    assert index.collection(name).stats().viewed == 701
    index.drop(name)
    index.close()
    assert [one for one in names(tmp_path) if one.startswith(DROPPED)] == []


def test_of_a_dropped_collection_no_snapshot_is_written(tmp_path: Path) -> None:
    disk = RefusingDisk()
    index = open_index(tmp_path, disk)
    index.collection().put_many([document(str(n), n) for n in range(700)]).result()
    assert index.collection().wait_until_viewed(30)
    disk.points.clear()
    index.drop("default")
    assert index.collection().count() == 0
    index.close()
    assert index.well
    assert "in_save" not in disk.points


def test_readers_of_a_dropped_collection_take_nothing_from_the_next_of_its_name(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    old = index.collection()
    old.put(document("old", 1)).result()
    with old.store.readers.reading():
        index.drop("default")
        new = index.collection()
        new.put_many([document(str(n), n) for n in range(20)]).result()
    # The last connection of the old one is closed by now, beside the log of the new one.
    assert new.count() == 20
    index.close()
    index = open_index(tmp_path)
    assert index.collection().count() == 20
    assert index.collection().health().problems == ()
    index.close()


def test_what_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    disk = RefusingDisk()
    index = open_index(tmp_path, disk)
    for refused in ("synchronize", "before_open"):
        disk.refused = {refused}
        with pytest.raises((StorageFullError, OSError)):
            index.create("other")
        disk.refused.clear()
        with pytest.raises(UnknownCollectionError):
            index.collection("other")
        assert names(tmp_path) == ["default"]
    index.create("other").put(document("a")).result()
    index.close()


def test_names_are_on_the_disk_when_a_collection_is_there_and_when_it_is_gone(tmp_path: Path) -> None:
    disk = RefusingDisk()
    index = open_index(tmp_path, disk)
    disk.synchronized.clear()
    index.create("other")
    assert disk.synchronized[:2] == ["other", "collections"]
    disk.synchronized.clear()
    index.drop("other")
    assert disk.synchronized == ["collections"]
    index.close()
