"""A backup is of one commit, however much is written meanwhile, and however large the database is."""

import errno
import threading
from pathlib import Path

import apsw
import pytest

from index import Include, Index, StorageFullError
from index.store.backup import STEP_PAGES, back_up
from index.store.connections import Database
from index.store.disk import Disk
from tests.index.fakes import RefusingDisk
from tests.index.harness import document, open_index, vector_of
from tests.index.vectors import NDIM

PAGE_BYTES = 4096
MOST_COMMITS = 1_000
STEPS = 10  # between which a writer commits


@pytest.mark.e2e
def test_a_backup_ends_while_a_writer_never_rests(tmp_path: Path) -> None:
    index = open_index(tmp_path / "data")
    collection = index.collection()
    large = "x" * 1_000_000
    for number in range(STEPS * STEP_PAGES * PAGE_BYTES // len(large)):
        collection.put(document(f"large/{number}", number, large)).result()
    written, done = 0, threading.Event()

    def back_up() -> None:
        index.backup(tmp_path / "backup")
        done.set()

    thread = threading.Thread(target=back_up)
    try:
        while not done.is_set() and written < MOST_COMMITS:
            collection.put_many([document("a", written), document("b", written)]).result()
            if written == 0:
                thread.start()
            written += 1
        assert done.is_set(), f"{written} commits later it was not done yet"
    finally:
        thread.join()
        index.close()
    copy = open_index(tmp_path / "backup")
    first, second = (copy.collection().get(id_, Include(vector=True)) for id_ in ("a", "b"))
    assert first is not None
    assert second is not None
    assert (vector_of(first) == vector_of(second)).all()  # both of one commit
    assert copy.collection().health().problems == ()
    copy.close()


def test_a_backup_of_what_is_in_memory_is_of_one_commit_too(tmp_path: Path) -> None:
    index = Index(None, "model-a", NDIM)
    collection = index.collection()
    for number in range(3 * STEP_PAGES * PAGE_BYTES // 1_000_000):
        collection.put(document(f"large/{number}", number, "x" * 1_000_000)).result()
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            collection.put_many([document("a", 1), document("b", 1)]).result()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        index.backup(tmp_path)
    finally:
        done.set()
        writer.join()
        index.close()
    copy = open_index(tmp_path)
    assert (copy.collection().get("a") is None) == (copy.collection().get("b") is None)
    assert copy.collection().health().problems == ()
    copy.close()


class FailingDatabase(Database):
    """Fails when half of the copy is written."""

    def __init__(self, path: Path | None, half: Path) -> None:
        super().__init__(path)
        self._half = half

    def connect(self, cache_kib: int) -> apsw.Connection:
        self._half.touch()
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize("step", ["synchronize", "copy"])
def test_a_backup_that_fails_says_so_and_leaves_no_half(tmp_path: Path, step: str) -> None:
    index = open_index(tmp_path / "data")
    target = tmp_path / "copy"
    target.mkdir()
    database, disk = index.collection().store.database, Disk()
    if step == "copy":
        database = FailingDatabase(database.path, target / "documents.sqlite.tmp")
    else:
        disk = RefusingDisk("synchronize")
    with pytest.raises(StorageFullError, match=r"no backup can be written|cannot be made: No space left"):
        back_up(database, target, disk)
    assert not list(target.iterdir())
    index.close()


class DroppingDisk(Disk):
    """Drops the collection that is next to be copied."""

    index: Index | None = None

    def make_durable_folder(self, folder: Path) -> None:
        if self.index is not None and folder.name == "other" and "other" in self.index.names():
            self.index.drop("other")
        super().make_durable_folder(folder)


def test_a_collection_that_is_dropped_meanwhile_is_left_out(tmp_path: Path) -> None:
    disk = DroppingDisk()
    index = open_index(tmp_path / "data", disk)
    index.collection().put(document("a", 1)).result()
    index.create("other")
    disk.index = index
    index.backup(tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy" / "collections").iterdir()] == ["default"]
    index.close()


class RenewingDisk(Disk):
    """Opens the collection anew while its first copy is flushed, which it refuses."""

    index: Index | None = None

    def synchronize(self, path: Path) -> None:
        if self.index is not None and path.name.endswith(".tmp"):
            index, self.index = self.index, None
            index.renew(index.collection())
            raise OSError(errno.EIO, "Input/output error")
        super().synchronize(path)


def test_a_collection_that_is_opened_anew_meanwhile_is_not_left_out(tmp_path: Path) -> None:
    disk = RenewingDisk()
    index = open_index(tmp_path / "data", disk)
    index.collection().put(document("a", 1)).result()
    disk.index = index
    index.backup(tmp_path / "copy")
    index.close()
    index = open_index(tmp_path / "copy")
    assert [found.id for found in index.collection().documents()] == ["a"]
    index.close()
