"""Connections: whoever shares the database for too long is told of in this room's errors; the log is cut down."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from index import StorageFullError
from index.store.connections import LOG_BYTES, Readers
from index.store.queries import single
from index.view.comparison import differences
from tests.index.fakes import ImpatientDisk, RefusingDisk
from tests.index.harness import document, open_index

DATABASE = Path("collections", "default", "documents.sqlite")


def test_a_writer_from_outside_is_told_as_busy_and_writing_goes_on_after_it(tmp_path: Path) -> None:
    index = open_index(tmp_path, ImpatientDisk())
    collection = index.collection()
    outside = apsw.Connection(str(tmp_path / DATABASE))
    outside.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageFullError, match=r"taken for too long .* Try again"):
        collection.put(document("a", 1)).result()
    outside.execute("ROLLBACK")
    outside.close()
    assert collection.put(document("a", 1)).result() == 1
    assert index.well
    index.close()


def test_a_reader_that_holds_up_a_commit_in_memory_is_told_as_busy() -> None:
    index = open_index(None, ImpatientDisk())
    collection = index.collection()
    with collection.store.readers.reading():
        refusal = collection.put(document("a", 1)).exception()
    assert isinstance(refusal, StorageFullError)
    assert collection.put(document("a", 1)).result() == 1
    index.close()


def test_a_view_that_cannot_be_named_for_now_ends_no_thread(tmp_path: Path) -> None:
    index = open_index(tmp_path, ImpatientDisk())
    collection = index.collection()
    assert collection.memory.indexer is not None
    collection.put(document("a", 1)).result()
    outside = apsw.Connection(str(tmp_path / DATABASE))
    outside.execute("BEGIN IMMEDIATE")
    collection.snapshot()
    assert collection.wait_until_viewed(10)
    assert "taken for too long" in str(collection.memory.indexer.failure)
    outside.close()
    assert index.well
    index.close()


def test_a_log_that_grew_is_cut_down(tmp_path: Path) -> None:
    index = open_index(tmp_path, ImpatientDisk())
    limit = index.collection().store.writer.submit(
        lambda connection, _: single(connection, "PRAGMA journal_size_limit")
    )
    assert limit.result() == LOG_BYTES
    index.close()


def test_what_cannot_be_opened_leaves_nobody_who_writes(tmp_path: Path) -> None:
    open_index(tmp_path).close()
    (tmp_path / DATABASE).with_name("view-stray.usearch").touch()
    before = threading.active_count()
    with pytest.raises(StorageFullError, match="cannot be read"):
        open_index(tmp_path, RefusingDisk("discard", error=StorageFullError("the disk cannot be read")))
    assert threading.active_count() == before
    open_index(tmp_path).close()


def test_health_is_of_one_moment_while_others_write() -> None:
    index = open_index(None)
    collection = index.collection()
    collection.put_many([document(str(n), n) for n in range(10)]).result()
    assert collection.wait_until_viewed(10)

    class Late(Readers):
        @contextmanager
        def reading(self) -> Iterator[apsw.Connection]:
            collection.put(document("3", 100)).result()
            with collection.store.readers.reading() as connection:
                yield connection

    assert differences(Late(collection.store.database), collection.memory.vectors) == []
    index.close()
