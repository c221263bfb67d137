"""What a process does whose system calls are recorded: the steps of a history, or the look at what a cut has left.

Each step is marked before and after, as the victim of the kills writes it. Everything lies below one folder: the data
folder two levels down, a backup, and the file of keys. What is mapped is copied at each mark.
"""

import argparse
import json
import os
import random
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import apsw
import msgspec

from index import Index, SettingsChange
from index.commands import backup, restore
from index.commands.terminal import Terminal
from index.store.disk import Disk
from index.store.layout import COLLECTIONS, DATABASE_FILE
from server.access.key import new_key
from server.access.key_file import changing, read_keys
from tests.index.cuts.images import SHM_SUFFIX
from tests.index.cuts.past import MARK
from tests.index.torture.inspection import Inspection, look_at
from tests.index.torture.operations import DEFAULT, Contents, Model, Operation, encode, made
from tests.index.torture.victim import IN_FLIGHT
from tests.index.vectors import NDIM
from tests.syscalls.marks import mark

DATA, KEYS_FILE = Path("home") / "data", Path("access") / "keys.json"
KEYS = "#keys"  # stands for a collection, whose documents are the names of keys
BACKUP, COPY = "#backup", "#copy"  # what a running index and the command have written, each of the default collection
SETTINGS = "#settings"  # stands for a document, whose seed is the threshold in thousandths
MODEL = Model(0)
LOOKED_AT = 3  # documents of a collection that are searched for
RENAMES = "renames"
# What changes no document: of these only the beginning is said.
UNSEEN = {"open", "close", "checkpoint", "snapshot", "words", "inspect", "mkdir"}


class Orders(msgspec.Struct, frozen=True):
    """What a process is to do below `root`, which `ends` by closing or by a kill. `disk` names one that leaves out."""

    root: str
    steps: tuple[Operation, ...]
    inspect: bool = False
    ends: str = "kill"
    disk: str = ""
    seed: int = 0


class Found(msgspec.Struct):
    """What was there at the beginning, if that was asked for; `error` says why all was not done."""

    inspection: Inspection | None = None
    error: str = ""


class ForgetfulDisk(Disk):
    """Leaves out the flush of folders of this name; or, by the name of RENAMES, the one that follows a rename."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._renamed = False

    def rename(self, path: Path, target: Path) -> None:
        super().rename(path, target)
        self._renamed = True

    def synchronize(self, path: Path) -> None:
        left_out = self._renamed if self._name == RENAMES else path.name == self._name
        self._renamed = False
        if not left_out:
            super().synchronize(path)


class SilentTerminal(Terminal):
    """Prints nothing: standard output is for whoever gave the orders."""

    def answer(self, line: str) -> None:
        pass

    def say(self, line: str) -> None:
        pass


class Life:
    """One life of a process."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._root = Path(orders.root)
        self._number = 0
        self._waiting: list[tuple[int, Future[Any]]] = []
        self._index: Index | None = None
        self._copied: dict[str, bytes] = {}

    @property
    def index(self) -> Index:
        assert self._index is not None
        return self._index

    def live(self) -> Found:
        found = Found()
        if self._orders.inspect:
            found.inspection = Inspection()
            self._do(Operation("open", ""))
            self._say({"act": "inspect"})
            look_at(self.index, found.inspection, random.Random(self._orders.seed), LOOKED_AT)
            self._add_others(found.inspection)
        for step in self._orders.steps:
            self._do(step)
        self._settle(0)
        if self._orders.ends == "close" and self._index is not None:
            self._do(Operation("close", ""))
        return found

    def _add_others(self, found: Inspection) -> None:
        """Put what is no document among the documents."""
        for name, contents in found.state.items():
            threshold = self.index.collection(name).settings.threshold
            if isinstance(threshold, float):
                contents.documents[SETTINGS] = (round(threshold * 1000), {"n": 0})
        names = [key.name for key in read_keys(self._root / KEYS_FILE) or ()]
        found.state[KEYS] = Contents(0, {name: (0, {"n": 0}) for name in names})
        for name in (BACKUP, COPY):
            if (copied := copied_in(self._root / name)) is not None:
                found.state[name] = copied

    def _say(self, line: dict[str, object]) -> None:
        copies = {}
        for file in sorted((self._root / DATA / COLLECTIONS).glob(f"*/*{SHM_SUFFIX}")):
            inode, content = str(file.stat().st_ino), file.read_bytes()
            if self._copied.get(inode) != content:
                self._copied[inode] = copies[inode] = content
        if copies:
            mark(MARK + msgspec.json.encode(copies).decode())
        mark(encode(line).decode().strip())

    def _do(self, step: Operation) -> None:
        if step.kind in UNSEEN:
            if step.kind != "open":
                self._settle(0)
            self._say({"act": step.kind})
            self._act(step)
            self._say({"done": step.kind})
            return
        number, self._number = self._number, self._number + 1
        number += (self._orders.seed % 1_000_000) * 1_000
        self._say({"intent": number, "operation": step})
        if step.kind == "create" and self._index is None:  # its folder is there: the next start makes it a collection
            self._waiting.append((number, Future()))
            self._waiting[-1][1].set_result(None)
        elif step.collection == KEYS or step.kind in {"create", "drop", "restore"}:
            self._change(step)
            self._say({"acknowledged": number})
        else:
            self._waiting.append((number, self._submit(step)))
            self._settle(IN_FLIGHT - 1)

    def _settle(self, most: int) -> None:
        while len(self._waiting) > most:
            number, future = self._waiting.pop(0)
            future.result()
            self._say({"acknowledged": number})

    def _act(self, step: Operation) -> None:
        """Do what changes no document."""
        name = step.collection or DEFAULT
        match step.kind:
            case "open":
                disk = ForgetfulDisk(self._orders.disk)
                self._index = Index(self._root / DATA, MODEL.fingerprint, NDIM, MODEL.variant, disk)
            case "close":
                self.index.close()
            case "mkdir":
                (self._root / step.ids[0]).mkdir(parents=True)
            case "checkpoint":
                connection = apsw.Connection(str(self._root / DATA / COLLECTIONS / name / DATABASE_FILE))
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                connection.close()
            case "snapshot":
                self.index.collection(name).snapshot()
                self.index.collection(name).wait_until_viewed()
            case "words":
                self.index.collection(name).wait_for_words()

    def _change(self, step: Operation) -> None:
        """Do what is done when the call returns."""
        if step.kind != "create" and self._index is not None:
            self._settle(0)
        if step.kind == "create":
            self.index.create(step.collection)
        elif step.kind == "drop":
            self.index.drop(step.collection)
        elif step.collection == BACKUP:
            self.index.backup(self._root / BACKUP)
        elif step.collection == COPY:
            copying = argparse.Namespace(target=self._root / COPY, data=self._root / DATA, collection=None)
            assert backup.run(copying, SilentTerminal()) == 0
        elif step.kind == "restore":
            paths = {"backup": self._root / BACKUP, "data": self._root / DATA}
            options = argparse.Namespace(**paths, collection=step.collection, replace=True)
            assert restore.run(options, SilentTerminal()) == 0
        else:
            with changing(self._root / KEYS_FILE) as keys:
                keys[:] = [key for key in keys if key.name not in step.ids]
                if step.kind == "put":
                    keys += [new_key(name, ("embed",))[0] for name in step.ids]

    def _submit(self, step: Operation) -> Future[Any]:
        collection, ids, n = self.index.collection(step.collection), step.ids, step.n
        match step.kind:
            case "put" if ids == (SETTINGS,):
                return collection.configure(SettingsChange(threshold=step.seeds[0] / 1000))
            case "put" | "many":
                pairs = zip(ids, step.seeds, strict=True)
                return collection.put_many([made(id_, (seed, {"n": n}), MODEL) for id_, seed in pairs])
            case "patch":
                return collection.patch(ids[0], {"p": n})
            case "delete":
                return collection.delete_many(ids)
        deletion = collection.delete_matching({"n": n})
        if batches := deletion.batches():
            (found,) = batches
            return deletion.remove(found)
        nothing: Future[Any] = Future()
        nothing.set_result(0)
        return nothing


def copied_in(folder: Path) -> Contents | None:
    """Return what a backup holds of the default collection, if it does."""
    database = folder / COLLECTIONS / DEFAULT / DATABASE_FILE
    if not database.exists():
        return None
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    rows = connection.execute("SELECT id, text, CAST(metadata AS TEXT) FROM docs").fetchall()
    connection.close()
    facts = {str(id_): (int(str(text).removeprefix("word")), json.loads(str(metadata))) for id_, text, metadata in rows}
    return Contents(0, facts)


def live(orders: Orders) -> Found:
    """Do what is ordered; what goes wrong is told."""
    try:
        return Life(orders).live()
    except BaseException as error:  # noqa: BLE001 - the process's outermost frame: whoever waits must hear of it
        return Found(error=f"{type(error).__name__}: {error}")


def end(status: int = 0) -> None:
    """End at once, as by a kill: nothing is closed, nothing flushed."""
    os._exit(status)
