"""For how long a projection is kept, and which one; what its number says while documents change."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index import Collection, StoppedError, parse_filter, watched
from index.store.rows import keys_up_to
from tests.index.fakes import PointedDisk, SetClock
from tests.index.harness import document, open_index

NOW = 1_800_000_000_000
MANY = 1_000
DOCUMENTS = 60
BELOW_9 = parse_filter({"n": {"$lt": 9}})


class BusyClock(SetClock):
    """Calls a function once while it is read by whoever armed it."""

    meanwhile: Callable[[], object] | None = None

    def now_ms(self) -> int:
        now_ms = super().now_ms()
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return now_ms


@pytest.fixture(params=["disk", "memory"])
def collection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Collection]:
    index = open_index(tmp_path / "data" if request.param == "disk" else None)
    found = index.collection()
    found.put_many([document(f"d{n}", n, n=n) for n in range(DOCUMENTS)]).result()
    yield found
    index.close()


def test_it_is_kept_until_documents_change(collection: Collection) -> None:
    ask = collection.projections.project
    first = ask(None, MANY)
    again = ask("n", MANY)
    assert again.x is first.x
    assert again.state == first.state
    assert again.values == list(range(DOCUMENTS))
    seen = [first]
    for change in (
        lambda: collection.put(document("new", 1)).result(),
        lambda: collection.put(document("d0", 2, n=0)).result(),
        lambda: collection.patch("d1", {"n": -1}).result(),
        lambda: collection.delete("d2").result(),
        lambda: collection.delete_matching({"n": 3}).result(),
    ):
        change()
        found = ask("n", MANY)
        assert found.state not in {one_.state for one_ in seen}
        assert ask("n", MANY).x is found.x
        seen.append(found)
    assert seen[1].ids == [*first.ids, "new"]
    assert seen[2].ids == [*first.ids[1:], "new", "d0"]  # what is written again is the newest
    assert seen[3].values[0] == -1
    assert "d2" not in seen[4].ids
    assert "d3" not in seen[5].ids
    assert seen[5].documents == DOCUMENTS - 1


def test_what_changes_no_document_leaves_it(collection: Collection) -> None:
    first = collection.projections.project(None, MANY)
    collection.snapshot()
    assert collection.delete("nobody").result() == 0
    assert collection.patch("nobody", {"n": 1}).result() is None
    assert collection.projections.project(None, MANY).x is first.x


def test_one_of_some_documents_does_not_take_the_place_of_the_kept_one_of_all(collection: Collection) -> None:
    ask = collection.projections.project
    some = ask(None, MANY, BELOW_9)
    assert ask(None, MANY, BELOW_9).x is some.x
    every = ask(None, MANY)
    assert ask(None, MANY, BELOW_9).ids == some.ids
    assert ask(None, MANY).x is every.x
    fewer = ask(None, 5)
    assert ask(None, 5).x is fewer.x


def test_between_a_commit_and_its_announcement_nothing_is_kept(tmp_path: Path) -> None:
    def at(point: str) -> None:
        if point == "after_commit" and armed.is_set():
            reached.set()
            assert release.wait(30)

    armed, reached, release = threading.Event(), threading.Event(), threading.Event()
    index = open_index(tmp_path, disk=PointedDisk(at))
    projections = index.collection().projections
    index.collection().put(document("a", 1)).result()
    before = projections.project(None, MANY)
    armed.set()
    written = index.collection().put(document("b", 2))
    assert reached.wait(30)
    assert projections.number is None
    between = [projections.project(None, MANY) for _ in range(2)]
    armed.clear()
    release.set()
    written.result()
    assert [one_.ids for one_ in between] == [["a", "b"]] * 2
    after = projections.project(None, MANY)
    assert projections.number is not None
    assert len({one_.state for one_ in (before, *between, after)}) == 4
    assert projections.project(None, MANY).x is after.x
    index.close()


def test_the_number_is_read_after_the_clock() -> None:
    clock = BusyClock(NOW)
    index = open_index(None, clock=clock)
    collection = index.collection()
    clock.meanwhile = lambda: collection.put(document("a", 1)).result()
    found = collection.projections.number
    assert collection.count() == 1
    assert found == collection.projections.number
    index.close()


def test_who_asks_no_longer_is_noticed_between_pages_of_keys(collection: Collection) -> None:
    with collection.store.readers.reading() as connection, watched(lambda: True), pytest.raises(StoppedError):
        keys_up_to(connection, DOCUMENTS)
