"""Looks at what a killed process left: every document against what its seed says it must be, the view against them.

What is found must be found by vector, words and filter too, and nothing else with it. The view is read itself, since
searches could miss that it holds another row than it should.
"""

import random
import shutil
from pathlib import Path

import msgspec
import numpy as np

from index import Collection, Document, Entry, Include, Index, Query
from index.documents.query import Hit
from index.store.layout import DATABASE_FILE
from index.view.groups import GROUP_COSINE
from index.view.quantized import BLUR, STEPS, quantized
from tests.index.harness import same_as_entry, through_graph
from tests.index.torture.operations import CUTTINGS, DEFAULT, Contents, Facts, Model, State, made
from tests.index.vectors import NDIM

LOOKED_AT = 10
PATIENCE_S = 60


class Inspection(msgspec.Struct):
    """What is there, what is wrong with it, and how many searches through the view did not have their own first."""

    state: State = {}
    problems: list[str] = []
    rejected: list[str] = []
    foreign: bool = False
    searches: int = 0
    missed: int = 0


def inspect(folder: Path, model: Model, random_: random.Random) -> Inspection:
    """Open a folder as a server of this model would, and look at all that is in it."""
    found = Inspection()
    index = Index(folder, model.fingerprint, NDIM, model.variant)
    try:
        look_at(index, found, random_)
    finally:
        index.close()
    return found


def look_at(index: Index, found: Inspection, random_: random.Random, most: int = LOOKED_AT) -> None:
    """Look at all that is in an index; so many documents of each collection are searched for."""
    found.foreign = index.collection().foreign
    for name in index.names():
        collection = index.collection(name)
        assert collection.memory.loading is None or collection.memory.loading.wait(PATIENCE_S)
        found.rejected += [f"{name}/{line}" for line in collection.stats().rejected_snapshots]
        found.state[name] = contents_of(collection, found)
        found.problems += [f"{name}: {problem}" for problem in collection.health().problems]
        if not collection.foreign:
            examine_view(collection, found)
            examine_searches(collection, found, random_, most)


def contents_of(collection: Collection, found: Inspection) -> Contents:
    contents = Contents(int(collection.fingerprint.removeprefix("model-")), {})
    for document in collection.documents(Include(vector=True, passages=True)):
        contents.documents[document.id] = facts_of(document)
        if put_as(document, contents.generation) is None:
            found.problems.append(f"{collection.name}: {document.id} is not what was put")
    return contents


def facts_of(document: Document) -> Facts:
    return int(document.text.removeprefix("word")), document.metadata


def put_as(document: Document, generation: int) -> Entry | None:
    """What a model of the generation made of the document, all passages of which are as one of its settings cut it."""
    entries = (made(document.id, facts_of(document), Model(generation, cutting)) for cutting in range(CUTTINGS))
    return next((entry for entry in entries if same_as_entry(document, entry)), None)


def examine_view(collection: Collection, found: Inspection) -> None:
    """Compare the view's nodes with the rows in memory, which the health check has compared with the database."""
    capture, view = collection.memory.vectors.capture()
    slots = np.flatnonzero(capture.viewed & capture.alive)
    if not len(slots):
        return
    steps = np.asarray(view._graph.get(capture.nodes[slots].astype(np.uint64), "i8"), np.int8)
    truth = capture.rows[slots]
    own = capture.nodes[slots] == capture.keys[slots]
    different = np.where(
        own,
        (steps != quantized(truth)).any(axis=1),
        (steps * truth.astype(np.float32)).sum(axis=1) / STEPS < GROUP_COSINE - BLUR,
    )
    if different.any():
        found.problems.append(f"{collection.name}: {int(different.sum())} rows of the view are not those of the truth")


def examine_searches(collection: Collection, found: Inspection, random_: random.Random, most: int) -> None:
    contents = found.state[collection.name]
    everyone = list(contents.documents.items())
    for id_, (seed, metadata) in random_.sample(everyone, min(most, len(everyone))):
        document = collection.get(id_, Include(vector=True, passages=True))
        entry = None if document is None else put_as(document, contents.generation)
        if entry is None:
            continue  # which is said already
        place = random_.randrange(len(entry.passages))
        span = entry.passages.spans[place] if entry.passages.spans else (0, len(entry.content.text))
        query = Query(vector=entry.passages.rows[place], top_k=1)
        found.searches += 1
        found.missed += not first_is(through_graph(collection, query), id_, span)
        if not first_is(collection.search(query), id_, span):
            found.problems.append(f"{collection.name}: an exact search does not find {id_} at {span}")
        by_words = {hit.id for hit in collection.search(Query(mode="text", text=f"word{seed}"))}
        if by_words != {other for other, (one, _) in everyone if one == seed}:
            found.problems.append(f"{collection.name}: the words of {id_} find {sorted(by_words)[:3]}")
        same_n = {other for other, (_, facts) in everyone if facts["n"] == metadata["n"]}
        filtered = Query(vector=query.vector, filter={"n": metadata["n"]}, top_k=1000, threshold=-1)
        matching = collection.search(filtered)
        if not first_is(matching, id_, span):
            found.problems.append(f"{collection.name}: an exact search does not find {id_} at {span} under its filter")
        if len(matching) != min(1000, len(same_n)) or not {hit.id for hit in matching} <= same_n:
            found.problems.append(f"{collection.name}: the filter of {id_} finds {len(matching)}, not {len(same_n)}")


def first_is(hits: list[Hit], id_: str, span: tuple[int, int]) -> bool:
    """Whether the first hit is this document, by the passage that stands there."""
    return [(hit.id, hit.passage and (hit.passage.start, hit.passage.end)) for hit in hits[:1]] == [(id_, span)]


def inspect_backup(backup: Path, model: Model, random_: random.Random) -> Inspection:
    """Look at those databases of a backup that are whole, in a folder of their own."""
    copy = backup.with_name(f"{backup.name}-opened")
    for file in backup.glob(f"collections/*/{DATABASE_FILE}"):
        home = copy / "collections" / file.parent.name
        home.mkdir(parents=True)
        shutil.copy(file, home)
    if not copy.exists():
        return Inspection()
    had_default = (copy / "collections" / DEFAULT).exists()
    found = inspect(copy, model, random_)
    shutil.rmtree(copy)
    if not had_default:
        del found.state[DEFAULT]  # every folder gets one when it is opened
    return found
