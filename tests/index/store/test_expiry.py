"""What has expired is there for nobody, from its instant on, whether it has been deleted yet or not; then it goes."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw
import msgspec
import numpy as np
import pytest

from index import (
    Collection,
    DamagedError,
    Document,
    DocumentError,
    Entry,
    Include,
    Index,
    Passages,
    Query,
    ReopenedError,
    StorageFullError,
    check_content,
)
from index.documents.document import MAX_EXPIRES_MS, entry_of
from index.store.group import Changes
from index.store.queries import single
from index.store.sweeping import PIECE_DOCUMENTS
from tests.index.fakes import ImpatientDisk, SetClock
from tests.index.harness import document, entry, open_index, passages, through_graph
from tests.index.vectors import NDIM, one

NOW = 1_800_000_000_000
INSTANT = NOW + 3_600_000
PATIENCE_S = 20.0
LASTING = {"lasting", "later"}
CHANGED = Changes(renamed=[1])  # something that may expire


def expiring(id_: str, seed: int, expires_ms: int | None, text: str = "", **metadata: Any) -> Document:
    return msgspec.structs.replace(document(id_, seed, text, **metadata), expires_ms=expires_ms)


def stored(collection: Collection) -> int:
    """How many documents the database holds, whoever may see them."""
    with collection.store.readers.reading() as connection:
        return int(single(connection, "SELECT count(*) FROM docs"))


def until(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end_s, "it never came to hold"
        time.sleep(0.005)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture(params=["disk", "memory"])
def index(request: pytest.FixtureRequest, tmp_path: Path, clock: SetClock) -> Iterator[Index]:
    found = open_index(tmp_path / "data" if request.param == "disk" else None, clock=clock)
    yield found
    found.close()


@pytest.fixture
def collection(index: Index) -> Collection:
    """A collection of which nothing is deleted when it expires, so that reads alone decide what is there.

    Two documents expire at the instant, one of them of three passages, and two are there after it.
    """
    index.collection().store.sweeper.close()
    return fill(index.collection())


@pytest.fixture
def swept(index: Index) -> Collection:
    """The same collection, and what expires is deleted."""
    return fill(index.collection())


def fill(found: Collection) -> Collection:
    several = Entry(
        check_content("several", "the text of several", {"n": 1, "tags": ["a"]}, INSTANT),
        passages("the text of several", [11, 12, 13]),
    )
    found.put_many(
        [
            expiring("passing", 1, INSTANT, n=1, tags=["a", "b"]),
            several,
            expiring("lasting", 2, None, n=1, tags=["a"]),
            expiring("later", 3, INSTANT + 1, n=2),
        ]
    ).result()
    return found


def seen(collection: Collection) -> list[set[str]]:
    """What each way of reading finds, where it would find everything."""
    row = one(11)
    queries = [
        Query(vector=row, threshold=-1),
        Query(vector=row, threshold=-1, filter={"n": {"$gte": 1}}),
        Query(mode="text", text="text"),
        Query(mode="text", text="text", filter={"n": {"$exists": True}}),
        Query(mode="hybrid", text="text", vector=row),
        Query(mode="hybrid", text="text", vector=row, fusion="rrf", filter={"$not": {"n": 3}}),
    ]
    every = ["passing", "several", "lasting", "later"]
    return [
        *({hit.id for hit in collection.search(query)} for query in queries),
        {found.id for found in collection.documents()},
        {found.id for found in collection.list_after(filter_={"n": {"$in": [1, 2]}})},
        {found.id for found in collection.list_after(filter_={"n": {"$ne": 5}})},
        {id_ for id_ in every if collection.get(id_, Include(vector=True)) is not None},
        set(collection.unchanged({id_: f"the text of {id_}" for id_ in every})),
    ]


def counts(collection: Collection) -> tuple[int, int, int]:
    return collection.count(), collection.count({"n": 1}), collection.count({"n": {"$ne": 5}})


def test_it_is_invisible_to_every_read_from_its_instant_on_though_it_is_stored(
    collection: Collection, clock: SetClock
) -> None:
    everyone = {"passing", "several", "lasting", "later"}
    clock.ms = INSTANT - 1
    assert seen(collection) == [everyone] * 11
    assert counts(collection) == (4, 3, 4)
    assert collection.facets(["n", "tags"])["n"].values == [(1, 3), (2, 1)]
    clock.ms = INSTANT
    assert seen(collection) == [LASTING] * 11
    assert counts(collection) == (2, 1, 2)
    facets = collection.facets(["n", "tags"])
    assert (facets["n"].values, facets["tags"].values) == ([(1, 1), (2, 1)], [("a", 1)])
    assert collection.facets(["n"], {"tags": {"$contains": "a"}})["n"].values == [(1, 1)]
    assert stored(collection) == 4  # or nothing of this was shown


def test_it_cannot_be_changed_and_nobody_deletes_it(collection: Collection, clock: SetClock) -> None:
    clock.ms = INSTANT
    assert collection.patch("passing", {"n": 5}).result() is None
    assert collection.delete_matching({"n": 1}).result() == 1
    assert collection.delete_many(["passing", "several", "later", "nobody"]).result() == 1
    assert collection.count() == 0


def test_a_clock_that_is_set_back_brings_nothing_back(collection: Collection, clock: SetClock) -> None:
    clock.ms = INSTANT
    assert collection.count() == 2
    clock.ms = NOW
    assert seen(collection) == [LASTING] * 11
    assert stored(collection) == 4


def test_what_has_expired_is_not_put_and_takes_the_one_of_its_id_along(collection: Collection) -> None:
    assert collection.put(expiring("lasting", 9, NOW)).result() == 1
    assert collection.put(expiring("nobody", 9, -5)).result() == 1
    assert [found.id for found in collection.documents()] == ["later", "passing", "several"]
    assert stored(collection) == 3
    assert collection.health().problems == ()


def test_the_instant_is_told_a_patch_keeps_it_and_a_put_replaces_it(collection: Collection, clock: SetClock) -> None:
    found = collection.get("passing")
    assert found is not None
    assert found.expires_ms == INSTANT
    assert {one_.id: one_.expires_ms for one_ in collection.documents()} == {
        "passing": INSTANT,
        "several": INSTANT,
        "later": INSTANT + 1,
        "lasting": None,
    }
    patched = collection.patch("passing", {"n": 7}).result()
    assert patched is not None
    assert (patched.expires_ms, patched.metadata["n"]) == (INSTANT, 7)
    collection.put(document("several", 5)).result()
    clock.ms = INSTANT
    assert collection.get("passing") is None
    kept = collection.get("several")
    assert kept is not None
    assert kept.expires_ms is None


def test_an_instant_after_the_year_9999_is_refused(collection: Collection) -> None:
    collection.put(expiring("far", 1, MAX_EXPIRES_MS)).result()
    with pytest.raises(DocumentError, match="9999"):
        collection.put(expiring("too far", 1, MAX_EXPIRES_MS + 1))


def test_many_are_deleted_in_pieces_with_all_that_belongs_to_them(swept: Collection, clock: SetClock) -> None:
    many = 2 * PIECE_DOCUMENTS + 10
    rows = [entry(f"many/{n}", [n] if n % 3 else [n, n + 1]) for n in range(many)]
    dated = [Entry(msgspec.structs.replace(one_.content, expires_ms=INSTANT), one_.passages) for one_ in rows]
    swept.put_many(dated).result()
    commits = swept.store.writer.commits
    clock.ms = INSTANT
    swept.put(document("new", 5)).result()  # whoever writes wakes the thread, which believes in real seconds
    until(lambda: stored(swept) == 3)
    assert swept.store.writer.commits - commits >= 3  # one of which may be shared with the writer
    assert swept.wait_until_viewed(30)
    assert swept.wait_for_words(30)
    assert swept.health().problems == ()
    with swept.store.readers.reading() as connection:
        for table in ("vectors", "attr", "passages", "stale"):
            rows_left = single(connection, f"SELECT count(*) FROM {table}")
            assert rows_left <= 4, table
    assert swept.stats().documents == 3
    assert not swept.store.failed


def test_it_is_deleted_when_its_time_comes_and_nobody_writes() -> None:
    index = open_index(None)
    collection = index.collection()
    collection.put(expiring("soon", 1, int(time.time() * 1000) + 300)).result()
    assert stored(collection) == 1
    until(lambda: stored(collection) == 0)
    index.close()


def test_after_a_restart_it_is_gone_at_once(tmp_path: Path, clock: SetClock) -> None:
    index = open_index(tmp_path, clock=clock)
    index.collection().put_many([expiring("passing", 1, INSTANT), document("lasting", 2)]).result()
    index.close()
    index = open_index(tmp_path, clock=SetClock(INSTANT))
    collection = index.collection()
    assert collection.get("passing") is None
    assert [found.id for found in collection.documents()] == ["lasting"]
    until(lambda: stored(collection) == 1)
    assert collection.health().problems == ()
    index.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_its_thread_shows(index: Index, swept: Collection, clock: SetClock) -> None:
    assert index.well
    clock.fault = RuntimeError("no time")
    swept.delete("lasting").exception(10)
    with suppress(ReopenedError):  # which may be under way by now
        swept.put(document("any", 1)).exception(10)
    swept.store.sweeper.applied(CHANGED)
    until(lambda: not index.well)
    assert swept.stats().state == "failed"
    clock.fault = None


def test_a_disk_that_refuses_is_tried_again(tmp_path: Path, clock: SetClock) -> None:
    index = open_index(tmp_path, ImpatientDisk(), clock=clock)
    collection = index.collection()
    collection.put(expiring("passing", 1, INSTANT)).result()
    taken = apsw.Connection(str(tmp_path / "collections" / "default" / "documents.sqlite"))
    taken.execute("BEGIN IMMEDIATE")
    clock.ms = INSTANT
    with pytest.raises(StorageFullError):
        collection.put(document("refused", 2)).result()
    collection.store.sweeper.applied(CHANGED)
    assert collection.get("passing") is None
    taken.execute("ROLLBACK")
    taken.close()
    until(lambda: stored(collection) == 0)
    assert index.well
    index.close()


@pytest.mark.parametrize("fingerprint", ["model-a", "model-b"])
def test_a_reindex_keeps_the_instant(tmp_path: Path, clock: SetClock, fingerprint: str) -> None:
    """Of the same model the document is written again, of another it gets another key, as its passages are others."""
    index = open_index(tmp_path, clock=clock)
    one_ = entry("passing", [1, 2], cutting=2)
    index.collection().put(Entry(msgspec.structs.replace(one_.content, expires_ms=INSTANT), one_.passages)).result()
    index.close()
    clock = SetClock(NOW)
    index = open_index(tmp_path, fingerprint=fingerprint, clock=clock)
    collection = index.collection()
    reindex = collection.reindex()
    (lacking,) = reindex.texts(5)
    reindex.put({lacking.key: passages(lacking.text, [3, 4, 5], cutting=1)}).result()
    assert reindex.finish()
    found = collection.get("passing", Include(passages=True))
    assert found is not None
    assert (found.expires_ms, len(found.passages or ())) == (INSTANT, 3)
    assert collection.health().problems == ()
    clock.ms = INSTANT
    assert collection.get("passing") is None
    assert collection.count() == 0
    index.close()


@pytest.mark.parametrize("change", ["expires = NULL", "expires = expires + 1", "digest = 1"])
def test_an_instant_or_a_digest_that_is_not_as_it_was_written_is_damage(tmp_path: Path, change: str) -> None:
    clock = SetClock(NOW)
    index = open_index(tmp_path, clock=clock)
    collection = index.collection()
    collection.put(expiring("passing", 1, INSTANT)).result()
    collection.store.writer.submit(lambda connection, _: connection.execute(f"UPDATE docs SET {change}"), 0).result()
    if not change.startswith("digest"):  # by which a text may be missed, and none taken for another
        with pytest.raises(DamagedError, match="checksum"):
            collection.get("passing")
    assert any("'passing' (key 1) is damaged" in problem for problem in collection.health().problems)
    index.close()


def test_an_instant_of_another_kind_is_damage_at_the_start(tmp_path: Path, clock: SetClock) -> None:
    index = open_index(tmp_path, clock=clock)
    index.collection().put(expiring("passing", 1, INSTANT)).result()
    index.close()
    connection = apsw.Connection(str(tmp_path / "collections" / "default" / "documents.sqlite"))
    connection.execute("UPDATE docs SET expires = 'soon'")
    connection.close()
    with pytest.raises(DamagedError, match="no instant"):
        open_index(tmp_path, clock=clock)


def test_no_read_sees_what_had_expired_when_it_began() -> None:
    """Documents are put that expire within milliseconds; reads that run beside that compare with the clock."""
    index = open_index(None)
    collection = index.collection()
    clock = collection.store.clock
    stop = threading.Event()

    def put() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            soon = clock.now_ms() + number % 40
            collection.put_many([expiring(f"{number % 50}", number, soon), document("lasting", 1)]).result()

    thread = threading.Thread(target=put)
    thread.start()
    rounds, found, end_s = 0, 0, time.monotonic() + PATIENCE_S
    try:
        while (rounds < 400 or found < 20) and time.monotonic() < end_s:
            rounds += 1
            before = clock.now_ms()
            page = collection.list_after()
            assert all(one_.expires_ms is None or one_.expires_ms > before for one_ in page)
            assert "lasting" in {one_.id for one_ in page} or not page
            found += len(page) > 1
    finally:
        stop.set()
        thread.join()
    assert found, f"no document was seen before it expired, in {rounds} rounds"
    assert collection.store.failed is False
    index.close()


def test_an_instant_is_known_before_its_document_can_be_seen(index: Index) -> None:
    """Or a read that begins between the commit and what follows it would see a document that had expired."""
    store, known = index.collection().store, []
    put = entry_of(expiring("passing", 1, INSTANT), NDIM)

    def work(connection: apsw.Connection, changes: Changes) -> None:
        store.insert(connection, [put], changes)
        known.append(store.writer.next_expiry_ms)
        raise ValueError("not written after all")

    with pytest.raises(ValueError, match="after all"):
        store.writer.submit(work).result()
    assert known == [INSTANT]
    index.collection().put(document("lasting", 1)).result()
    assert store.writer.next_expiry_ms is None


def test_searches_through_the_graph_leave_out_what_has_expired(collection: Collection, clock: SetClock) -> None:
    collection.put_many([expiring(f"{n}", 100 + n, INSTANT if n % 2 else None) for n in range(300)]).result()
    assert collection.wait_until_viewed(30)
    clock.ms = INSTANT
    condition = collection.store.reads.lasting()
    assert condition is not None
    assert collection.store.reads.lasting() == condition
    hits = collection.search(Query(vector=one(101), top_k=1000, threshold=-1))
    assert {hit.id for hit in hits} == LASTING | {str(n) for n in range(0, 300, 2)}
    assert through_graph(collection, Query(vector=one(101), top_k=1))[0].id == "1"  # which shows that it is there


def test_nothing_is_added_to_a_read_where_nothing_has_expired(collection: Collection, clock: SetClock) -> None:
    assert collection.store.reads.lasting() is None
    clock.ms = INSTANT
    assert collection.store.reads.lasting() is not None
    collection.delete_many(["passing", "several"]).result()
    assert collection.store.reads.lasting() is None


def test_a_document_put_again_without_an_instant_outlives_the_first(swept: Collection, clock: SetClock) -> None:
    swept.put(document("passing", 1)).result()
    clock.ms = INSTANT
    swept.put(document("wakes", 1)).result()
    until(lambda: stored(swept) == 4)
    assert {found.id for found in swept.documents()} == LASTING | {"passing", "wakes"}


def test_the_rows_of_one_that_expires_are_those_that_were_given(collection: Collection) -> None:
    found = collection.get("several", Include(vector=True, passages=True))
    assert found is not None
    rows = np.stack([one_.vector for one_ in found.passages or () if one_.vector is not None])
    assert (rows == Passages(np.stack([one(11), one(12), one(13)])).rows).all()
