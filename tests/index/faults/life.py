"""The life of a child: says what it is about to do, does it, says what came of it.

A line is `intent` with the operation, `acknowledged` or `refused` with its number, `seen` with what the child itself
finds in its collections, or `found` with what should not be.
"""

import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Never

import msgspec

from index import DamagedError, Index, IndexRoomError, Query
from index.commands.errors import CommandError
from index.store.disk import Disk
from index.store.layout import DROPPED, LEAVING
from server.contract.errors import SettingsError
from tests.index.fakes import SetClock
from tests.index.faults.orders import Orders
from tests.index.torture.inspection import Inspection, contents_of
from tests.index.torture.operations import DEFAULT, Operation, computed, encode, made
from tests.index.torture.victim import LIES
from tests.index.vectors import NDIM
from tests.syscalls.marks import mark, plan

WAIT_S = 20.0
# What says to its caller that the operation was refused; anything else is a fault of ours.
REFUSALS = (IndexRoomError, CommandError, SettingsError)
NOW_MS = 1_700_000_000_000


# Lies beside those of the torture: what is put is acknowledged before its commit; what undoes a drop deletes.
EARLY, FORGET = "early", "forget"


class ForgetfulDisk(Disk):
    """Deletes a collection that was on its way out instead of bringing it back."""

    def rename(self, path: Path, target: Path) -> None:
        if path.name.startswith(LEAVING) and not target.name.startswith(DROPPED):
            shutil.rmtree(path)
            path.mkdir()
        super().rename(path, target)


class Life:
    """From its orders to its end, which is of the kind that the orders say."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.folder = Path(orders.folder)
        self.data = self.folder / "data"
        self.clock = SetClock(NOW_MS)
        self.index: Index | None = None
        self._number = 0
        self._log = os.open(orders.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        threading.excepthook = lambda given: self.mourn(given.exc_value)
        plan(orders.spec, Path(orders.report))

    def write(self, line: dict[str, object]) -> None:
        os.write(self._log, encode(line))

    def find(self, what: str, said: str) -> None:
        self.write({"found": what, "said": said})

    def mourn(self, error: BaseException | None) -> None:
        """Say that a thread has died; of a read that fails SQLite says that the file is damaged, and so do we."""
        if not (isinstance(error, DamagedError) and self.orders.spec.startswith("read:")):
            self.find("thread died", repr(error))

    def arm(self) -> None:
        mark("arm")

    def attempt(self, operation: Operation, act: Callable[[], Any]) -> bool:
        """Do it, and say so; what is refused with an error that its caller could not know is found."""
        number, self._number = self._number, self._number + 1
        self.write({"intent": number, "operation": operation})
        try:
            if operation.kind not in LIES.get(self.orders.lie, ()):
                act()
        except REFUSALS as error:
            self.write({"refused": number, "said": f"{type(error).__name__}: {error}"})
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what the sweep looks for
            self.find("stray error", "".join(traceback.format_exception(error)[-4:]))
            return False
        self.write({"acknowledged": number})
        return True

    def open(self) -> bool:
        def act() -> None:
            model = self.orders.model
            disk = ForgetfulDisk() if self.orders.lie == FORGET else Disk()
            self.index = Index(self.data, model.fingerprint, NDIM, model.variant, disk, self.clock)

        return self.attempt(Operation("open", ""), act)

    def opened(self) -> Index:
        """Open, have the threads come to rest, and arm what is to fail."""
        assert self.open()
        index = self.get()
        for name in index.names():
            assert index.collection(name).wait_for_words(WAIT_S)
            assert index.collection(name).wait_until_viewed(WAIT_S)
        self.arm()
        return index

    def get(self) -> Index:
        assert self.index is not None
        return self.index

    def put(self, ids: Sequence[str], seeds: Sequence[int], n: int = 1, collection: str = DEFAULT) -> bool:
        operation = Operation("put", collection, tuple(ids), tuple(seeds), n, self.orders.model.generation)
        pairs = list(zip(ids, seeds, strict=True))

        def act() -> None:
            entries = [made(id_, (seed, {"n": n}), self.orders.model) for id_, seed in pairs]
            written = self.get().collection(collection).put_many(entries)
            if self.orders.lie != EARLY:
                written.result(WAIT_S)

        return self.attempt(operation, act)

    def reindex(self) -> bool:
        """Exchange the vectors of the default collection for those of the orders' model."""

        def act() -> None:
            reindex = self.get().collection().reindex()
            while texts := reindex.texts(100):
                reindex.put({one.key: computed(one.text, self.orders.model) for one in texts}).result(WAIT_S)
            assert reindex.finish()

        return self.attempt(Operation("reindex", DEFAULT, generation=self.orders.model.generation), act)

    def end(self, collection: str) -> Never:
        """Look around, go on writing, and end as the orders say."""
        mark("disarm")
        if self.orders.ending == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if not collection:
            os._exit(0)
        if self.index is None and not self.open():
            self.find("not back", "the folder does not open though nothing fails any more")
        if self.index is not None:
            self.wait()
            self.see()
            self.go_on(collection)
            self.see()
        if self.orders.ending == "closed" and self.index is not None:
            self.attempt(Operation("close", ""), self.index.close)
            os._exit(0)
        os.kill(os.getpid(), signal.SIGKILL)
        sys.exit()

    def wait(self) -> None:
        """Wait until everything is mended, which nothing hinders any more."""
        end_s = time.monotonic() + WAIT_S
        while not self.get().well and time.monotonic() < end_s:
            time.sleep(0.01)

    def see(self) -> None:
        """Say what is in the collections, as this process finds it."""
        index, found = self.get(), Inspection()
        try:
            state = {
                name: msgspec.to_builtins(contents_of(index.collection(name), found))
                for name in index.names()
                if index.well
            }
        except REFUSALS as error:
            self.find("not back", f"reading: {error}")
            return
        self.write({"seen": state if index.well else None})
        for problem in found.problems:
            self.find("problem", problem)

    def go_on(self, collection: str) -> None:
        """Write where the operation was, and elsewhere."""
        index = self.get()
        if not index.well:
            self.find("not well", "the index says that a part of it has ended")
            return
        if index.collection().foreign:
            self.reindex()
        for name in {DEFAULT, collection} & set(index.names()):
            id_ = f"after/{name}"
            if not self.put([id_], [77], collection=name):
                self.find("not back", f"{name}: nothing can be put though nothing fails any more")
            elif id_ not in {hit.id for hit in index.collection(name).search(Query(mode="text", text="word77"))}:
                self.find("not back", f"{name}: what was put is not found by its words")
