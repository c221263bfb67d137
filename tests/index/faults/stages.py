"""The folders that cases begin with, made once: what lies there, and what is in it."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec

from index import Index
from server.access.key import Key, new_key
from server.access.key_file import changing, read_keys
from tests.index.faults.acts import IDS, OTHER
from tests.index.faults.commands import BACKUP, FIRST, KEYS
from tests.index.torture.operations import DEFAULT, Contents, Model, Operation, State, apply, made
from tests.index.vectors import NDIM

FILLING = [
    Operation("put", DEFAULT, tuple(IDS), tuple(range(len(IDS))), 0),
    Operation("put", DEFAULT, tuple(IDS[10:20]), tuple(range(50, 60)), 1),
    Operation("create", OTHER),
    Operation("put", OTHER, tuple(IDS[:6]), tuple(range(20, 26)), 2),
]
LOGGED = [
    Operation("put", DEFAULT, ("log/1", "log/2", IDS[2]), (31, 32, 33), 3),
    Operation("delete", DEFAULT, (IDS[7],)),
]
BACKED_UP = [Operation("put", DEFAULT, ("old/1", "old/2", IDS[0]), (41, 42, 43), 4)]


class Stage(msgspec.Struct, frozen=True):
    """A folder to be copied, what its index holds, and what its backup does."""

    folder: Path
    state: State
    backup: State
    keys: tuple[Key, ...] = ()

    def lay(self, target: Path) -> None:
        shutil.copytree(self.folder, target)


def build_stages(base: Path) -> dict[str, Stage]:
    """Make all of them below a folder."""
    empty, filled, killed = base / "empty", base / "filled", base / "killed"
    empty.mkdir(parents=True)
    write(filled / "data", FILLING)
    shutil.copytree(filled, killed)
    in_child(lambda: write(killed / "data", LOGGED, kill=True))
    state, logged, old = held(FILLING), held([*FILLING, *LOGGED]), held(BACKED_UP)
    stages = {
        "empty": Stage(empty, held([]), {}),
        "filled": Stage(filled, state, {}),
        "killed": Stage(killed, logged, {}),
    }
    for name, before in (("restored", "filled"), ("restored over a log", "killed"), ("restored anew", "empty")):
        shutil.copytree(stages[before].folder, base / name)
        backup = base / name / BACKUP
        write(base / "source", BACKED_UP)
        index = Index(base / "source", Model(0).fingerprint, NDIM, Model(0).variant)
        index.backup(backup)
        index.close()
        shutil.rmtree(base / "source")
        stages[name] = Stage(base / name, stages[before].state, old)
    keyed = base / "keys"
    keyed.mkdir()
    with changing(keyed / KEYS) as keys:
        keys += [msgspec.structs.replace(new_key("first", ["embed"])[0], id=FIRST)]
    stages["keys"] = Stage(keyed, held([]), {}, read_keys(keyed / KEYS) or ())
    return stages


def held(operations: list[Operation]) -> State:
    state: State = {DEFAULT: Contents(0, {})}
    for operation in operations:
        contents = apply(state.get(operation.collection), operation)
        assert contents is not None
        state[operation.collection] = contents
    return state


def write(folder: Path, operations: list[Operation], kill: bool = False) -> None:
    """Do the operations, and end in order or not."""
    model = Model(0)
    index = Index(folder, model.fingerprint, NDIM, model.variant)
    for operation in operations:
        collection = index.create(operation.collection)
        if operation.kind == "put":
            pairs = zip(operation.ids, operation.seeds, strict=True)
            collection.put_many([made(id_, (seed, {"n": operation.n}), model) for id_, seed in pairs]).result()
        elif operation.kind == "delete":
            collection.delete_many(operation.ids).result()
    for name in index.names():
        assert index.collection(name).wait_for_words(20)
        assert index.collection(name).wait_until_viewed(20)
    index.collection().snapshot()
    index.collection().wait_until_viewed(20)
    if kill:
        os.kill(os.getpid(), signal.SIGKILL)
    index.close()


def in_child(act: Callable[[], None]) -> None:
    """Do what kills its process."""
    child = os.fork()
    if not child:
        try:
            act()
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert os.WTERMSIG(status) == signal.SIGKILL
