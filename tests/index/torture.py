"""Kills a process that writes documents, at named points and at random moments, and sees what is left.

The child says what it is about to do before it does it, and what was acknowledged after; both lines survive SIGKILL in
the kernel's memory. Jobs are committed in order, so what is left must be the work of a first part of what was said, no
shorter than what was acknowledged. This proves nothing about power loss: a killed process leaves the disk its cache.

    python -m tests.index.torture --kills 1000
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, BinaryIO

from index import Document, Index, Query
from tests.index.harness import open_index, same
from tests.index.vectors import one

POINTS = ("after_commit", "in_save", "before_rename", "after_rename", "before_row")
IDS = [f"id/{number}" for number in range(40)]
IN_FLIGHT = 4
MAX_OPERATIONS = 400
SNAPSHOT_EVERY = 40

Operation = dict[str, Any]
State = dict[str, tuple[int, dict[str, Any]]]  # id -> seed of its text and vector, metadata


def operations(seed: int) -> Iterator[Operation]:
    """What a child does, without end."""
    random_ = random.Random(seed)
    while True:
        kind = random_.choices(["put", "many", "patch", "delete", "filter"], [8, 2, 3, 3, 1])[0]
        ids = random_.sample(IDS, random_.randint(2, 6)) if kind == "many" else [random_.choice(IDS)]
        seeds = [random_.randrange(1 << 30) for _ in ids]
        yield {"kind": kind, "ids": ids, "seeds": seeds, "n": random_.randrange(50)}


def apply(state: State, operation: Operation) -> None:
    """What an operation means."""
    match operation["kind"]:
        case "put" | "many":
            for id_, seed in zip(operation["ids"], operation["seeds"], strict=True):
                state[id_] = (seed, {"n": operation["n"]})
        case "patch":
            for id_ in set(operation["ids"]) & set(state):
                state[id_] = (state[id_][0], {**state[id_][1], "p": operation["n"]})
        case "delete":
            for id_ in operation["ids"]:
                state.pop(id_, None)
        case "filter":
            for id_ in [id_ for id_, (_, metadata) in state.items() if metadata["n"] == operation["n"]]:
                del state[id_]


def made(id_: str, seed: int, metadata: dict[str, Any]) -> Document:
    return Document(id_, f"word{seed}", metadata, one(seed))


def submit(index: Index, operation: Operation) -> Future[Any]:
    collection, ids, n = index.collection(), operation["ids"], operation["n"]
    match operation["kind"]:
        case "put" | "many":
            pairs = zip(ids, operation["seeds"], strict=True)
            return collection.put_many([made(id_, seed, {"n": n}) for id_, seed in pairs])
        case "patch":
            return collection.patch(ids[0], {"p": n})
        case "delete":
            return collection.delete(ids[0])
    return collection.delete_matching({"n": n})


def child(folder: Path, log: Path, seed: int, point: str, lose: bool) -> None:
    """Write until killed: by itself at the point, or by whoever waits for it."""
    random_ = random.Random(seed)
    left = random_.randint(1, 60) if point == "after_commit" else random_.randint(1, 3)

    def at(reached: str) -> None:
        nonlocal left
        left -= reached == point
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with log.open("ab", buffering=0) as file:
        index = open_index(folder, at)
        file.write(b'{"ready":1}\n')
        waiting: list[tuple[int, Future[Any]]] = []
        for number, operation in zip(range(MAX_OPERATIONS), operations(seed), strict=False):
            file.write(json.dumps({"intent": number, "operation": operation}).encode() + b"\n")
            lost = lose and number % 7 == 3 and operation["kind"] in {"put", "many"}
            if not lost:
                waiting.append((number, submit(index, operation)))
            while len(waiting) >= IN_FLIGHT:
                acknowledge(file, *waiting.pop(0))
            if lost:
                file.write(json.dumps({"acknowledged": number}).encode() + b"\n")
            if number % SNAPSHOT_EVERY == SNAPSHOT_EVERY - 1:
                index.collection().snapshot()
        while waiting:
            acknowledge(file, *waiting.pop(0))
        index.collection().wait_until_viewed()
        if point == "random":
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(3)  # the point was never reached, which is a fault of the harness


def acknowledge(file: BinaryIO | Any, number: int, future: Future[Any]) -> None:
    future.result()
    file.write(json.dumps({"acknowledged": number}).encode() + b"\n")


def run_child(folder: Path, log: Path, seed: int, point: str, lose: bool) -> None:
    """Start a child, and kill it after a random while where no point is named."""
    log.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.index.torture", "--child", str(folder), "--log", str(log)]
    command += ["--seed", str(seed), "--point", point, *(["--lose"] if lose else [])]
    with subprocess.Popen(command) as process:
        if point == "random":
            deadline_s = time.monotonic() + 60
            while not (log.exists() and log.stat().st_size) and time.monotonic() < deadline_s:
                time.sleep(0.01)
            time.sleep(random.Random(seed).uniform(0, 0.4))
            process.kill()
        status = process.wait(timeout=120)
    assert status == -signal.SIGKILL, f"the child ended with {status} instead of being killed"


def left_behind(index: Index) -> State:
    """What the index holds now, each document checked against what its seed says it must be."""
    state: State = {}
    for found in index.collection().documents(include_vector=True):
        seed = int(found.text.removeprefix("word"))
        expected = made(found.id, seed, found.metadata)
        assert same(found, expected), f"{found.id} is not what was put"
        state[found.id] = (seed, found.metadata)
    return state


def verify(before: State, log: Path, after: State) -> State:
    """Return the state, or raise what was lost, resurrected or never asked for."""
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.endswith("}")]
    intents = [line["operation"] for line in lines if "intent" in line]
    acknowledged = max((line["acknowledged"] + 1 for line in lines if "acknowledged" in line), default=0)
    expected = json.loads(json.dumps(before))
    state: State = {id_: (seed, metadata) for id_, (seed, metadata) in expected.items()}
    possible = []
    for number, operation in enumerate([None, *intents]):
        if operation is not None:
            apply(state, operation)
        if number >= acknowledged:
            possible.append(dict(state))
    if after not in possible:
        first = possible[0]
        raise AssertionError(
            f"acknowledged and lost or changed: {sorted(id_ for id_ in first if after.get(id_) != first[id_])[:5]}, "
            f"there without reason: {sorted(set(after) - set(first))[:5]}, after {acknowledged} of {len(intents)}"
        )
    return after


def check_searches(index: Index, state: State) -> None:
    """Everything that is there can be found by vector, text and filter, and nothing else."""
    collection = index.collection()
    assert collection.health().problems == ()
    for id_, (seed, metadata) in list(state.items())[:10]:
        assert collection.search(Query(vector=one(seed), top_k=1))[0].id == id_
        assert id_ in [hit.id for hit in collection.search(Query(mode="text", text=f"word{seed}"))]
        hits = collection.search(Query(vector=one(seed), filter={"n": metadata["n"]}, top_k=100, threshold=-1))
        assert {hit.id for hit in hits} == {other for other, (_, m) in state.items() if m["n"] == metadata["n"]}


def damage(folder: Path, random_: random.Random) -> None:
    """Flip a bit of the snapshots, cut them off, exchange them, or remove one."""
    files = sorted((folder / "collections" / "default").glob("view-*.usearch"))
    if not files:
        return
    victim = random_.choice(files)
    content = bytearray(victim.read_bytes())
    match random_.randrange(4):
        case 0:
            content[random_.randrange(len(content))] ^= 1 << random_.randrange(8)
            victim.write_bytes(content)
        case 1:
            victim.write_bytes(content[: random_.randrange(len(content))])
        case 2:
            files[-1].write_bytes(files[0].read_bytes() if len(files) > 1 else b"")
        case 3:
            victim.unlink()


def torture(kills: int, seed: int, lose: bool = False, report: Callable[[str], None] = lambda _: None) -> None:
    """Kill so many times in one folder, and see after each that everything is as it was said to be."""
    random_ = random.Random(seed)
    base = Path(tempfile.mkdtemp(prefix="torture-"))
    folder, log = base / "data", base / "log"
    state: State = {}
    try:
        for kill in range(kills):
            point = ("random", *POINTS)[kill % (len(POINTS) + 1)]
            run_child(folder, log, seed * 100_003 + kill, point, lose)
            if random_.random() < 1 / 3:
                damage(folder, random_)
            index = open_index(folder)
            try:
                state = verify(state, log, left_behind(index))
                check_searches(index, state)
            finally:
                index.close()
            report(f"{kill + 1} kills, the last at {point}: {len(state)} documents as they should be")
    finally:
        shutil.rmtree(base)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", type=Path)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--point", default="random")
    parser.add_argument("--lose", action="store_true")
    given = parser.parse_args()
    if given.child is not None:
        child(given.child, given.log, given.seed, given.point, given.lose)
    else:
        torture(given.kills, given.seed, given.lose, print)


if __name__ == "__main__":
    main()
