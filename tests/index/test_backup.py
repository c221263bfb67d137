"""A backup is of one commit, however much is written meanwhile, and however large the database is."""

import threading
from pathlib import Path

import pytest

from index import Index, StorageFullError
from index.backup import PAGES_A_STEP, back_up
from index.connections import Database
from tests.index.harness import document, open_index, vector_of
from tests.index.vectors import NDIM

PAGE_BYTES = 4096
MOST_COMMITS = 1_000
STEPS = 10  # between which a writer commits


def test_a_backup_ends_while_a_writer_never_rests(tmp_path: Path) -> None:
    index = open_index(tmp_path / "data")
    collection = index.collection()
    large = "x" * 1_000_000
    for number in range(STEPS * PAGES_A_STEP * PAGE_BYTES // len(large)):
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
    first, second = (copy.collection().get(id_, include_vector=True) for id_ in ("a", "b"))
    assert first is not None
    assert second is not None
    assert (vector_of(first) == vector_of(second)).all()  # both of one commit
    assert copy.collection().health().problems == ()
    copy.close()


def test_a_backup_of_what_is_in_memory_is_of_one_commit_too(tmp_path: Path) -> None:
    index = Index(None, "model-a", NDIM)
    collection = index.collection()
    for number in range(3 * PAGES_A_STEP * PAGE_BYTES // 1_000_000):
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


@pytest.mark.parametrize("function", ["synchronize", "copy"])
def test_a_backup_that_fails_says_so_and_leaves_no_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    def fail(*_: object) -> None:
        (tmp_path / "copy" / "documents.sqlite.tmp").touch()
        raise OSError(5, "Input/output error")

    index = open_index(tmp_path / "data")
    (tmp_path / "copy").mkdir()
    monkeypatch.setattr(f"index.backup.{function}", fail)
    with pytest.raises(StorageFullError, match="no backup can be written"):
        back_up(index.collection().store.database, tmp_path / "copy")
    assert not list((tmp_path / "copy").iterdir())
    index.close()


def test_a_collection_that_is_dropped_meanwhile_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = open_index(tmp_path / "data")
    index.collection().put(document("a", 1)).result()
    index.create("other")

    def dropping(database: Database, folder: Path) -> Path:
        if folder.name == "other" and "other" in index.names():
            index.drop("other")
        return back_up(database, folder)

    monkeypatch.setattr("index.index.back_up", dropping)
    index.backup(tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy" / "collections").iterdir()] == ["default"]
    index.close()
