"""Histories that are recorded once and cut at any moment: lives on one folder, each ending well or by a kill."""

import random

import msgspec

from tests.index.cuts.life import BACKUP, COPY, DATA, KEYS, SETTINGS, Orders
from tests.index.torture.operations import DEFAULT, HOT, Operation

Steps = list[Operation]


class History(msgspec.Struct, frozen=True):
    """Lives in their order: the steps of each, and how it ends. `disk` names a folder whose flush is left out.

    The first ones, so many as are `whole`, are not cut.
    """

    name: str
    lives: tuple[tuple[tuple[Operation, ...], str], ...]
    whole: int = 0
    disk: str = ""

    def orders(self, root: str) -> list[Orders]:
        return [
            Orders(root, steps, ends=ends, disk=self.disk, seed=number)
            for number, (steps, ends) in enumerate(self.lives, 1)
        ]


def act(kind: str, collection: str = DEFAULT) -> Operation:
    return Operation(kind, collection)


def put(random_: random.Random, collection: str = DEFAULT, ids: tuple[str, ...] = ()) -> Operation:
    ids = ids or (random_.choice(HOT),)
    return Operation("put", collection, ids, tuple(random_.randrange(1 << 30) for _ in ids), random_.randint(1, 49))


def many(random_: random.Random, collection: str = DEFAULT, count: int = 12) -> Operation:
    return msgspec.structs.replace(put(random_, collection, tuple(random_.sample(HOT, count))), kind="many")


def patch(random_: random.Random, collection: str = DEFAULT) -> Operation:
    return Operation("patch", collection, (random_.choice(HOT),), n=random_.randrange(50))


def delete(random_: random.Random, collection: str = DEFAULT) -> Operation:
    return Operation("delete", collection, tuple(random_.sample(HOT, 3)))


def filtered(random_: random.Random, collection: str = DEFAULT) -> Operation:
    return Operation("filter", collection, n=random_.randint(1, 49))


def settings(thousandths: int, collection: str = DEFAULT) -> Operation:
    return Operation("put", collection, (SETTINGS,), (thousandths,))


def key(kind: str, name: str) -> Operation:
    return Operation(kind, KEYS, (name,), (0,))


def documents(seed: int) -> History:
    """Documents written alone and in batches, deleted, patched; logs that begin anew, kills in between."""
    random_ = random.Random(seed)
    first: Steps = [act("open"), *(put(random_) for _ in range(4)), many(random_, count=30), act("checkpoint")]
    first += [put(random_), patch(random_), delete(random_), settings(250), act("words"), many(random_)]
    second: Steps = [act("open"), many(random_), filtered(random_), put(random_), act("checkpoint"), put(random_)]
    second += [delete(random_), act("snapshot"), put(random_), settings(300), act("words")]
    third: Steps = [act("open"), *(random_.choice([put, patch, delete, many])(random_) for _ in range(8))]
    return History("documents", ((tuple(first), "kill"), (tuple(second), "close"), (tuple(third), "kill")))


def collections(seed: int) -> History:
    """Collections made, dropped and made again, the default one dropped too; kills in between."""
    random_ = random.Random(seed)
    first: Steps = [act("open"), put(random_), act("create", "other"), put(random_, "other"), many(random_)]
    first += [act("drop", "other"), act("create", "other"), put(random_, "other"), act("create", "third")]
    second: Steps = [act("open"), put(random_, "third"), act("drop"), put(random_), act("drop", "third")]
    second += [act("create", "third"), many(random_, "third"), settings(100, "third"), act("drop", "other")]
    third: Steps = [act("open"), act("drop"), many(random_), act("drop"), put(random_), delete(random_, "third")]
    return History("collections", ((tuple(first), "kill"), (tuple(second), "kill"), (tuple(third), "close")))


def restored(seed: int) -> History:
    """A backup, and what it takes the place of: a collection that was closed, killed, dropped, and changed after."""
    random_ = random.Random(seed)
    saved = many(random_)
    back = msgspec.structs.replace(saved, kind="restore")
    copies = [msgspec.structs.replace(back, collection=name) for name in (BACKUP, COPY)]
    first: Steps = [act("open"), saved, *copies, many(random_), put(random_)]
    second: Steps = [back, act("open"), put(random_), many(random_), act("checkpoint"), put(random_), delete(random_)]
    third: Steps = [back, act("open"), act("drop"), put(random_)]
    fourth: Steps = [back, act("open"), patch(random_), act("checkpoint"), put(random_)]
    ends = ("kill", "kill", "close", "kill")
    lives = (tuple(steps) for steps in (first, second, third, fourth))
    return History("restored", tuple(zip(lives, ends, strict=True)))


def keys(seed: int) -> History:
    """Keys added and revoked."""
    steps = [key("put", "one"), key("put", "two"), key("delete", "one"), key("put", "three"), key("delete", "two")]
    return History("keys", ((tuple(steps), "kill"), ((*steps, act("open"), act("close")), "kill")))


def made_before(seed: int) -> History:
    """Folders that a process made that was killed before it had their names on the disk."""
    random_ = random.Random(seed)
    folders = (str(DATA / "collections" / "other"), "access")
    made = tuple(Operation("mkdir", "", (folder,)) for folder in folders)
    steps: Steps = [act("create", "other"), key("put", "one"), key("put", "two"), key("delete", "one")]
    steps += [act("open"), put(random_, "other"), put(random_)]
    return History("made before", ((made, "kill"), (tuple(steps), "kill")), whole=1)


HISTORIES = (documents, collections, restored, keys, made_before)
