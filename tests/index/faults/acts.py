"""The operations of which every call is made to fail once. Each opens what it needs, arms, and does one thing."""

from collections.abc import Callable

import msgspec

from index import Document, SettingsChange
from tests.index.faults.life import NOW_MS, WAIT_S, Life
from tests.index.torture.operations import DEFAULT, Model, Operation, vectors
from tests.index.vectors import one

OTHER, THIRD = "other", "third"
COPIED = "copied"  # where a backup goes, beside the data folder
IDS = [f"id/{number}" for number in range(24)]
LONG = [seed for seed in range(100) if len(vectors(seed, Model(0))) == 4]  # of four passages each
LOG_BYTES = 4_040_000  # of the write-ahead log, a little before SQLite moves it into the database


class Act(msgspec.Struct, frozen=True):
    """What to do in a folder as `stage` leaves it; `collection` is where it is done; "" is no index."""

    do: Callable[[Life], object]
    stage: str = "filled"
    collection: str = DEFAULT
    model: Model = Model(0)
    settings: bool = False  # whether it changes them


def open_folder(life: Life) -> None:
    life.arm()
    life.open()


def put_one(life: Life) -> None:
    life.opened()
    life.put(["new/1"], [1])


def put_batch(life: Life) -> None:
    life.opened()
    life.put([*IDS[:10], *(f"new/{number}" for number in range(10))], range(100, 120), 2)


def put_passages(life: Life) -> None:
    life.opened()
    life.put(["new/long", IDS[3]], LONG[:2], 3)


def put_twice(life: Life) -> None:
    life.opened()
    life.put([IDS[0]], [200])
    life.put([IDS[0], "new/1"], [201, 202])


def delete(life: Life) -> None:
    index = life.opened()
    life.attempt(Operation("delete", DEFAULT, (IDS[5],)), lambda: index.collection().delete(IDS[5]).result(WAIT_S))


def delete_by_filter(life: Life) -> None:
    index = life.opened()
    life.attempt(Operation("filter", DEFAULT, n=1), lambda: index.collection().delete_matching({"n": 1}).result())


def patch(life: Life) -> None:
    index = life.opened()
    operation = Operation("patch", DEFAULT, (IDS[6],), n=9)
    life.attempt(operation, lambda: index.collection().patch(IDS[6], {"p": 9}).result(WAIT_S))


def create(life: Life) -> None:
    index = life.opened()
    if life.attempt(Operation("create", THIRD), lambda: index.create(THIRD)):
        life.put(["third/1"], [5], collection=THIRD)


def drop(name: str) -> Callable[[Life], None]:
    def act(life: Life) -> None:
        index = life.opened()
        life.attempt(Operation("drop", name), lambda: index.drop(name))

    return act


def create_again(life: Life) -> None:
    index = life.opened()
    if life.attempt(Operation("drop", OTHER), lambda: index.drop(OTHER)) and life.attempt(
        Operation("create", OTHER), lambda: index.create(OTHER)
    ):
        life.put(["again/1"], [5], collection=OTHER)


def change_settings(life: Life) -> None:
    index = life.opened()
    change = SettingsChange(passages=None, threshold=0.25)
    life.attempt(Operation("settings", DEFAULT), lambda: index.collection().configure(change).result(WAIT_S))


def rebuild_words(life: Life) -> None:
    index = life.opened()
    change = SettingsChange(language="german")
    life.attempt(Operation("settings", DEFAULT), lambda: index.collection().configure(change).result(WAIT_S))
    index.collection().wait_for_words(2)


def commit_words(life: Life) -> None:
    index = life.opened()
    life.put(["new/1", "new/2"], [7, 8])
    life.attempt(Operation("delete", DEFAULT, (IDS[1],)), lambda: index.collection().delete(IDS[1]).result(WAIT_S))
    index.collection().wait_for_words(2)


def reindex(life: Life) -> None:
    life.opened()
    life.reindex()


def snapshot(life: Life) -> None:
    index = life.opened()
    life.put(["new/1", "new/2"], [7, 8])
    index.collection().snapshot()
    index.collection().wait_until_viewed(WAIT_S)


def checkpoint(life: Life) -> None:
    assert life.open()
    log, count = life.data / "collections" / DEFAULT / "documents.sqlite-wal", 0
    while not log.exists() or log.stat().st_size < LOG_BYTES:
        count += 1
        life.put([f"more/{number}" for number in range(60)], range(count, count + 60), 4)
    life.arm()
    for number in range(4):
        life.put([f"last/{number}", IDS[number]], [300 + number, 400 + number], 5)


def close(life: Life) -> None:
    index = life.opened()
    life.put(["new/1"], [1])
    life.attempt(Operation("close", ""), index.close)
    life.index = None


def back_up(life: Life) -> None:
    index = life.opened()
    life.attempt(Operation("backup", ""), lambda: index.backup(life.folder / COPIED))


def expire(life: Life) -> None:
    assert life.open()
    collection = life.get().collection()
    passing = [
        Document(f"passing/{number}", "word0", {"n": 1}, one(number), expires_ms=NOW_MS + 1_000) for number in range(30)
    ]
    collection.put_many(passing).result(WAIT_S)
    life.arm()
    life.clock.ms = NOW_MS + 2_000
    life.put(["new/1"], [1])  # whose commit has the sweeper look at the clock
    life.put(["new/2"], [2])


OF_THE_INDEX = {
    "open a new folder": Act(open_folder, "empty"),
    "open": Act(open_folder),
    "open with a log to recover": Act(open_folder, "killed"),
    "put": Act(put_one),
    "put a batch": Act(put_batch),
    "put passages": Act(put_passages),
    "put twice": Act(put_twice),
    "delete": Act(delete),
    "delete by filter": Act(delete_by_filter),
    "patch": Act(patch),
    "create": Act(create, collection=THIRD),
    "drop": Act(drop(OTHER), collection=OTHER),
    "drop default": Act(drop(DEFAULT)),
    "drop and create": Act(create_again, collection=OTHER),
    "change settings": Act(change_settings, settings=True),
    "rebuild words": Act(rebuild_words, settings=True),
    "commit words": Act(commit_words),
    "reindex": Act(reindex, model=Model(1)),
    "snapshot": Act(snapshot),
    "checkpoint": Act(checkpoint),
    "close": Act(close),
    "backup": Act(back_up),
    "expire": Act(expire),
}
