"""Threads that an error ends: a fault has the collection opened anew, the surroundings' errors are waited out."""

import errno
import threading
from pathlib import Path

import pytest

from index import Index, Query, ReopenedError
from index.mending import MENDS
from index.store.followers import Followers
from index.store.group import Changes
from index.store.store import Store
from tests.index.fakes import PointedDisk, SetClock
from tests.index.harness import document, open_index
from tests.index.vectors import one
from tests.server.polling import until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

OUT_OF_DESCRIPTORS = OSError(errno.EMFILE, "Too many open files")


class Faults:
    """Raises `error` at the point, so many times."""

    def __init__(self) -> None:
        self.point, self.error, self.left = "", RuntimeError("a fault"), 0
        self.met = 0

    def arm(self, point: str, error: Exception, times: int = 1) -> None:
        self.point, self.left = point, times
        self.error = error  # type: ignore[assignment]  # of any type

    def at(self, point: str) -> None:
        if point == self.point and self.left:
            self.left -= 1
            self.met += 1
            raise self.error


def check_all_works(index: Index, *ids: str) -> None:
    """Everything that was acknowledged is found in every way, and more can be written."""
    collection = index.collection()
    assert collection.put(document("more", 77)).result(20) == 1
    assert collection.wait_for_words(20)
    assert collection.wait_until_viewed(20)
    assert {found.id for found in collection.documents()} == {*ids, "more"}
    for id_ in (*ids, "more"):
        assert [hit.id for hit in collection.search(Query(mode="text", text=f"text of {id_}", top_k=1))] == [id_]
    assert collection.search(Query(vector=one(77), top_k=1))[0].id == "more"
    assert collection.health().problems == ()
    assert collection.stats().state == "ready"
    assert index.well


@pytest.mark.parametrize("point", ["after_commit", "before_words", "in_save"])
def test_a_fault_of_our_own_has_the_collection_opened_anew(tmp_path: Path, point: str) -> None:
    faults = Faults()
    index = open_index(tmp_path, PointedDisk(faults.at))
    first = index.collection()
    first.put(document("before", 1)).result()
    assert first.wait_for_words(20)
    faults.arm(point, KeyError("a fault"))
    assert first.put(document("after", 2)).result(20) == 1  # it is on the disk, whatever fails then
    first.snapshot()
    until(lambda: index.collection() is not first)
    assert faults.met == 1
    check_all_works(index, "before", "after")
    assert not index.mender.broken
    index.close()


@pytest.mark.parametrize("point", ["after_commit", "before_words"])
def test_who_still_has_a_collection_that_was_opened_anew_is_told_to_try_again(tmp_path: Path, point: str) -> None:
    """Of one that is merely closed others say that it was dropped."""
    faults = Faults()
    index = open_index(tmp_path, PointedDisk(faults.at))
    first = index.collection()
    assert first.wait_for_words(20)
    faults.arm(point, KeyError("a fault"))
    first.put(document("a", 1)).result(20)
    until(lambda: index.collection() is not first)
    index.create("default")  # waits for what is under way
    for query in (Query(mode="text", text="text of a"), Query(vector=one(1))):
        with pytest.raises(ReopenedError):
            first.search(query)
    with pytest.raises(ReopenedError):
        first.put(document("b", 2))
    index.close()


def test_what_comes_after_a_fault_of_the_writer_is_told_to_try_again(tmp_path: Path) -> None:
    faults = Faults()
    faults.arm("after_commit", KeyError("a fault"))
    store = Store(tmp_path / "documents.sqlite", "", Followers(), PointedDisk(faults.at))
    store.delete_many(["a"]).result(20)
    store.stop_writing()
    with pytest.raises(ReopenedError):
        store.delete_many(["a"])
    store.close()


def test_a_fault_in_what_expires_has_the_collection_opened_anew(tmp_path: Path) -> None:
    clock = SetClock(1_000)
    index = open_index(tmp_path, clock=clock)
    first = index.collection()
    first.put(document("a", 1)).result()
    sweeper = first.store.sweeper
    clock.fault = RuntimeError("a fault")
    first.store.writer.expect_expiry(500)
    sweeper.applied(Changes(renamed=[1]))  # something that may expire
    until(lambda: sweeper.failed)
    clock.fault = None
    until(lambda: index.collection() is not first)
    check_all_works(index, "a")
    index.close()


@pytest.mark.parametrize("point", ["before_words", "in_save"])
def test_what_the_surroundings_refuse_is_told_and_tried_again(tmp_path: Path, point: str) -> None:
    faults = Faults()
    index = open_index(tmp_path, PointedDisk(faults.at))
    collection = index.collection()
    faults.arm(point, OUT_OF_DESCRIPTORS, 2)
    collection.put(document("a", 1)).result(20)
    collection.snapshot()
    until(lambda: bool(faults.met))
    until(lambda: "Too many open files" in f"{collection.stats().words_failure} {collection.stats().snapshot_failure}")
    faults.arm(point, OUT_OF_DESCRIPTORS, 0)
    collection.snapshot()
    check_all_works(index, "a")
    until(lambda: collection.stats().words_failure is None and collection.stats().snapshot_failure is None)
    assert index.collection() is collection
    index.close()


def test_where_no_descriptor_is_left_to_open_it_anew_a_collection_is_read_until_one_is(tmp_path: Path) -> None:
    ended, room, refused = threading.Event(), threading.Event(), threading.Event()

    def at(point: str) -> None:
        if point == "after_commit" and not ended.is_set():
            ended.set()
            raise KeyError("a fault")
        if point == "before_open" and ended.is_set() and not room.is_set():
            refused.set()
            raise OUT_OF_DESCRIPTORS

    ended.set()
    room.set()
    index = open_index(tmp_path, PointedDisk(at))
    first = index.collection()
    first.put(document("a", 1)).result()
    assert first.wait_for_words(20)
    room.clear()
    ended.clear()
    assert first.put(document("b", 2)).result(20) == 1
    assert refused.wait(20)
    assert not index.well
    assert index.collection() is first
    assert first.search(Query(vector=one(2), top_k=1))[0].id == "b"
    assert [hit.id for hit in first.search(Query(mode="text", text="text of b", top_k=1))] == ["b"]
    with pytest.raises(ReopenedError):
        first.put(document("c", 3)).result(20)
    room.set()
    until(lambda: index.collection() is not first)
    check_all_works(index, "a", "b")
    assert not index.mender.broken
    index.close()


def test_what_fails_again_and_again_breaks_the_index_once(tmp_path: Path) -> None:
    faults = Faults()
    index = open_index(tmp_path, PointedDisk(faults.at))
    told: list[str] = []
    index.mender.call_when_broken(lambda: told.append("broken"))
    faults.arm("after_commit", KeyError("a fault"), 100)
    for number in range(MENDS + 1):
        found = index.collection()
        assert found.put(document(str(number), number)).result(20) == 1
        until(lambda: index.mender.broken or index.collection() is not found)  # noqa: B023 - called before the next
    until(lambda: bool(told))
    assert index.mender.broken
    assert not index.well
    index.close()
    assert told == ["broken"]
    index = open_index(tmp_path)
    assert index.collection().count() == MENDS + 1
    index.close()


def test_an_index_that_cannot_be_opened_leaves_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def sweep(_: Store) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Store, "sweep", sweep)
    before = set(threading.enumerate())
    with pytest.raises(RuntimeError):
        open_index(tmp_path)
    assert set(threading.enumerate()) <= before
