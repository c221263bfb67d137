"""Collections that are made and dropped on disks that refuse it: what was there stays, what was not never is."""

from pathlib import Path

import pytest

from index import ClosedError, Query, StorageFullError, UnknownCollectionError
from index.mending import MENDS
from index.store.layout import DROPPED, LEAVING
from tests.index.fakes import CountingDisk, RefusingDisk
from tests.index.harness import document, open_index
from tests.index.vectors import one
from tests.server.polling import until


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


FAILURES = ["once", "for a while", "until the end"]


@pytest.mark.parametrize("name", ["default", "other"])
@pytest.mark.parametrize(("for_good", "mended"), [(False, True), (True, True), (True, False)], ids=FAILURES)
def test_whichever_step_of_a_drop_fails_nothing_that_was_acknowledged_is_lost(
    tmp_path: Path, name: str, for_good: bool, mended: bool
) -> None:
    failed = stranded = unknown = 0
    for step in range(1, 40):
        folder, disk = tmp_path / str(step), CountingDisk()
        index = open_index(folder, disk)
        collection = index.create(name)
        collection.put(document("before", 1)).result()
        disk.count, disk.refused_at, disk.for_good = 0, step, for_good
        acknowledged = {"before"}
        try:
            index.drop(name)
        except StorageFullError:
            failed += 1
            if not index.well:  # neither the drop nor its undoing was done
                stranded += 1
                with pytest.raises(ClosedError):
                    index.collection(name).put(document("after", 2))
                with pytest.raises(StorageFullError, match="try again"):
                    index.drop(name)
            if mended:
                disk.refused_at = 0
                until(lambda: index.well)  # noqa: B023 - called before the next
                index.collection(name).put(document("after", 2)).result()
                acknowledged.add("after")
            elif any(one.startswith(DROPPED) for one in names(folder)):  # all was done but its flush
                unknown += 1
                acknowledged.clear()
        else:
            acknowledged.clear()
            if disk.count < step:
                break
        index.close()
        index = open_index(folder)
        if name in index.names():
            assert {one.id for one in index.collection(name).documents()} == acknowledged, step
            assert index.collection(name).health().problems == ()
        else:
            assert not acknowledged
        assert names(folder) == index.names()
        index.close()
    else:
        pytest.fail("the drop never came to its end")
    assert failed >= 3
    assert bool(stranded) == for_good
    assert unknown <= (not mended)


@pytest.mark.parametrize("name", ["default", "other"])
def test_what_could_be_neither_dropped_nor_kept_is_there_after_a_close_that_the_disk_allows(
    tmp_path: Path, name: str
) -> None:
    disk = CountingDisk()
    index = open_index(tmp_path, disk)
    index.create(name).put(document("before", 1)).result()
    steps_of_a_drop = range(1, 40)
    for step in steps_of_a_drop:
        disk.count, disk.refused_at, disk.for_good = 0, step, True
        with pytest.raises(StorageFullError):
            index.drop(name)
        if not index.well:
            break
        disk.refused_at = 0
    with pytest.raises(StorageFullError, match="try again"):
        index.create(name)
    until(lambda: disk.count > step + 3)  # the mender has tried in vain, and rests
    disk.refused_at = 0
    index.close()
    index = open_index(tmp_path)
    assert {one.id for one in index.collection(name).documents()} == {"before"}
    index.close()


def test_however_often_the_disk_takes_no_drop_the_process_goes_on(tmp_path: Path) -> None:
    disk = CountingDisk()
    index = open_index(tmp_path, disk)
    index.create("other").put(document("before", 1)).result()
    closed = 0
    for _ in range(2 * MENDS):
        for step in range(1, 40):
            disk.count, disk.refused_at, disk.for_good = 0, step, True
            with pytest.raises(StorageFullError):
                index.drop("other")
            well = index.well
            disk.refused_at = 0
            until(lambda: index.well)
            if not well:
                closed += 1
                break
    assert closed > MENDS
    assert not index.mender.broken
    assert index.collection("other").count() == 1
    index.close()


@pytest.mark.parametrize("replaced", [False, True], ids=["nothing", "an empty collection"])
def test_a_drop_that_was_cut_off_is_undone_by_the_next_start(tmp_path: Path, replaced: bool) -> None:
    index = open_index(tmp_path)
    index.collection().put(document("kept", 1)).result()
    index.close()
    home = tmp_path / "collections" / "default"
    home.rename(home.with_name(f"{LEAVING}default.0123"))
    if replaced:
        open_index(tmp_path / "another").close()
        (tmp_path / "another" / "collections" / "default").rename(home)
    index = open_index(tmp_path)
    assert [one.id for one in index.collection().documents()] == ["kept"]
    assert names(tmp_path) == ["default"]
    index.close()


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
    assert disk.synchronized == ["collections", "collections"]
    index.close()
