"""The writer: one commit for those who wait together, each for itself; a disk that is full loses nothing."""

import threading
from pathlib import Path

import apsw
import pytest

from index import DocumentError, Query, StorageFullError
from index.documents.document import entry_of
from index.store.disk import Disk
from index.store.group import Changes
from index.store.queries import single
from index.store.store import Store
from index.store.writer import Writer
from tests.index.harness import document, open_index
from tests.index.vectors import NDIM, one


def hold(writer: Writer) -> threading.Event:
    """Keep the writer busy until the event is set, so that jobs gather behind it."""
    started, release = threading.Event(), threading.Event()

    def work(connection: apsw.Connection, changes: Changes) -> None:
        started.set()
        release.wait(10)

    writer.submit(work)
    assert started.wait(10)
    return release


def test_those_who_wait_together_share_a_commit_of_64_documents(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    release = hold(collection.store.writer)
    futures = [collection.put(document(str(n), n)) for n in range(128)]
    before = collection.store.writer.commits
    release.set()
    assert [future.result() for future in futures] == [1] * 128
    assert collection.store.writer.commits - before <= 128 // 8
    assert collection.count() == 128
    index.close()


def test_a_job_that_fails_takes_nobody_along(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    collection.put(document("a", 1)).result()
    collection.patch("a", {f"x{number}": number for number in range(200)}).result()
    release = hold(collection.store.writer)
    first = collection.put(document("b", 2))
    bad = collection.patch("a", {f"y{number}": number for number in range(200)})  # more together than there may be
    last = collection.put(document("c", 3))
    release.set()
    assert (first.result(), last.result()) == (1, 1)
    with pytest.raises(DocumentError):
        bad.result()
    assert [found.id for found in collection.documents()] == ["a", "b", "c"]
    index.close()


def test_what_is_cancelled_before_its_turn_is_not_done(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    release = hold(collection.store.writer)
    future = collection.put(document("a", 1))
    assert future.cancel()
    release.set()
    collection.put(document("b", 2)).result()
    assert [found.id for found in collection.documents()] == ["b"]
    index.close()


def test_what_sql_refuses_one_job_takes_nobody_along(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    release = hold(collection.store.writer)
    first = collection.put(document("a", 1))
    bad = collection.store.writer.submit(lambda connection, _: connection.execute("INSERT INTO docs VALUES (1)"))
    last = collection.put(document("b", 2))
    release.set()
    assert (first.result(), last.result()) == (1, 1)
    with pytest.raises(apsw.SQLError):
        bad.result()
    index.close()


class RefusingFollower:
    """Has no memory left, neither for what comes nor for cleaning up."""

    def admit(self, before: Changes, changes: Changes) -> None:
        pass

    def expect(self, changes: Changes) -> None:
        raise MemoryError

    def applied(self, changes: Changes) -> None:
        raise AssertionError

    def abandoned(self, changes: Changes) -> None:
        raise MemoryError


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nobody_waits_forever_where_the_cleaning_up_fails_too(tmp_path: Path) -> None:
    store = Store(tmp_path / "documents.sqlite", "", RefusingFollower(), Disk())
    release = hold(store.writer)
    futures = [store.put_many([entry_of(document(str(n), n), NDIM)]) for n in range(3)]
    release.set()
    assert [type(future.exception(10)) for future in futures] == [MemoryError] * 3
    assert store.writer.failed
    store.close()


def test_a_full_disk_refuses_and_loses_nothing(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    collection.put(document("kept", 1)).result()
    collection.store.writer.submit(lambda connection, _: allow_pages(connection, 2), 0).result()
    with pytest.raises(StorageFullError, match="Make room"):
        collection.put_many([document(str(n), n, "x" * 5000) for n in range(100)]).result()
    assert collection.count() == 1
    assert [hit.id for hit in collection.search(Query(vector=one(1), threshold=-1))] == ["kept"]
    collection.store.writer.submit(lambda connection, _: allow_pages(connection, 100_000), 0).result()
    collection.put(document("after", 2)).result()
    assert collection.health().problems == ()
    index.close()


def allow_pages(connection: apsw.Connection, more: int) -> None:
    """Let the database grow by so many pages: SQLite says of the next what it says of a full disk."""
    count = single(connection, "PRAGMA page_count")
    connection.execute(f"PRAGMA max_page_count={count + more}").fetchall()
