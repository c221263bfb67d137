"""Looks at what a killed process left: every document against what its seed says it must be, the view against them.

What is found must be found by vector, words and filter too, and nothing else with it. The view is read itself, since
searches could miss that it holds another row than it should.
"""

import random
import shutil
from pathlib import Path

import msgspec
import numpy as np

from index import Collection, Include, Index, Query
from index.search.planner import EXACT_WHOLE_ROWS
from index.store.layout import DATABASE_FILE
from index.view.groups import GROUP_COSINE
from tests.index.harness import same
from tests.index.torture.operations import DEFAULT, Contents, Facts, State, fingerprint, made, vector
from tests.index.vectors import NDIM

LOOKED_AT = 10
BFLOAT16_STEP = 2**-7  # of a number: what the view may have rounded off


class Inspection(msgspec.Struct):
    """What is there, what is wrong with it, and how many searches through the view did not have their own first."""

    state: State = {}
    problems: list[str] = []
    rejected: list[str] = []
    foreign: bool = False
    searches: int = 0
    missed: int = 0


def inspect(folder: Path, generation: int, random_: random.Random) -> Inspection:
    """Open a folder as a server of this generation's model would, and look at all that is in it."""
    found = Inspection()
    index = Index(folder, fingerprint(generation), NDIM)
    try:
        found.foreign = index.collection().foreign
        for name in index.names():
            collection = index.collection(name)
            found.rejected += [f"{name}/{line}" for line in collection.stats().rejected_snapshots]
            found.state[name] = contents_of(collection, found)
            found.problems += [f"{name}: {problem}" for problem in collection.health().problems]
            if not collection.foreign:
                examine_view(collection, found)
                examine_searches(collection, found, random_)
    finally:
        index.close()
    return found


def contents_of(collection: Collection, found: Inspection) -> Contents:
    contents = Contents(int(collection.fingerprint.removeprefix("model-")), {})
    for document in collection.documents(Include(vector=True)):
        facts: Facts = (int(document.text.removeprefix("word")), document.metadata)
        contents.documents[document.id] = facts
        if not same(document, made(document.id, facts, contents.generation)):
            found.problems.append(f"{collection.name}: {document.id} is not what was put")
    return contents


def examine_view(collection: Collection, found: Inspection) -> None:
    """Compare the view's nodes with the rows in memory, which the health check has compared with the database."""
    capture, view = collection.memory.vectors.capture()
    slots = np.flatnonzero(capture.viewed & capture.alive)
    if not len(slots):
        return
    rows = np.asarray(view._graph.get(capture.nodes[slots].astype(np.uint64), "f32"), np.float32)
    truth = capture.rows[slots].astype(np.float32)
    own = capture.nodes[slots] == capture.keys[slots]
    different = np.where(
        own,
        ~np.isclose(rows, truth, rtol=BFLOAT16_STEP, atol=0).all(axis=1),
        (rows * truth).sum(axis=1) < GROUP_COSINE - 2 * BFLOAT16_STEP,
    )
    if different.any():
        found.problems.append(f"{collection.name}: {int(different.sum())} rows of the view are not those of the truth")


def examine_searches(collection: Collection, found: Inspection, random_: random.Random) -> None:
    contents = found.state[collection.name]
    everyone = list(contents.documents.items())
    for id_, (seed, metadata) in random_.sample(everyone, min(LOOKED_AT, len(everyone))):
        row = vector(seed, contents.generation)
        hits = collection.search(Query(vector=row, top_k=1))
        if len(everyone) > EXACT_WHOLE_ROWS:
            found.searches += 1
            found.missed += [hit.id for hit in hits] != [id_]
        elif [hit.id for hit in hits] != [id_]:
            found.problems.append(f"{collection.name}: an exact search does not find {id_}")
        by_words = {hit.id for hit in collection.search(Query(mode="text", text=f"word{seed}"))}
        if by_words != {other for other, (one, _) in everyone if one == seed}:
            found.problems.append(f"{collection.name}: the words of {id_} find {sorted(by_words)[:3]}")
        same_n = {other for other, (_, facts) in everyone if facts["n"] == metadata["n"]}
        matching = collection.search(Query(vector=row, filter={"n": metadata["n"]}, top_k=1000, threshold=-1))
        if [hit.id for hit in matching[:1]] != [id_]:
            found.problems.append(f"{collection.name}: an exact search does not find {id_} under its filter")
        if len(matching) != min(1000, len(same_n)) or not {hit.id for hit in matching} <= same_n:
            found.problems.append(f"{collection.name}: the filter of {id_} finds {len(matching)}, not {len(same_n)}")


def inspect_backup(backup: Path, generation: int, random_: random.Random) -> Inspection:
    """Look at those databases of a backup that are whole, in a folder of their own."""
    copy = backup.with_name(f"{backup.name}-opened")
    for file in backup.glob(f"collections/*/{DATABASE_FILE}"):
        home = copy / "collections" / file.parent.name
        home.mkdir(parents=True)
        shutil.copy(file, home)
    if not copy.exists():
        return Inspection()
    had_default = (copy / "collections" / DEFAULT).exists()
    found = inspect(copy, generation, random_)
    shutil.rmtree(copy)
    if not had_default:
        del found.state[DEFAULT]  # every folder gets one when it is opened
    return found
