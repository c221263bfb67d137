"""A disk that is full or cannot be written: writers are told, nothing acknowledged is lost, whoever reads goes on."""

import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import Collection, Document, Include, Query, StorageFullError
from index.documents.document import entry_of
from index.store.layout import DATABASE_FILE
from tests.disks import SmallDisk, failing_disk, files_of_at_most, small_disk
from tests.index.harness import document, loaded, open_index, same
from tests.index.vectors import NDIM, one

TEXT = "room " * 4_000
MANY = 2_000  # of 20 kB each, far more than there is room for


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 24) as found:
        yield found


def made(number: int) -> Document:
    return document(f"id/{number}", number, f"word{number} {TEXT}", n=number)


def write_until_full(collection: Collection, first: int = 0) -> int:
    """Return the number of the document that there was no room for."""
    for number in range(first, first + MANY):
        if isinstance(refusal := collection.put(made(number)).exception(), StorageFullError):
            assert "Make room" in str(refusal)
            return number
        assert refusal is None
    raise AssertionError("the disk never was full")


def check(collection: Collection, count: int) -> None:
    """All that was acknowledged is there and can be found, and the one that was refused is not."""
    assert collection.count() == count
    for number in range(count):
        found = collection.get(f"id/{number}", Include(vector=True))
        assert found is not None
        assert same(found, made(number))
    assert collection.get(f"id/{count}") is None
    for number in (0, count // 2, count - 1):
        assert collection.search(Query(vector=one(number), top_k=1))[0].id == f"id/{number}"
        assert [hit.id for hit in collection.search(Query(mode="text", text=f"word{number}"))] == [f"id/{number}"]
        assert [hit.id for hit in collection.search(Query(vector=one(number), filter={"n": number}))] == [
            f"id/{number}"
        ]


def test_writers_are_told_and_go_on_when_there_is_room(disk: SmallDisk) -> None:
    index = open_index(disk.folder / "data")
    collection = index.collection()
    disk.fill(spare_bytes=3_000_000)
    count = write_until_full(collection)
    assert count > 10
    check(collection, count)
    with pytest.raises(StorageFullError):
        collection.put_many([made(number) for number in range(count, count + 50)]).result()
    check(collection, count)
    disk.make_room()
    for number in range(count, count + 20):
        collection.put(made(number)).result()
    check(collection, count + 20)
    assert collection.health().problems == ()
    index.close()
    index = open_index(disk.folder / "data")
    check(index.collection(), count + 20)
    assert index.collection().health().problems == ()
    index.close()


def test_what_was_closed_on_a_full_disk_starts_again_with_all_that_was_acknowledged(
    disk: SmallDisk,
) -> None:
    index = open_index(disk.folder / "data")
    disk.fill(spare_bytes=2_000_000)
    count = write_until_full(index.collection())
    disk.fill()
    index.close()
    opened = open_index(disk.folder / "data")
    check(opened.collection(), count)
    opened.close()
    disk.make_room()
    index = open_index(disk.folder / "data")
    check(index.collection(), count)
    index.collection().put(made(count)).result()
    assert index.collection().health().problems == ()
    index.close()


WRITES_AND_IS_KILLED = """
import os, pathlib, sys
from tests.index.harness import open_index
from tests.index.test_full_disk import made
index = open_index(pathlib.Path(sys.argv[1]))
for number in range(20):
    index.collection().put(made(number)).result()
if sys.argv[2] == "killed":
    os.kill(os.getpid(), 9)
index.close()
"""


@pytest.mark.e2e
@pytest.mark.parametrize("end", ["killed", "closed"])
@pytest.mark.parametrize("shared_memory", ["left", "gone"])
def test_a_start_on_a_full_disk_reads_everything_and_writes_when_there_is_room(
    disk: SmallDisk, end: str, shared_memory: str
) -> None:
    folder = disk.folder / "data"
    done = subprocess.run([sys.executable, "-c", WRITES_AND_IS_KILLED, str(folder), end], check=False, timeout=120)
    assert done.returncode == (-9 if end == "killed" else 0)
    if shared_memory == "gone":
        (folder / "collections" / "default" / f"{DATABASE_FILE}-shm").unlink(missing_ok=True)
    disk.fill()
    index = open_index(folder)
    collection = index.collection()
    check(collection, 20)
    for _ in range(3):
        with pytest.raises(StorageFullError, match="Make room"):
            collection.put(made(20)).result()
        check(collection, 20)
    assert index.well
    disk.make_room()
    collection.put(made(20)).result()
    check(collection, 21)
    index.close()
    for _ in range(2):
        index = open_index(folder)
        check(index.collection(), 21)
        assert index.collection().health().problems == ()
        index.close()


def test_commits_that_are_refused_take_no_memory(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    collection.put(made(0)).result()
    assert collection.wait_until_viewed(20)
    assert collection.wait_for_words(20)
    batch = [entry_of(made(number), NDIM) for number in range(1, 9)]
    before = collection.stats().memory_bytes
    with files_of_at_most(100_000):
        for _ in range(2_000):
            with pytest.raises(StorageFullError):
                collection.put_many(batch).result()
    assert collection.stats().memory_bytes == before
    assert len(collection.memory.vectors.capture()[0].keys) == 1
    check(collection, 1)
    collection.put_many(batch).result()
    assert collection.wait_until_viewed(20)
    assert collection.health().problems == ()
    index.close()


@pytest.mark.e2e
def test_what_is_killed_on_a_disk_that_was_often_full_has_exactly_what_was_acknowledged(
    disk: SmallDisk, tmp_path: Path
) -> None:
    """Commits that failed leave frames in the log, which must be taken neither for commits nor for damage."""
    random_ = random.Random(5)
    index = open_index(disk.folder / "data")
    acknowledged: dict[str, int] = {}
    refused = 0
    for number in range(40):
        disk.make_room()
        if random_.random() < 0.4:
            index.close()
            index = open_index(disk.folder / "data")
        disk.fill(spare_bytes=random_.choice((60_000, 100_000, 200_000, 400_000, 700_000)))
        for _ in range(3):
            ids = random_.sample(range(60), random_.choice((1, 3, 20, 60)))
            text = "w" * random_.randint(10, 40_000)
            documents = [document(f"id/{id_}", id_, text, n=number) for id_ in ids]
            refusal = index.collection().put_many(documents).exception()
            if refusal is None:
                acknowledged |= {given.id: number for given in documents}
            assert refusal is None or isinstance(refusal, StorageFullError)
            refused += refusal is not None
        copy = Path(shutil.copytree(disk.folder / "data", tmp_path / str(number)))  # as a killed process leaves it
        found = open_index(copy)
        assert {given.id: given.metadata["n"] for given in found.collection().documents()} == acknowledged
        assert found.collection().health().problems == ()
        found.close()
        shutil.rmtree(copy)
    assert refused > 20
    index.close()


def test_a_snapshot_that_finds_no_room_holds_up_no_writer(disk: SmallDisk) -> None:
    index = open_index(disk.folder / "data")
    collection = index.collection()
    collection.put_many([document(f"base/{number}", number) for number in range(2_500)]).result()
    assert collection.wait_until_viewed(60)
    disk.fill(spare_bytes=400_000)
    collection.snapshot()
    assert collection.wait_until_viewed(60)
    failure = collection.stats().snapshot_failure
    assert failure is not None
    assert "no snapshot can be written" in failure
    assert list((disk.folder / "data" / "collections" / "default").glob("*.tmp")) == []
    assert collection.put(document("after", 9_999)).result() == 1
    assert collection.search(Query(vector=one(9_999), top_k=1))[0].id == "after"
    disk.make_room()
    collection.snapshot()
    assert collection.wait_until_viewed(60)
    assert collection.stats().snapshot_failure is None
    index.close()
    index = open_index(disk.folder / "data")
    assert loaded(index)
    assert index.collection().stats().viewed == 2_501
    index.close()


def test_a_read_only_disk_is_refused_at_the_start(disk: SmallDisk) -> None:
    index = open_index(disk.folder / "data")
    index.collection().put(made(0)).result()
    index.close()
    disk.remount("ro")
    with pytest.raises(StorageFullError, match="written"):
        open_index(disk.folder / "data")
    disk.remount("rw")
    index = open_index(disk.folder / "data")
    check(index.collection(), 1)
    index.close()


def test_a_disk_that_turns_read_only_refuses_writers_and_has_everything_when_it_is_mounted_again(
    tmp_path: Path,
) -> None:
    with failing_disk(tmp_path) as disk:
        index = open_index(disk.folder / "data")
        collection = index.collection()
        for number in range(20):
            collection.put(made(number)).result()
        disk.fail()
        assert isinstance(collection.put(made(20)).exception(), StorageFullError)
        check(collection, 20)
        index.close()
        disk.mount_again()
        index = open_index(disk.folder / "data")
        check(index.collection(), 20)
        index.collection().put(made(20)).result()
        assert index.collection().health().problems == ()
        index.close()


def test_files_that_may_grow_no_more_refuse_writers(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    collection.put(made(0)).result()
    with files_of_at_most(1_000_000):
        count = write_until_full(collection, 1)
        check(collection, count)
    collection.put(made(count)).result()
    check(collection, count + 1)
    index.close()
    index = open_index(tmp_path)
    check(index.collection(), count + 1)
    assert index.collection().health().problems == ()
    index.close()
