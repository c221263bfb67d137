"""The process that is killed: writes what it is about to do, does it, writes what was acknowledged.

A line that was written survives SIGKILL in the kernel's memory. On standard output it says what it has come to, for
whoever waits there to kill it; at a named point it kills itself.
"""

import os
import random
import signal
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec

from index import Index
from tests.index.fakes import PointedDisk
from tests.index.torture.operations import (
    Model,
    Operation,
    base_operations,
    computed,
    encode,
    made,
    operations,
)
from tests.index.vectors import NDIM

IN_FLIGHT = 4
MAX_OPERATIONS = 400
SNAPSHOT_EVERY = 40
BACKUP_EVERY = 25
REINDEXED_TEXTS = 500
PATIENCE_S = 60
# What is acknowledged and never done, so that the harness can show that it notices.
LIES = {"lose": {"put", "many"}, "keep": {"delete"}}


class Orders(msgspec.Struct, frozen=True):
    """What a victim is told: to kill itself at the point, if one is named, and to lie where the harness is tried."""

    folder: str
    log: str
    backups: str
    seed: int
    model: Model
    moment: str = "ready"
    fill: bool = False
    lie: str = ""


class Victim:
    """One life. Lines of the log are numbered as the operations are."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._log = os.open(orders.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        random_ = random.Random(orders.seed)
        self._left = random_.randint(1, 60) if orders.moment == "after_commit" else random_.randint(1, 3)
        self._number = 0
        self._waiting: list[tuple[int, Future[Any]]] = []
        self.say("opening")
        model, disk = orders.model, PointedDisk(self._at)
        self._index = Index(Path(orders.folder), model.fingerprint, NDIM, model.variant, disk)
        names = self._index.names()
        if not self._index.collection().foreign:
            for loading in (self._index.collection(name).memory.loading for name in names):
                assert loading is None or loading.wait(PATIENCE_S)
            rejected = {name: self._index.collection(name).stats().rejected_snapshots for name in names}
            self.write({"rejected": [f"{name}/{line}" for name, lines in rejected.items() for line in lines]})
        self.say("ready")

    def _at(self, point: str) -> None:
        self._left -= point == self._orders.moment
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def say(self, come_to: str) -> None:
        os.write(1, f"{come_to}\n".encode())

    def write(self, line: dict[str, object]) -> None:
        os.write(self._log, encode(line))

    def live(self) -> None:
        """Do everything; nobody who is killed gets to the end."""
        if self._orders.moment == "opening":
            signal.pause()
        names = self._index.names()
        for name in names:
            if self._index.collection(name).foreign or self._orders.moment == "recutting":
                self._reindex(name)
        if self._orders.fill:
            for operation in base_operations():
                self._do(operation)
            self._index.collection().wait_until_viewed()
            self._index.collection().snapshot()
            self._index.collection().wait_until_viewed()
        else:
            self._write_on(set(names))
        self.say("closing")
        self._settle(0)
        self._index.close()
        self.say("closed")
        if self._orders.fill:
            sys.exit(0)
        signal.pause()

    def _write_on(self, present: set[str]) -> None:
        orders = self._orders
        emphasis = {"creating": "create", "dropping": "drop"}.get(orders.moment, "")
        acts = operations(orders.seed, orders.model.generation, present, emphasis)
        most = 20 if orders.moment in {"closing", "closed"} else MAX_OPERATIONS
        for count, operation in zip(range(most), acts, strict=False):
            self._do(operation)
            if count % SNAPSHOT_EVERY == SNAPSHOT_EVERY - 1:
                self._index.collection().snapshot()
            if orders.moment == "backing_up" and count % BACKUP_EVERY == BACKUP_EVERY - 1:
                threading.Thread(target=self._back_up, args=(count,), daemon=True).start()

    def _do(self, operation: Operation) -> None:
        number, self._number = self._number, self._number + 1
        self.write({"intent": number, "operation": operation})
        if operation.kind == "create":
            self.say("creating")
            self._index.create(operation.collection)
            self.write({"acknowledged": number})
        elif operation.kind == "drop":
            self.say("dropping")
            self._index.drop(operation.collection)
            self.write({"acknowledged": number})
        elif operation.kind in LIES.get(self._orders.lie, ()):
            self.write({"acknowledged": number})
        else:
            self._waiting.append((number, self._submit(operation)))
            if self._orders.lie == "invent":
                self._submit(msgspec.structs.replace(operation, kind="put", ids=(f"invented/{number}",), seeds=(1,)))
            self._settle(IN_FLIGHT - 1)

    def _settle(self, most: int) -> None:
        while len(self._waiting) > most:
            number, future = self._waiting.pop(0)
            future.result()
            self.write({"acknowledged": number})

    def _submit(self, operation: Operation) -> Future[Any]:
        collection, ids, n = self._index.collection(operation.collection), operation.ids, operation.n
        match operation.kind:
            case "put" | "many":
                pairs = zip(ids, operation.seeds, strict=True)
                return collection.put_many([made(id_, (seed, {"n": n}), self._orders.model) for id_, seed in pairs])
            case "patch":
                return collection.patch(ids[0], {"p": n})
            case "delete":
                return collection.delete(ids[0])
        self._settle(0)  # it looks for what is there now, and only then writes
        done: Future[Any] = Future()
        done.set_result(collection.delete_matching({"n": n}).result())
        return done

    def _reindex(self, name: str) -> None:
        """Exchange all vectors for those of this victim's model, or cut each text as it does."""
        model, collection = self._orders.model, self._index.collection(name)
        number, self._number = self._number, self._number + 1
        self.write({"intent": number, "operation": Operation("reindex", name, generation=model.generation)})
        self.say("reindexing" if collection.foreign else "recutting")
        reindex = collection.reindex()
        while texts := reindex.texts(REINDEXED_TEXTS):
            reindex.put({one.key: computed(one.text, model) for one in texts}).result()
        self.say("exchanging")
        assert reindex.finish()
        self.write({"acknowledged": number})

    def _back_up(self, number: int) -> None:
        self.write({"backup": number})
        self.say("backing_up")
        self._index.backup(Path(self._orders.backups) / str(number))
        self.write({"backed_up": number})


def main() -> None:
    Victim(msgspec.json.decode(sys.argv[1], type=Orders)).live()


if __name__ == "__main__":
    main()
